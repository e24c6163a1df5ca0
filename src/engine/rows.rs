//! Rows as values: for JSON, for templates, for people.

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, GenericListArray, OffsetSizeTrait, RecordBatch,
    StructArray,
};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int64Type, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Map, Number, Value};

/// How a null is shown to people.
const NULL: &str = "null";

/// The rows of a batch as JSON values: numbers and booleans as such, lists and structs nested, everything else,
/// timestamps among it, as text.
pub fn json_rows(batch: &RecordBatch) -> Vec<Vec<Value>> {
    (0..batch.num_rows())
        .map(|row| batch.columns().iter().map(|column| json(column, row)).collect())
        .collect()
}

/// The rows of a batch as text.
pub fn text_rows(batch: &RecordBatch) -> Vec<Vec<String>> {
    (0..batch.num_rows())
        .map(|row| batch.columns().iter().map(|column| text(column, row)).collect())
        .collect()
}

fn text(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return NULL.to_owned();
    }
    let options = FormatOptions::new()
        .with_null(NULL)
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.6f"));
    match ArrayFormatter::try_new(column, &options) {
        Ok(formatter) => formatter.value(row).to_string(),
        Err(_) => String::new(),
    }
}

fn json(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => boolean(column.as_boolean(), row),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => integer(column, row),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => unsigned(column, row),
        DataType::Float32 => float(f64::from(column.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => float(column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, _) => {
            let text = column.as_primitive::<Decimal128Type>().value_as_string(row);
            text.parse::<f64>().map_or(Value::String(text), float)
        }
        DataType::List(_) => list(column.as_list::<i32>(), row),
        DataType::LargeList(_) => list(column.as_list::<i64>(), row),
        DataType::Struct(_) => mapping(column.as_struct(), row),
        DataType::Timestamp(_, _) => Value::String(text(column, row).replacen(' ', "T", 1)),
        _ => Value::String(text(column, row)),
    }
}

fn boolean(column: &BooleanArray, row: usize) -> Value {
    Value::Bool(column.value(row))
}

fn integer(column: &ArrayRef, row: usize) -> Value {
    match datafusion::arrow::compute::cast(&column.slice(row, 1), &DataType::Int64) {
        Ok(wide) => Value::from(wide.as_primitive::<Int64Type>().value(0)),
        Err(_) => Value::String(text(column, row)),
    }
}

fn unsigned(column: &ArrayRef, row: usize) -> Value {
    match datafusion::arrow::compute::cast(&column.slice(row, 1), &DataType::UInt64) {
        Ok(wide) => Value::from(wide.as_primitive::<UInt64Type>().value(0)),
        Err(_) => Value::String(text(column, row)),
    }
}

/// A number; what JSON has no number for (infinities, not-a-number) is null.
fn float(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn list<O: OffsetSizeTrait>(column: &GenericListArray<O>, row: usize) -> Value {
    let items = column.value(row);
    Value::Array((0..items.len()).map(|item| json(&items, item)).collect())
}

fn mapping(column: &StructArray, row: usize) -> Value {
    let entries = column.fields().iter().zip(column.columns());
    Value::Object(
        entries
            .map(|(field, values)| (field.name().clone(), json(values, row)))
            .collect::<Map<_, _>>(),
    )
}
