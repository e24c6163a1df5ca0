//! Methods of values: Python's of texts, lists and dictionaries, dbt's of relations, columns and results.

use minijinja::Value;
use minijinja::value::{Tuple, ValueKind};

use super::loops::Loop;
use super::{Call, Interpreter};
use crate::error::codes;
use crate::jinja::context::{datetime, patterns};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::value::column::Column;
use crate::jinja::value::relation::Relation;
use crate::jinja::value::table::{Row, Table, TableColumn};
use crate::jinja::value::{Dict, List, text};

impl Interpreter<'_> {
    /// Calls a method of a value; none if it has no such method.
    pub(super) fn call_method(&mut self, receiver: &Value, name: &str, call: &Call) -> Option<Outcome> {
        if let Some(list) = receiver.downcast_object_ref::<List>()
            && let Some(outcome) = list_method(list, name, call)
        {
            return Some(outcome);
        }
        if let Some(dict) = receiver.downcast_object_ref::<Dict>() {
            return dict_method(dict, name, call);
        }
        if let Some(relation) = receiver.downcast_object_ref::<Relation>() {
            return relation_method(relation, name, call);
        }
        if let Some(column) = receiver.downcast_object_ref::<Column>() {
            return column_method(column, name);
        }
        if let Some(outcome) = self.result_method(receiver, name, call) {
            return Some(outcome);
        }
        if let Some(round) = receiver.downcast_object_ref::<Loop>() {
            return round.method(name, call).map(Ok);
        }
        if let Some(outcome) = datetime::method(receiver, name, call) {
            return Some(outcome);
        }
        if let Some(outcome) = patterns::method(receiver, name, call) {
            return Some(outcome);
        }
        if receiver.kind() == ValueKind::String
            && let Some(outcome) = text_method(receiver, name, call)
        {
            return Some(outcome);
        }
        self.python_method(receiver, name, call)
    }

    fn result_method(&mut self, receiver: &Value, name: &str, call: &Call) -> Option<Outcome> {
        if let Some(table) = receiver.downcast_object_ref::<Table>() {
            return match name {
                "print_table" => {
                    self.record.print(table.printed());
                    Some(Ok(Value::from("")))
                }
                _ => None,
            };
        }
        if let Some(column) = receiver.downcast_object_ref::<TableColumn>() {
            let values = column.values();
            return match name {
                "values" => Some(Ok(List::value(values.to_vec()))),
                "values_distinct" => Some(Ok(List::value(distinct(values)))),
                "values_without_nulls" => Some(Ok(List::value(
                    values.iter().filter(|value| !value.is_none()).cloned().collect(),
                ))),
                _ => None,
            };
        }
        let row = receiver.downcast_object_ref::<Row>()?;
        let entries = Dict::value(row.pairs());
        match name {
            "dict" => Some(Ok(entries)),
            _ => dict_method(entries.downcast_object_ref::<Dict>()?, name, call),
        }
    }
}

fn distinct(values: &[Value]) -> Vec<Value> {
    let mut seen = indexmap::IndexSet::new();
    seen.extend(values.iter().cloned());
    seen.into_iter().collect()
}

fn missing(call: &Call, what: &str) -> Signal {
    Signal::fault(codes::TEMPLATE_VALUE, format!("`{}`: {what}", call.callee))
}

/// An index as Python counts: from the end where it is negative.
fn index_in(length: usize, index: i64) -> Option<usize> {
    match usize::try_from(index) {
        Ok(at) => Some(at),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

fn list_method(list: &List, name: &str, call: &Call) -> Option<Outcome> {
    let none = || Ok(Value::from(()));
    Some(match name {
        "append" => call.required(0, "object").cloned().and_then(|item| {
            list.change(|items| items.push(item));
            none()
        }),
        "extend" => call.required(0, "iterable").cloned().and_then(|more| {
            let more: Vec<Value> = more.try_iter().into_iter().flatten().collect();
            list.change(|items| items.extend(more));
            none()
        }),
        "insert" => call.integer(0, "index").and_then(|index| {
            let item = call.required(1, "object")?.clone();
            list.change(|items| {
                let at = index_in(items.len(), index).unwrap_or_default().min(items.len());
                items.insert(at, item);
            });
            none()
        }),
        "pop" => {
            let index = call.arg(0, "index").and_then(Value::as_i64).unwrap_or(-1);
            list.change(|items| match index_in(items.len(), index) {
                Some(at) if at < items.len() => Ok(items.remove(at)),
                _ => Err(missing(call, "the list has no such item")),
            })
        }
        "remove" => call.required(0, "value").and_then(|value| {
            list.change(|items| match items.iter().position(|item| item == value) {
                Some(at) => Ok(drop(items.remove(at))),
                None => Err(missing(call, "the list has no such item")),
            })
            .and_then(|()| none())
        }),
        "index" => call.required(0, "value").and_then(|value| {
            let found = list.items().iter().position(|item| item == value);
            found
                .map(Value::from)
                .ok_or_else(|| missing(call, "the list has no such item"))
        }),
        "clear" => {
            list.change(Vec::clear);
            none()
        }
        "copy" => Ok(List::value(list.items())),
        "reverse" => {
            list.change(|items| items.reverse());
            none()
        }
        "sort" => {
            list.change(|items| {
                items.sort();
                if call.truth(1, "reverse") {
                    items.reverse();
                }
            });
            none()
        }
        // What a Python set has beside a list: `set(…)` gives a list without duplicates.
        "add" => call.required(0, "elem").cloned().and_then(|item| {
            list.change(|items| {
                if !items.contains(&item) {
                    items.push(item);
                }
            });
            none()
        }),
        "discard" => call.required(0, "elem").and_then(|value| {
            list.change(|items| items.retain(|item| item != value));
            none()
        }),
        "union" | "intersection" | "difference" | "issubset" | "issuperset" => set_method(list, name, call),
        _ => return None,
    })
}

fn set_method(list: &List, name: &str, call: &Call) -> Outcome {
    let own = list.items();
    let other: Vec<Value> = call
        .required(0, "other")?
        .try_iter()
        .into_iter()
        .flatten()
        .collect();
    Ok(match name {
        "union" => List::value(distinct(&[own, other].concat())),
        "intersection" => List::value(own.into_iter().filter(|item| other.contains(item)).collect()),
        "difference" => List::value(own.into_iter().filter(|item| !other.contains(item)).collect()),
        "issubset" => Value::from(own.iter().all(|item| other.contains(item))),
        _ => Value::from(other.iter().all(|item| own.contains(item))),
    })
}

fn dict_method(dict: &Dict, name: &str, call: &Call) -> Option<Outcome> {
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

/// The methods of texts where dbt's projects need more than minijinja has.
fn text_method(receiver: &Value, name: &str, call: &Call) -> Option<Outcome> {
    let text = receiver.as_str()?;
    let part = |index: usize| call.args.get(index).map(text::display);
    Some(match name {
        "startswith" | "endswith" => call.required(0, "prefix").map(|parts| {
            let candidates: Vec<String> = if parts.kind() == ValueKind::String {
                vec![text::display(parts)]
            } else {
                parts
                    .try_iter()
                    .into_iter()
                    .flatten()
                    .map(|part| text::display(&part))
                    .collect()
            };
            let fits = |part: &String| {
                if name == "startswith" {
                    text.starts_with(part.as_str())
                } else {
                    text.ends_with(part.as_str())
                }
            };
            Value::from(candidates.iter().any(fits))
        }),
        "join" => call.required(0, "iterable").map(|items| {
            let parts: Vec<String> = items
                .try_iter()
                .into_iter()
                .flatten()
                .map(|item| text::display(&item))
                .collect();
            Value::from(parts.join(text))
        }),
        "rsplit" => {
            let limit = call
                .arg(1, "maxsplit")
                .and_then(Value::as_usize)
                .map_or(usize::MAX, |limit| limit + 1);
            let mut parts: Vec<Value> = match part(0) {
                Some(separator) => text.rsplitn(limit, separator.as_str()).map(Value::from).collect(),
                None => text.split_whitespace().rev().map(Value::from).collect(),
            };
            parts.reverse();
            Ok(List::value(parts))
        }
        "removeprefix" => call
            .text(0, "prefix")
            .map(|prefix| Value::from(text.strip_prefix(&prefix).unwrap_or(text))),
        "removesuffix" => call
            .text(0, "suffix")
            .map(|suffix| Value::from(text.strip_suffix(&suffix).unwrap_or(text))),
        "partition" => call.text(0, "sep").map(|separator| {
            let (before, middle, after) = match text.split_once(&separator) {
                Some((before, after)) => (before, separator.as_str(), after),
                None => (text, "", ""),
            };
            Value::from(Tuple::new([before, middle, after].map(Value::from).to_vec()))
        }),
        "zfill" => call.integer(0, "width").map(|width| {
            let missing = usize::try_from(width)
                .unwrap_or_default()
                .saturating_sub(text.chars().count());
            let (sign, digits) = match text.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", text),
            };
            Value::from(format!("{sign}{}{digits}", "0".repeat(missing.min(10_000))))
        }),
        "ljust" | "rjust" | "center" => call.integer(0, "width").map(|width| {
            let fill = part(1).unwrap_or_else(|| " ".to_owned());
            let missing = usize::try_from(width)
                .unwrap_or_default()
                .saturating_sub(text.chars().count())
                .min(10_000);
            Value::from(match name {
                "ljust" => format!("{text}{}", fill.repeat(missing)),
                "rjust" => format!("{}{text}", fill.repeat(missing)),
                _ => format!(
                    "{}{text}{}",
                    fill.repeat(missing / 2),
                    fill.repeat(missing - missing / 2)
                ),
            })
        }),
        "index" => call.text(0, "sub").and_then(|sub| match text.find(&sub) {
            Some(at) => Ok(Value::from(text.get(..at).unwrap_or_default().chars().count())),
            None => Err(missing(call, "the text is not in it")),
        }),
        "swapcase" => Ok(Value::from(
            text.chars()
                .map(|c| {
                    if c.is_uppercase() {
                        c.to_ascii_lowercase()
                    } else {
                        c.to_ascii_uppercase()
                    }
                })
                .collect::<String>(),
        )),
        "casefold" => Ok(Value::from(text.to_lowercase())),
        "encode" | "decode" => Ok(receiver.clone()),
        "isidentifier" => Ok(Value::from(
            text.chars().all(|c| c.is_alphanumeric() || c == '_')
                && !text.starts_with(|c: char| c.is_ascii_digit()),
        )),
        _ => return None,
    })
}

fn relation_method(relation: &Relation, name: &str, call: &Call) -> Option<Outcome> {
    let is_off = |part: &str| call.named.get(part).is_some_and(|value| !value.is_true());
    let with = |relation: Relation| Ok(Value::from_object(relation));
    Some(match name {
        "include" | "quote" => {
            let mut changed = relation.clone();
            if name == "include" {
                for (part, kept) in [
                    (&mut changed.database, "database"),
                    (&mut changed.schema, "schema"),
                    (&mut changed.identifier, "identifier"),
                ] {
                    if is_off(kept) {
                        *part = None;
                    }
                }
            } else if ["database", "schema", "identifier"]
                .iter()
                .any(|part| is_off(part))
            {
                changed.bare = true;
            }
            with(changed)
        }
        "render" => Ok(Value::from(relation.rendered())),
        "without_identifier" => with(Relation {
            identifier: None,
            ..relation.clone()
        }),
        "incorporate" | "replace_path" => {
            let path = call.named.get("path").cloned();
            let part = |part: &str| {
                let given = path.as_ref().and_then(|path| path.get_attr(part).ok());
                given
                    .or_else(|| call.named.get(part).cloned())
                    .filter(|value| !value.is_undefined() && !value.is_none())
                    .map(|value| text::display(&value))
            };
            with(Relation {
                database: part("database").or_else(|| relation.database.clone()),
                schema: part("schema").or_else(|| relation.schema.clone()),
                identifier: part("identifier").or_else(|| relation.identifier.clone()),
                kind: call
                    .named
                    .get("type")
                    .map(text::display)
                    .or_else(|| relation.kind.clone()),
                bare: relation.bare,
            })
        }
        "information_schema" => with(Relation {
            database: relation.database.clone(),
            schema: Some("information_schema".to_owned()),
            identifier: call.args.first().map(|view| text::display(view).to_lowercase()),
            kind: None,
            bare: false,
        }),
        _ => return None,
    })
}

fn column_method(column: &Column, name: &str) -> Option<Outcome> {
    let truth = |truth: bool| Some(Ok(Value::from(truth)));
    match name {
        "is_string" => truth(column.is_string()),
        "is_number" => truth(column.is_number()),
        "is_integer" => truth(column.is_integer()),
        "is_float" => truth(column.is_float()),
        "is_numeric" => truth(column.is_numeric()),
        "can_expand_to" => truth(false),
        "string_size" => Some(Ok(Value::from(256))),
        _ => None,
    }
}
