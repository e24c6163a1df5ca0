//! Methods of dictionaries.

use minijinja::Value;
use minijinja::value::{Tuple, ValueKind};

use super::missing;
use crate::jinja::eval::Call;
use crate::jinja::fault::Outcome;
use crate::jinja::value::{Dict, List};

/// Calls a method of a dictionary.
pub(super) fn method(dict: &Dict, name: &str, call: &Call) -> Option<Outcome> {
    let none = || Ok(Value::from(()));
    let fallback = || call.arg(1, "default").cloned();
    Some(match name {
        "get" => call
            .required(0, "key")
            .map(|key| dict.get(key).or_else(fallback).unwrap_or_else(|| Value::from(()))),
        "keys" => Ok(List::value(dict.entries().into_keys().collect())),
        "values" => Ok(List::value(dict.entries().into_values().collect())),
        "items" => Ok(List::value(
            dict.entries()
                .into_iter()
                .map(|(key, value)| Value::from(Tuple::new(vec![key, value])))
                .collect(),
        )),
        "update" => {
            let mut pairs: Vec<(Value, Value)> = Vec::new();
            if let Some(other) = call.args.first() {
                pairs.extend(pairs_of(other));
            }
            pairs.extend(
                call.named
                    .iter()
                    .map(|(name, value)| (Value::from(name.as_str()), value.clone())),
            );
            dict.change(|entries| entries.extend(pairs));
            none()
        }
        "setdefault" => call.required(0, "key").map(|key| {
            let value = fallback().unwrap_or_else(|| Value::from(()));
            dict.change(|entries| entries.entry(key.clone()).or_insert(value).clone())
        }),
        "pop" => call.required(0, "key").and_then(|key| {
            dict.change(|entries| entries.shift_remove(key))
                .or_else(fallback)
                .ok_or_else(|| missing(call, "the dictionary has no such key"))
        }),
        "clear" => {
            dict.change(indexmap::IndexMap::clear);
            none()
        }
        "copy" => Ok(Dict::value(dict.entries())),
        _ => return None,
    })
}

/// The entries of a dictionary, or of a list of pairs.
pub(crate) fn pairs_of(value: &Value) -> Vec<(Value, Value)> {
    let items = value.try_iter().into_iter().flatten();
    if value.kind() == ValueKind::Map {
        return items
            .map(|key| {
                let entry = value.get_item(&key).unwrap_or_default();
                (key, entry)
            })
            .collect();
    }
    items
        .filter_map(|pair| Some((pair.get_item_by_index(0).ok()?, pair.get_item_by_index(1).ok()?)))
        .collect()
}
