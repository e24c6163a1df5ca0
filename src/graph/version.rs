//! Versions: a hash of everything that a relation, or a verdict, is made from.

use sha2::{Digest as _, Sha256};

use crate::engine::ExtractFile;

/// Changes whenever the same inputs would give other bytes: with the format of what is stored, and with each release.
const FORMAT: &str = concat!("headwater ", env!("CARGO_PKG_VERSION"), " format 1");

/// Hashes parts in the order they are added; no two different lists of parts hash alike.
#[derive(Debug, Clone)]
pub struct VersionBuilder(Sha256);

impl VersionBuilder {
    /// Begins a version of a kind of thing.
    pub fn new(kind: &str) -> Self {
        Self(Sha256::new()).part(FORMAT).part(kind)
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, text: impl AsRef<[u8]>) -> Self {
        let bytes = text.as_ref();
        self.0
            .update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// The version: 32 hex digits.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize().iter().take(16).copied().collect::<Vec<u8>>())
    }
}

/// The version of source data: which files, of which sizes, changed when.
pub fn of_extract(location: &str, files: &[ExtractFile]) -> String {
    files
        .iter()
        .fold(VersionBuilder::new("extract").part(location), |version, file| {
            let mark = file
                .e_tag
                .clone()
                .unwrap_or_else(|| crate::time::iso(file.modified_at));
            version.part(&file.path).part(file.bytes.to_le_bytes()).part(mark)
        })
        .finish()
}

/// Whether SQL reads the clock, judged by its words: a name in a string or a comment counts too, which only means
/// that a table is built anew when it need not be.
pub fn mentions_clock(sql: &str) -> bool {
    const CALLS: [&str; 3] = ["now", "today", "localtimestamp"];
    const WORDS: [&str; 3] = ["current_timestamp", "current_date", "current_time"];
    let lower = sql.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.any(|word| CALLS.contains(&word) || WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let one = VersionBuilder::new("k").part("ab").part("c").finish();
        let other = VersionBuilder::new("k").part("a").part("bc").finish();
        assert_ne!(one, other);
        assert_eq!(one.len(), 32);
    }

    #[test]
    fn the_clock_is_seen() {
        assert!(mentions_clock("select now()"));
        assert!(mentions_clock("where ts < CURRENT_TIMESTAMP - interval '1 day'"));
        assert!(!mentions_clock("select known_at, nowhere from t"));
    }
}
