//! CSV as RFC 4180 has it: commas, quotes where they are needed, null as nothing.

use bytes::Bytes;
use serde_json::Value;

use crate::sync::change::as_text;

/// The header.
pub(super) fn header(columns: &[(String, String)]) -> Bytes {
    write(columns.iter().map(|(name, _)| name.clone())).unwrap_or_default()
}

/// A row; lists and structs are written as JSON.
pub(super) fn line<'a>(values: impl Iterator<Item = &'a Value>) -> Result<Bytes, String> {
    write(values.map(|value| match value {
        Value::Null => String::new(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        scalar => as_text(scalar).unwrap_or_default(),
    }))
}

fn write(cells: impl Iterator<Item = String>) -> Result<Bytes, String> {
    let mut writer = ::csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(cells).map_err(|e| format!("not CSV: {e}"))?;
    let bytes = writer.into_inner().map_err(|e| format!("not CSV: {e}"))?;
    Ok(Bytes::from(bytes))
}
