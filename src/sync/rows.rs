//! From the engine's columns to the values that requests hold.

use serde_json::{Map, Number, Value};

use crate::engine::arrow::array::{Array, AsArray as _, RecordBatch};
use crate::engine::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use crate::engine::arrow::util::display::{ArrayFormatter, FormatOptions};

/// A text column's value; none for null.
pub(super) fn text<'a>(batch: &'a RecordBatch, column: &str, row: usize) -> Option<&'a str> {
    let values = batch.column_by_name(column)?.as_string_opt::<i32>()?;
    values.is_valid(row).then(|| values.value(row))
}

/// An integer column's value; none for null.
pub(super) fn integer(batch: &RecordBatch, column: &str, row: usize) -> Option<i64> {
    let values = batch.column_by_name(column)?.as_primitive_opt::<Int64Type>()?;
    values.is_valid(row).then(|| values.value(row))
}

/// A value as JSON: numbers as numbers, dates and instants as ISO 8601 text (instants in UTC, ending in `Z`), lists
/// and structs as such; what JSON cannot say (infinity, not a number) is null.
pub(super) fn value(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float32 => number(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => number(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) => decimal(&array.as_primitive::<Decimal128Type>().value_as_string(row)),
        DataType::Utf8 => Value::String(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Value::String(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Value::String(array.as_string_view().value(row).to_owned()),
        DataType::Date32 => shown(array.as_primitive::<Date32Type>().value_as_date(row)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let instant = array
                .as_primitive::<TimestampMicrosecondType>()
                .value_as_datetime(row);
            shown(instant.map(|instant| format!("{}Z", instant.format("%Y-%m-%dT%H:%M:%S%.f"))))
        }
        DataType::List(_) => list(array.as_list::<i32>().value(row).as_ref()),
        DataType::LargeList(_) => list(array.as_list::<i64>().value(row).as_ref()),
        DataType::Struct(fields) => {
            let columns = array.as_struct();
            let members = fields.iter().zip(columns.columns());
            Value::Object(
                members
                    .map(|(field, column)| (field.name().clone(), value(column.as_ref(), row)))
                    .collect::<Map<_, _>>(),
            )
        }
        _ => other(array, row),
    }
}

fn number(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// A decimal as a number where JSON's numbers hold it exactly enough (15 digits), else as text.
fn decimal(text: &str) -> Value {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match text.parse() {
        Ok(value) if digits <= 15 => number(value),
        _ => Value::String(text.to_owned()),
    }
}

fn shown(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, |value| Value::String(value.to_string()))
}

fn list(items: &dyn Array) -> Value {
    (0..items.len()).map(|item| value(items, item)).collect()
}

fn other(array: &dyn Array, row: usize) -> Value {
    ArrayFormatter::try_new(array, &FormatOptions::default()).map_or(Value::Null, |formatter| {
        Value::String(formatter.value(row).to_string())
    })
}
