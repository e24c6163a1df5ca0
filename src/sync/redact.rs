//! Keeps credentials and personal data out of messages.

use std::sync::LazyLock;

use regex::Regex;

use super::change::{Change, as_text};
use crate::host::Secret;

/// Shorter texts are not masked: they would mask half of every message.
const SHORTEST: usize = 4;

static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\p{L}\p{N}._%+'-]+(@|%40)[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*").ok());

static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\+?\d[\d ().-]{7,}\d").ok());

/// Masks a destination's credentials, addresses, long numbers and a row's own values.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
}

impl Redactor {
    /// Makes one that knows these credentials.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self {
            secrets: secrets
                .into_iter()
                .filter(|secret| secret.expose().len() >= SHORTEST)
                .collect(),
        }
    }

    /// Masks what may stand in any message.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.expose(), "***");
        }
        for pattern in [&ADDRESS, &NUMBER].into_iter().filter_map(|p| p.as_ref()) {
            text = pattern.replace_all(&text, "***").into_owned();
        }
        text
    }

    /// Masks what may stand in a message about a row: also its key and the values of its fields.
    pub fn text_about(&self, change: &Change, text: &str) -> String {
        let mut values: Vec<String> = change
            .before
            .iter()
            .chain([&change.now])
            .flat_map(|image| image.fields.values().filter_map(as_text))
            .chain([change.key.expose().to_owned()])
            .filter(|value| value.len() >= SHORTEST && text.contains(value.as_str()))
            .collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let masked = values
            .iter()
            .fold(text.to_owned(), |text, value| text.replace(value.as_str(), "***"));
        self.text(&masked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_addresses_and_numbers_are_masked() {
        let redactor = Redactor::new([Secret::new("tok-123456")]);
        assert_eq!(
            redactor.text("contact ada.l+x@example.co.uk (or zoë%40example.com, +44 20 7946 0000) with tok-123456: 409"),
            "contact *** (or ***, ***) with ***: 409"
        );
    }
}
