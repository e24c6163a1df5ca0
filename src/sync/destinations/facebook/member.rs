//! A member of an audience: its identifiers, normalised and hashed.

use serde_json::{Value, json};

use crate::sync::change::{Change, sha256_hex};
use crate::sync::normalise;

/// An identifier that Meta matches people by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identifier {
    key: &'static str,
    form: Form,
}

/// How an identifier is brought into its form.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// As it is, unhashed.
    Plain,
    /// Normalised, then hashed.
    Hashed(fn(&str) -> Option<String>),
}

/// Field names and the keys of Meta's schema; the short names are Meta's own.
const IDENTIFIERS: [(&str, &str, Form); 26] = [
    ("email", "EMAIL", Form::Hashed(normalise::email)),
    ("phone", "PHONE", Form::Hashed(normalise::phone)),
    ("extern_id", "EXTERN_ID", Form::Plain),
    ("external_id", "EXTERN_ID", Form::Plain),
    ("first_name", "FN", Form::Hashed(normalise::name)),
    ("fn", "FN", Form::Hashed(normalise::name)),
    ("last_name", "LN", Form::Hashed(normalise::name)),
    ("ln", "LN", Form::Hashed(normalise::name)),
    ("fi", "FI", Form::Hashed(normalise::initial)),
    ("gender", "GEN", Form::Hashed(normalise::gender)),
    ("gen", "GEN", Form::Hashed(normalise::gender)),
    ("doby", "DOBY", Form::Hashed(normalise::year)),
    ("dobm", "DOBM", Form::Hashed(month)),
    ("dobd", "DOBD", Form::Hashed(day)),
    ("city", "CT", Form::Hashed(normalise::city)),
    ("ct", "CT", Form::Hashed(normalise::city)),
    ("state", "ST", Form::Hashed(normalise::state)),
    ("st", "ST", Form::Hashed(normalise::state)),
    ("postal_code", "ZIP", Form::Hashed(normalise::postal_code)),
    ("zip", "ZIP", Form::Hashed(normalise::postal_code)),
    ("country", "COUNTRY", Form::Hashed(normalise::country)),
    ("madid", "MADID", Form::Plain),
    ("mobile_advertiser_id", "MADID", Form::Plain),
    ("lookalike_value", "LOOKALIKE_VALUE", Form::Plain),
    ("value", "LOOKALIKE_VALUE", Form::Plain),
    ("first_initial", "FI", Form::Hashed(normalise::initial)),
];

fn month(text: &str) -> Option<String> {
    normalise::two_digits(text, 12)
}

fn day(text: &str) -> Option<String> {
    normalise::two_digits(text, 31)
}

impl Identifier {
    /// The identifier of a field, in any case.
    pub(super) fn of(field: &str) -> Option<Self> {
        IDENTIFIERS
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(field))
            .map(|(_, key, form)| Self { key, form: *form })
    }

    /// The names of fields that are identifiers.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        IDENTIFIERS.iter().map(|(name, ..)| *name)
    }

    /// The cell of a value; blank where it has no value that will do. What is a hash already stays.
    fn cell(self, text: &str) -> String {
        match self.form {
            Form::Plain => text.trim().to_owned(),
            Form::Hashed(_) if is_hash(text) => text.to_owned(),
            Form::Hashed(normalise) => {
                normalise(text).map_or_else(String::new, |text| sha256_hex(text.as_bytes()))
            }
        }
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A member: what is sent, and kept so that it can be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) schema: Vec<String>,
    pub(super) row: Vec<String>,
}

impl Member {
    /// The member that a row is.
    ///
    /// # Errors
    /// When the address is none, or nothing that identifies is left.
    pub(super) fn of(change: &Change, identifiers: &[(String, Identifier)]) -> Result<Self, String> {
        let mut row = Vec::with_capacity(identifiers.len());
        for (field, identifier) in identifiers {
            let text = change.text(field);
            let cell = text
                .as_deref()
                .map(|text| identifier.cell(text))
                .unwrap_or_default();
            if identifier.key == "EMAIL" && text.is_some() && cell.is_empty() {
                return Err(format!("`{field}` is no e-mail address"));
            }
            row.push(cell);
        }
        let is_blank = identifiers
            .iter()
            .zip(&row)
            .all(|((_, identifier), cell)| cell.is_empty() || identifier.key == "LOOKALIKE_VALUE");
        if is_blank {
            return Err("no identifier has a value that Meta could match".to_owned());
        }
        Ok(Self {
            schema: identifiers
                .iter()
                .map(|(_, identifier)| identifier.key.to_owned())
                .collect(),
            row,
        })
    }

    /// Reads what [`Self::to_json`] writes.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let texts = |member: &str| -> Option<Vec<String>> {
            value
                .get(member)?
                .as_array()?
                .iter()
                .map(|text| text.as_str().map(str::to_owned))
                .collect()
        };
        Some(Self {
            schema: texts("schema")?,
            row: texts("row")?,
        })
    }

    /// The member as it is kept: hashes, no plain address.
    pub(super) fn to_json(&self) -> Value {
        json!({"schema": self.schema, "row": self.row})
    }
}
