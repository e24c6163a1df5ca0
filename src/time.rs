//! Instants as text, and back.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

/// An instant as ISO 8601 with microseconds and `Z`, as dbt's readers take it.
pub fn iso(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Reads an instant: `2026-06-30`, `2026-06-30 12:00:00.5`, `2026-06-30T12:00:00Z`, `2026-06-30T12:00:00+01:00`.
///
/// Without a zone it is UTC; a bare date is its first instant.
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        return Some(instant.with_timezone(&Utc));
    }
    for format in [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
            return Some(local.and_utc());
        }
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()?
        .and_hms_opt(0, 0, 0)
        .map(|local| local.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_back() {
        for (text, expected) in [
            ("2026-06-30", "2026-06-30T00:00:00.000000Z"),
            ("2026-06-30 12:00:00.000001", "2026-06-30T12:00:00.000001Z"),
            ("2026-06-30T12:00:00+01:00", "2026-06-30T11:00:00.000000Z"),
            ("2026-06-30T12:00", "2026-06-30T12:00:00.000000Z"),
        ] {
            assert_eq!(parse_instant(text).map(iso).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(parse_instant("yesterday"), None);
    }
}
