//! Reading a mapping key by key, and telling what does not fit.

use serde_json::{Map, Value};

use super::yaml::{Content, Entry, Mapping, Yaml};
use crate::error::{Diagnostic, codes};

/// One mapping of a project file, with its name for messages.
#[derive(Debug, Clone)]
pub(super) struct Fields<'y> {
    what: String,
    yaml: &'y Yaml,
    mapping: &'y Mapping,
}

impl<'y> Fields<'y> {
    /// Takes a value that must be a mapping of the keys `known`; another key is warned about with the nearest known one.
    pub(super) fn of(
        yaml: &'y Yaml,
        what: impl Into<String>,
        known: &[&str],
        out: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let what = what.into();
        let Some(mapping) = yaml.as_mapping() else {
            out.push(wrong_type(yaml, &what, "a mapping"));
            return None;
        };
        for (key, entry) in mapping.iter().filter(|(key, _)| !known.contains(key)) {
            out.push(unknown_key(key, entry, &what, known));
        }
        Some(Self { what, yaml, mapping })
    }

    pub(super) fn what(&self) -> &str {
        &self.what
    }

    pub(super) fn yaml(&self) -> &'y Yaml {
        self.yaml
    }

    pub(super) fn get(&self, key: &str) -> Option<&'y Yaml> {
        self.mapping.get(key)
    }

    /// Whether the key is written, even with nothing behind it.
    pub(super) fn is_written(&self, key: &str) -> bool {
        self.mapping.entry(key).is_some()
    }

    /// A text; a number or a boolean is taken as it is written.
    pub(super) fn text(&self, key: &str, out: &mut Vec<Diagnostic>) -> Option<String> {
        let value = self.get(key)?;
        let text = scalar_text(value);
        if text.is_none() {
            out.push(wrong_type(value, &self.at(key), "text"));
        }
        text
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, key: &str, out: &mut Vec<Diagnostic>) -> Option<String> {
        if self.get(key).is_none() {
            out.push(
                Diagnostic::error(codes::MISSING_KEY, format!("{} has no `{key}`", self.what))
                    .at(self.yaml.span()),
            );
        }
        self.text(key, out)
    }

    /// A boolean.
    pub(super) fn flag(&self, key: &str, out: &mut Vec<Diagnostic>) -> Option<bool> {
        let value = self.get(key)?;
        if let Content::Bool(flag) = value.content {
            return Some(flag);
        }
        out.push(wrong_type(value, &self.at(key), "a boolean"));
        None
    }

    /// A list; empty where the key is absent.
    pub(super) fn list(&self, key: &str, out: &mut Vec<Diagnostic>) -> &'y [Yaml] {
        let Some(value) = self.get(key) else { return &[] };
        value.as_list().unwrap_or_else(|| {
            out.push(wrong_type(value, &self.at(key), "a list"));
            &[]
        })
    }

    /// One text or a list of texts.
    pub(super) fn texts(&self, key: &str, out: &mut Vec<Diagnostic>) -> Vec<String> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        let mut texts = Vec::new();
        for item in items {
            match scalar_text(item) {
                Some(text) => texts.push(text),
                None => out.push(wrong_type(item, &self.at(key), "text or a list of texts")),
            }
        }
        texts
    }

    /// A free-form mapping; empty where the key is absent.
    pub(super) fn map(&self, key: &str, out: &mut Vec<Diagnostic>) -> Map<String, Value> {
        let Some(value) = self.get(key) else {
            return Map::new();
        };
        value.as_mapping().map_or_else(
            || {
                out.push(wrong_type(value, &self.at(key), "a mapping"));
                Map::new()
            },
            Mapping::to_map,
        )
    }

    fn at(&self, key: &str) -> String {
        format!("`{key}` of {}", self.what)
    }
}

/// A text, a number or a boolean as text.
pub(super) fn scalar_text(value: &Yaml) -> Option<String> {
    match &value.content {
        Content::Text(text) => Some(text.to_string()),
        Content::Number(number) => Some(number.to_string()),
        Content::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The warning that a key means nothing here.
pub(super) fn unknown_key(key: &str, entry: &Entry, what: &str, known: &[&str]) -> Diagnostic {
    Diagnostic::warning(codes::UNKNOWN_KEY, format!("unknown key `{key}` in {what}"))
        .at(entry.key.span())
        .nearest(key, known.iter().copied())
}

/// The error that a value has the wrong type.
pub(super) fn wrong_type(value: &Yaml, what: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error(
        codes::WRONG_TYPE,
        format!("{what} must be {wanted}, not {}", value.kind()),
    )
    .at(value.span())
}
