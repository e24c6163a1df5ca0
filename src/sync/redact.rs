//! Keeps credentials and personal data out of messages.

use std::sync::LazyLock;

use regex::Regex;

use super::change::{Change, as_text};
use crate::host::Secret;

/// Shorter texts are not masked: they would mask half of every message.
const SHORTEST: usize = 4;

/// Nor are the shorter words of a credential, such as `Bearer`.
const SHORTEST_WORD: usize = 8;

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
                .flat_map(|secret| parts(&secret))
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

    /// Masks what may stand in a message about rows: also their keys and the values of their fields.
    pub fn text_about<'c>(&self, changes: impl IntoIterator<Item = &'c Change>, text: &str) -> String {
        let mut values: Vec<String> = changes
            .into_iter()
            .flat_map(values)
            .filter(|value| value.len() >= SHORTEST && text.contains(value.as_str()))
            .collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let masked = values
            .iter()
            .fold(text.to_owned(), |text, value| text.replace(value.as_str(), "***"));
        self.text(&masked)
    }
}

/// A credential and the words of it: of `Bearer abc`, a service repeats `abc` alone.
fn parts(secret: &Secret) -> Vec<Secret> {
    let words = secret
        .expose()
        .split_whitespace()
        .filter(|word| word.len() >= SHORTEST_WORD);
    words.map(Secret::new).chain([secret.clone()]).collect()
}

/// The key of a change and every scalar in it.
fn values(change: &Change) -> impl Iterator<Item = String> {
    change
        .before
        .iter()
        .chain([&change.now])
        .flat_map(|image| image.fields.values().filter_map(as_text))
        .chain([change.key.expose().to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_credential_is_masked_too() {
        let redactor = Redactor::new([Secret::new("Bearer tok-123456")]);
        assert_eq!(
            redactor.text("the bearer tok-123456 is unknown"),
            "the bearer *** is unknown"
        );
    }

    #[test]
    fn credentials_addresses_and_numbers_are_masked() {
        let redactor = Redactor::new([Secret::new("tok-123456")]);
        assert_eq!(
            redactor.text(
                "contact ada.l+x@example.co.uk (or zoë%40example.com, +44 20 7946 0000) with tok-123456: 409"
            ),
            "contact *** (or ***, ***) with ***: 409"
        );
    }
}
