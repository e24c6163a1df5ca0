//! The services, as far as syncs see them.

pub mod events;
pub mod hubspot;
pub mod intercom;
pub mod meta;
pub mod webhook;

use std::collections::BTreeMap;

use serde_json::Value;

/// Counts under a name for each of some audiences; those without members are left out.
pub fn audience_counts<'a>(members: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for audience in members {
        *counts.entry(format!("audience {audience}")).or_default() += 1;
    }
    counts
}

/// A member of a JSON object as text.
pub fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The items of a list in a JSON object.
pub fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
