//! One row's difference from what its destination has acknowledged.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// How many characters of a key's hash are shown.
const SHOWN: usize = 12;

/// A row's primary key. It prints as the beginning of its hash: keys are often e-mail addresses.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(Arc<str>);

impl RecordKey {
    /// Takes a key.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// The key itself: for requests, the state and the records, never for messages.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The SHA-256 of the key in hex: what messages show the beginning of.
    pub fn hash(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hash().get(..SHOWN).unwrap_or_default())
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The SHA-256 of some bytes, in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// It is new to the destination.
    Add,
    /// Its fields or audiences changed.
    Change,
    /// It left the model, or may no longer be sent.
    Remove,
    /// It is as it was: only whole snapshots carry such rows.
    Keep,
}

impl Operation {
    /// The operation as records and SQL write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Keep => "keep",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Add, Self::Change, Self::Remove, Self::Keep]
            .into_iter()
            .find(|operation| operation.as_str() == text)
    }
}

/// A row as it is sent: its mapped fields, and the audiences it is in.
#[derive(Clone, Default, PartialEq)]
pub struct Image {
    /// Destination field → value, in the order of the mapping.
    pub fields: Map<String, Value>,
    /// The names of the sync's audiences that the row is in, sorted.
    pub audiences: Vec<String>,
}

/// A change to deliver.
#[derive(Clone, PartialEq)]
pub struct Change {
    /// The row's key.
    pub key: RecordKey,
    /// What happened to it.
    pub operation: Operation,
    /// What it is now; for a removal, nothing.
    pub now: Image,
    /// What the destination acknowledged last, if anything.
    pub before: Option<Image>,
    /// What the destination told us to remember about the row: its own id, the hashes that were sent.
    pub remote: Value,
    /// How often the row has been acknowledged: two deliveries of one content at different times differ in it, two
    /// attempts at one delivery do not.
    pub epoch: u64,
    /// The hash of `now`, as the engine computed it; empty for a removal.
    pub digest: String,
    /// The hash of `before`; empty where there is none.
    pub old_digest: String,
}

impl Change {
    /// What the destination should know of the row: what it is, or for a removal, what it was.
    pub fn image(&self) -> &Image {
        match (self.operation, &self.before) {
            (Operation::Remove, Some(before)) => before,
            _ => &self.now,
        }
    }

    /// A field's value, null where it is none.
    pub fn field(&self, name: &str) -> &Value {
        self.image().fields.get(name).unwrap_or(&Value::Null)
    }

    /// A field as text; null and blank text are none.
    pub fn text(&self, name: &str) -> Option<String> {
        as_text(self.field(name)).filter(|text| !text.trim().is_empty())
    }

    /// The fields that are not as they were acknowledged, in the order of the mapping; a field that the mapping no
    /// longer has is null.
    pub fn changed_fields(&self) -> Map<String, Value> {
        let Some(before) = &self.before else {
            return self.now.fields.clone();
        };
        let now = &self.now.fields;
        let changed = now
            .iter()
            .filter(|(name, value)| before.fields.get(*name).unwrap_or(&Value::Null) != *value);
        let dropped = before
            .fields
            .iter()
            .filter(|(name, value)| !now.contains_key(*name) && !value.is_null());
        changed
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain(dropped.map(|(name, _)| (name.clone(), Value::Null)))
            .collect()
    }

    /// The audiences that the row is in now and was not.
    pub fn entered(&self) -> Vec<&str> {
        let before = self.before.as_ref().map_or(&[][..], |image| &image.audiences);
        difference(&self.now.audiences, before)
    }

    /// The audiences that the row was in and is not.
    pub fn exited(&self) -> Vec<&str> {
        let before = self.before.as_ref().map_or(&[][..], |image| &image.audiences);
        difference(before, &self.now.audiences)
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("key", &self.key)
            .field("operation", &self.operation)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

/// A scalar as text: text as it is, numbers and booleans as JSON writes them; none for null, lists and mappings.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn difference<'a>(of: &'a [String], without: &[String]) -> Vec<&'a str> {
    of.iter()
        .filter(|name| !without.contains(name))
        .map(String::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn image(fields: &Value, audiences: &[&str]) -> Image {
        Image {
            fields: fields.as_object().unwrap().clone(),
            audiences: audiences.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn change() -> Change {
        Change {
            key: RecordKey::new("ada@example.com"),
            operation: Operation::Change,
            now: image(&json!({"a": 1, "b": null, "c": "x"}), &["hot", "new"]),
            before: Some(image(
                &json!({"a": 1, "b": 2, "gone": 3, "none": null}),
                &["cold", "hot"],
            )),
            remote: Value::Null,
            epoch: 1,
            digest: String::new(),
            old_digest: String::new(),
        }
    }

    #[test]
    fn changed_fields_are_those_that_differ_and_those_that_left_the_mapping() {
        assert_eq!(
            Value::Object(change().changed_fields()),
            json!({"b": null, "c": "x", "gone": null})
        );
    }

    #[test]
    fn audiences_are_entered_and_exited() {
        assert_eq!(change().entered(), ["new"]);
        assert_eq!(change().exited(), ["cold"]);
    }

    #[test]
    fn a_key_never_prints_itself() {
        let shown = format!("{0} {0:?} {1:?}", change().key, change());
        assert!(!shown.contains("ada"), "{shown}");
    }
}
