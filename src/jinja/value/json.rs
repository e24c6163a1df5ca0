//! JSON to template values and back.

use minijinja::Value;
use minijinja::value::ValueKind;
use serde_json::{Map, Number, Value as Json};

use super::{Dict, List, text};

/// Makes a template value, lists and dictionaries fresh and mutable.
pub(crate) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(truth) => Value::from(*truth),
        Json::Number(number) => from_number(number),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => List::value(items.iter().map(from_json).collect()),
        Json::Object(map) => from_map(map),
    }
}

/// Makes a dictionary.
pub(crate) fn from_map(map: &Map<String, Json>) -> Value {
    Dict::value(
        map.iter()
            .map(|(key, value)| (Value::from(key.as_str()), from_json(value))),
    )
}

fn from_number(number: &Number) -> Value {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(integer), ..) => Value::from(integer),
        (None, Some(integer), _) => Value::from(integer),
        (None, None, float) => float.map_or(Value::UNDEFINED, Value::from),
    }
}

/// Makes JSON of a template value; what JSON has not becomes its text, undefined values `null`.
pub(crate) fn to_json(value: &Value) -> Json {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number => number_to_json(value),
        ValueKind::Seq | ValueKind::Iterable => Json::Array(
            value
                .try_iter()
                .into_iter()
                .flatten()
                .map(|item| to_json(&item))
                .collect(),
        ),
        ValueKind::Map => Json::Object(
            value
                .try_iter()
                .into_iter()
                .flatten()
                .map(|key| {
                    let entry = value.get_item(&key).unwrap_or_default();
                    (text::display(&key), to_json(&entry))
                })
                .collect(),
        ),
        _ => Json::String(text::display(value)),
    }
}

fn number_to_json(value: &Value) -> Json {
    if let (true, Some(integer)) = (value.is_integer(), value.as_i64()) {
        return Json::from(integer);
    }
    serde_json::to_value(value).unwrap_or(Json::Null)
}

/// JSON text as Python's `json.dumps` writes it: a blank after commas and colons.
pub(crate) fn dumps(json: &Json) -> String {
    match json {
        Json::Array(items) => {
            let inner: Vec<String> = items.iter().map(dumps).collect();
            format!("[{}]", inner.join(", "))
        }
        Json::Object(map) => {
            let inner: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", Json::from(key.as_str()), dumps(value)))
                .collect();
            format!("{{{}}}", inner.join(", "))
        }
        scalar => scalar.to_string(),
    }
}
