//! The rows of a unit test as SQL.

use serde_json::{Map, Value};

use crate::engine::arrow::datatypes::{DataType, Schema};
use crate::engine::type_name;
use crate::names::quote_identifier;
use crate::project::node::UnitRowsFormat;

/// Writes rows as a query.
///
/// # Shape
/// With `Columns::All`, every column of `schema`, null where a row has no value; otherwise the columns that the first
/// row names, in the order of `schema`.
///
/// # Errors
/// A message: a column that is not in `schema`, or CSV that cannot be read.
pub(super) fn query(rows: &UnitRowsFormat, schema: &Schema, columns: Columns) -> Result<String, String> {
    match rows {
        UnitRowsFormat::Sql(sql) => Ok(sql.trim().trim_end_matches(';').to_owned()),
        UnitRowsFormat::Dict(rows) => of_mappings(rows, schema, columns),
        UnitRowsFormat::Csv(text) => of_mappings(&mappings(text)?, schema, columns),
    }
}

/// Which columns the rows have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// All of the relation: the rows stand for it.
    All,
    /// Those that are named: the rows are compared with it.
    Named,
}

/// The names that rows give values for, in the order of their first mention; none for SQL.
pub(super) fn named_columns(rows: &UnitRowsFormat) -> Result<Option<Vec<String>>, String> {
    let rows = match rows {
        UnitRowsFormat::Sql(_) => return Ok(None),
        UnitRowsFormat::Dict(rows) => rows.clone(),
        UnitRowsFormat::Csv(text) => mappings(text)?,
    };
    let mut names: Vec<String> = Vec::new();
    for name in rows.iter().flat_map(Map::keys) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.clone());
        }
    }
    Ok(Some(names))
}

fn of_mappings(rows: &[Map<String, Value>], schema: &Schema, columns: Columns) -> Result<String, String> {
    let named: Vec<&String> = rows.iter().flat_map(Map::keys).collect();
    for name in &named {
        if !schema
            .fields()
            .iter()
            .any(|field| field.name().eq_ignore_ascii_case(name))
        {
            let near = crate::error::nearest(name, schema.fields().iter().map(|field| field.name().as_str()));
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            return Err(format!("there is no column `{name}`{hint}"));
        }
    }
    let wanted: Vec<_> = schema
        .fields()
        .iter()
        .filter(|field| {
            columns == Columns::All || named.iter().any(|name| field.name().eq_ignore_ascii_case(name))
        })
        .collect();
    let select = |row: Option<&Map<String, Value>>| {
        let values: Vec<String> = wanted
            .iter()
            .map(|field| {
                let value = row.and_then(|row| {
                    row.iter()
                        .find(|(name, _)| field.name().eq_ignore_ascii_case(name))
                        .map(|(_, value)| value)
                });
                let literal = literal(value.unwrap_or(&Value::Null), field.data_type());
                format!("{literal} as {}", quote_identifier(field.name()))
            })
            .collect();
        format!("select {}", values.join(", "))
    };
    if rows.is_empty() {
        return Ok(format!("{} where false", select(None)));
    }
    Ok(rows
        .iter()
        .map(|row| select(Some(row)))
        .collect::<Vec<_>>()
        .join("\nunion all\n"))
}

/// A value as SQL, of the column's type.
fn literal(value: &Value, data_type: &DataType) -> String {
    let of_type = type_name(data_type);
    match (value, data_type) {
        (Value::Null, _) => format!("cast(null as {of_type})"),
        (Value::Array(items), DataType::List(item)) => {
            let items: Vec<String> = items
                .iter()
                .map(|value| literal(value, item.data_type()))
                .collect();
            format!("cast([{}] as {of_type})", items.join(", "))
        }
        (Value::String(text), DataType::List(_)) => {
            match serde_json::from_str::<Value>(&text.replace('\'', "\"")) {
                Ok(Value::Array(items)) => literal(&Value::Array(items), data_type),
                _ => format!("cast({} as {of_type})", quoted(text)),
            }
        }
        (Value::String(text), _) => format!("cast({} as {of_type})", quoted(text)),
        (Value::Bool(flag), _) => format!("cast({flag} as {of_type})"),
        (Value::Number(number), DataType::Utf8) => quoted(&number.to_string()),
        (Value::Number(number), _) => format!("cast('{number}' as {of_type})"),
        (Value::Array(_) | Value::Object(_), _) => {
            format!("cast({} as {of_type})", quoted(&value.to_string()))
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Reads CSV with a header; an empty field is null.
fn mappings(text: &str) -> Result<Vec<Map<String, Value>>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.trim().as_bytes());
    let header = reader
        .headers()
        .map_err(|e| format!("the rows are no CSV: {e}"))?
        .clone();
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|e| format!("the rows are no CSV: {e}"))?;
            let value = |field: &str| {
                if field.is_empty() {
                    Value::Null
                } else {
                    Value::from(field)
                }
            };
            Ok(header
                .iter()
                .zip(&record)
                .map(|(name, field)| (name.to_owned(), value(field)))
                .collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::arrow::datatypes::Field;

    fn schema() -> Schema {
        Schema::new(vec![
            Field::new("id", DataType::Int64, true),
            Field::new("name", DataType::Utf8, true),
        ])
    }

    fn rows(text: &str) -> UnitRowsFormat {
        UnitRowsFormat::Csv(text.to_owned())
    }

    #[test]
    fn a_missing_value_is_null_of_its_type() {
        let sql = query(&rows("id\n1"), &schema(), Columns::All).unwrap();
        assert_eq!(
            sql,
            "select cast('1' as bigint) as \"id\", cast(null as varchar) as \"name\""
        );
    }

    #[test]
    fn no_rows_still_have_columns() {
        let sql = query(&UnitRowsFormat::Dict(Vec::new()), &schema(), Columns::All).unwrap();
        assert!(sql.ends_with("where false"), "{sql}");
    }

    #[test]
    fn a_misspelt_column_is_told_with_the_nearest_name() {
        let error = query(&rows("nmae\nx"), &schema(), Columns::Named).unwrap_err();
        assert_eq!(error, "there is no column `nmae`; did you mean `name`?");
    }
}
