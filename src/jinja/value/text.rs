//! Values as text, the way Python writes them: `None`, `True`, `['a', 1.0]`.

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{Tuple, ValueKind};

use super::{Dict, List};

/// What `str(value)` gives.
pub(crate) fn display(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => repr(value),
    }
}

/// What `repr(value)` gives.
pub(crate) fn repr(value: &Value) -> String {
    if let Some(text) = value.as_str() {
        return quote(text);
    }
    if let Some(list) = value.downcast_object_ref::<List>() {
        return sequence(&list.items(), ('[', ']'));
    }
    if let Some(dict) = value.downcast_object_ref::<Dict>() {
        return mapping(&dict.entries());
    }
    if let Some(tuple) = value.downcast_object_ref::<Tuple>() {
        return sequence(tuple, ('(', ')'));
    }
    match value.kind() {
        ValueKind::None => "None".to_owned(),
        ValueKind::Undefined => String::new(),
        ValueKind::Bool if value.is_true() => "True".to_owned(),
        ValueKind::Bool => "False".to_owned(),
        ValueKind::Number if !value.is_integer() => {
            f64::try_from(value.clone()).map_or_else(|_| value.to_string(), float)
        }
        ValueKind::Seq => sequence(
            &value.try_iter().into_iter().flatten().collect::<Vec<_>>(),
            ('[', ']'),
        ),
        _ => value.to_string(),
    }
}

/// Python writes very large and very small numbers with an exponent of at least two digits.
fn float(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() || size == 0.0 || (1e-4..1e16).contains(&size) {
        return Value::from(number).to_string();
    }
    let written = format!("{number:e}");
    match written.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => written,
    }
}

/// A list or a tuple.
pub(super) fn sequence(items: &[Value], (open, close): (char, char)) -> String {
    let inner = items.iter().map(repr).collect::<Vec<_>>().join(", ");
    let comma = if open == '(' && items.len() == 1 { "," } else { "" };
    format!("{open}{inner}{comma}{close}")
}

/// A dictionary.
pub(super) fn mapping(entries: &IndexMap<Value, Value>) -> String {
    let inner = entries
        .iter()
        .map(|(key, value)| format!("{}: {}", repr(key), repr(value)))
        .collect::<Vec<_>>()
        .join(", ");
    format!("{{{inner}}}")
}

fn quote(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for c in text.chars() {
        match c {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c == quote => {
                quoted.push('\\');
                quoted.push(c);
            }
            c => quoted.push(c),
        }
    }
    quoted.push(quote);
    quoted
}
