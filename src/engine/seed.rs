//! Seeds: CSV text with the types that dbt would give it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use datafusion::arrow::array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};

use super::locate::SqlFault;
use super::scope::TableSource;
use super::session::Engine;
use super::types::{parse_type, type_name};
use crate::error::codes;

/// How a seed's text is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedOptions {
    /// What stands between two values.
    pub delimiter: char,
    /// The types of columns that are not to be guessed.
    pub column_types: BTreeMap<String, String>,
    /// Whether column names keep their case.
    pub quote_columns: bool,
}

impl Default for SeedOptions {
    fn default() -> Self {
        Self {
            delimiter: ',',
            column_types: BTreeMap::new(),
            quote_columns: false,
        }
    }
}

impl Engine {
    /// Reads a seed.
    ///
    /// A column whose type is not given is the first of bigint, double, date, timestamp, boolean that all its values
    /// can be read as, else varchar. Nothing, and the word `null`, are null.
    ///
    /// # Errors
    /// `HW0136` when the text is no CSV, `HW0137` when a value is not of its column's type.
    pub fn csv_seed(&self, text: &str, options: &SeedOptions) -> Result<TableSource, SqlFault> {
        let (names, rows) = parse(text, options.delimiter)?;
        let mut fields = Vec::with_capacity(names.len());
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let values: StringArray = rows
                .iter()
                .map(|row| row.get(index).and_then(|v| present(v)))
                .collect();
            let data_type = match declared(name, options)? {
                Some(data_type) => data_type,
                None => guess(&values),
            };
            columns.push(typed(name, &values, &data_type)?);
            let name = if options.quote_columns {
                name.clone()
            } else {
                name.to_lowercase()
            };
            fields.push(Field::new(name, data_type, true));
        }
        let schema = Arc::new(Schema::new(fields));
        let rows = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &rows)
            .map_err(|e| SqlFault::new(codes::SEED_TEXT, format!("the seed cannot be read: {e}")))?;
        Ok(TableSource::Memory {
            schema,
            batches: vec![batch],
        })
    }
}

type Rows = (Vec<String>, Vec<csv::StringRecord>);

fn parse(text: &str, delimiter: char) -> Result<Rows, SqlFault> {
    let bad = |message: String| SqlFault::new(codes::SEED_TEXT, message);
    let delimiter = u8::try_from(delimiter)
        .map_err(|_| bad(format!("the delimiter `{delimiter}` is not a single byte")))?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let located = |error: csv::Error| {
        let line = error.position().map(csv::Position::line);
        let message = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => {
                format!("a row has {len} values where the header has {expected_len}")
            }
            other => format!("the text is no CSV: {other:?}"),
        };
        match line.and_then(|line| usize::try_from(line).ok()) {
            Some(line) => bad(message).at(line, 1, 0),
            None => bad(message),
        }
    };
    let names = reader
        .headers()
        .map_err(located)?
        .iter()
        .map(|name| name.trim().to_owned())
        .collect();
    let rows = reader.records().collect::<Result<_, _>>().map_err(located)?;
    Ok((names, rows))
}

fn present(value: &str) -> Option<&str> {
    let blank = value.trim();
    (!blank.is_empty() && !blank.eq_ignore_ascii_case("null")).then_some(value)
}

fn declared(name: &str, options: &SeedOptions) -> Result<Option<DataType>, SqlFault> {
    let given = options
        .column_types
        .iter()
        .find(|(column, _)| column.eq_ignore_ascii_case(name));
    match given {
        None => Ok(None),
        Some((_, text)) => parse_type(text).map(Some).ok_or_else(|| {
            SqlFault::new(
                codes::SEED_VALUE,
                format!("`{text}`, the type of the column `{name}`, is no type"),
            )
        }),
    }
}

fn guess(values: &StringArray) -> DataType {
    let all = |is: fn(&str) -> bool| values.iter().flatten().all(|value| is(value.trim()));
    if all(|v| v.parse::<i64>().is_ok()) {
        DataType::Int64
    } else if all(is_number) {
        DataType::Float64
    } else if all(|v| v.parse::<NaiveDate>().is_ok()) {
        DataType::Date32
    } else if all(is_timestamp) {
        DataType::Timestamp(TimeUnit::Microsecond, None)
    } else if all(|v| v.eq_ignore_ascii_case("true") || v.eq_ignore_ascii_case("false")) {
        DataType::Boolean
    } else {
        DataType::Utf8
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_timestamp(text: &str) -> bool {
    let text = text.trim_end_matches('Z');
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .any(|format| NaiveDateTime::parse_from_str(text, format).is_ok())
        || text.parse::<NaiveDate>().is_ok()
}

fn typed(name: &str, values: &StringArray, data_type: &DataType) -> Result<ArrayRef, SqlFault> {
    if *data_type == DataType::Utf8 {
        return Ok(Arc::new(values.clone()));
    }
    let trimmed: StringArray = values.iter().map(|value| value.map(str::trim)).collect();
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    let wrong = |row: usize| {
        SqlFault::new(
            codes::SEED_VALUE,
            format!(
                "`{}` in the column `{name}`, row {}, is no {}",
                if values.is_null(row) {
                    ""
                } else {
                    values.value(row)
                },
                row + 1,
                type_name(data_type)
            ),
        )
    };
    let cast = cast_with_options(&trimmed, data_type, &options).map_err(|_| wrong(0))?;
    match (0..values.len()).find(|row| cast.is_null(*row) && !values.is_null(*row)) {
        Some(row) => Err(wrong(row)),
        None => Ok(cast),
    }
}
