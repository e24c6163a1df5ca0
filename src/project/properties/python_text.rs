//! Values as Python writes them: dbt makes test names and ids of that.

use serde_json::{Map, Value};

/// A value as `str(value)` writes it.
pub(super) fn str_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => repr_of(other),
    }
}

/// A value as `repr(value)` writes it.
pub(super) fn repr_of(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => repr_of_text(text),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(repr_of))),
        Value::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| format!("{}: {}", repr_of_text(key), repr_of(value)));
            format!("{{{}}}", joined(entries))
        }
    }
}

/// A value with every leaf turned into text and every mapping sorted, as dbt hashes it.
pub(super) fn hashable(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(hashable).collect(),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let sorted: Map<String, Value> = entries
                .into_iter()
                .map(|(key, value)| (key.clone(), hashable(value)))
                .collect();
            Value::Object(sorted)
        }
        other => Value::String(str_of(other)),
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn repr_of_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut written = String::with_capacity(text.len() + 2);
    written.push(quote);
    for c in text.chars() {
        match c {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c == quote => {
                written.push('\\');
                written.push(c);
            }
            c if c.is_control() => written.push_str(&escaped(c)),
            c => written.push(c),
        }
    }
    written.push(quote);
    written
}

fn escaped(c: char) -> String {
    let code = u32::from(c);
    if code < 0x100 {
        format!("\\x{code:02x}")
    } else {
        format!("\\u{code:04x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_python_writes_them() {
        assert_eq!(
            repr_of(&json!({"a": [1, 1.0, true, null, "it's", "say \"hi\"", "both ' and \"", "a\nb\\"]})),
            r#"{'a': [1, 1.0, True, None, "it's", 'say "hi"', 'both \' and "', 'a\nb\\']}"#
        );
        assert_eq!(str_of(&json!("plain")), "plain");
    }

    #[test]
    fn hashed_mappings_are_sorted_and_their_leaves_are_text() {
        assert_eq!(
            repr_of(&hashable(&json!({"b": 1, "a": {"y": null, "x": [true]}}))),
            "{'a': {'x': ['True'], 'y': 'None'}, 'b': '1'}"
        );
    }
}
