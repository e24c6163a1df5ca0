//! `row_digest(value, …)`: what a row holds, in 16 characters, to see whether it has changed.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray as _, Decimal128Array, Int64Array, ListArray, StringArray, StructArray,
    UInt64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    ArrowNativeType as _, DataType, Decimal128Type, Float64Type, Int64Type, TimeUnit, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use twox_hash::XxHash64;

use crate::engine::types::storage_type;

/// The seed of the hash; another one would make every row look changed.
const SEED: u64 = 0;

/// The function.
pub(super) fn function() -> ScalarUDF {
    ScalarUDF::from(RowDigest {
        signature: Signature::user_defined(Volatility::Immutable),
    })
}

/// The 64-bit xxHash of the values, as text.
///
/// A row's digest is only ever compared with that of the same row at another time, so that 64 bits are enough. What is
/// hashed is laid out by this module and not by a library, since digests outlive versions: they are kept beside what was
/// delivered. Only what is rare in tables (times of day, intervals, binary, maps) goes by the way Arrow shows it. Numbers
/// count the same in any width.
#[derive(Debug, PartialEq, Eq, Hash)]
struct RowDigest {
    signature: Signature,
}

impl ScalarUDFImpl for RowDigest {
    fn name(&self) -> &'static str {
        "row_digest"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.is_empty() {
            return plan_err!("row_digest takes one argument or more");
        }
        Ok(types.iter().map(storage_type).collect())
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = args.args.iter().map(Column::of).collect::<Result<Vec<_>>>()?;
        let mut digests = Vec::with_capacity(args.number_rows);
        let mut bytes = Vec::new();
        for row in 0..args.number_rows {
            bytes.clear();
            for column in &columns {
                column.write(row, &mut bytes);
            }
            digests.push(format!("{:016x}", XxHash64::oneshot(SEED, &bytes)));
        }
        Ok(ColumnarValue::Array(Arc::new(StringArray::from(digests))))
    }
}

/// What the bytes of a value mean: the first of them.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Tag {
    Null = 0,
    Text = 1,
    Integer = 2,
    Boolean = 3,
    Date = 4,
    Instant = 5,
    Float = 6,
    Decimal = 7,
    Unsigned = 8,
    List = 9,
    Struct = 10,
    Other = 11,
}

/// The values of one argument, ready to be written.
enum Column {
    Constant(Vec<u8>),
    Text(Tag, StringArray),
    Number(Tag, Int64Array),
    Unsigned(UInt64Array),
    List(ListArray, Box<Self>),
    Struct(StructArray, Vec<Self>),
    Decimal(Decimal128Array),
}

impl Column {
    fn of(argument: &ColumnarValue) -> Result<Self> {
        match argument {
            ColumnarValue::Array(array) => Self::of_array(array),
            ColumnarValue::Scalar(value) => {
                let mut bytes = Vec::new();
                Self::of_array(&value.to_array_of_size(1)?)?.write(0, &mut bytes);
                Ok(Self::Constant(bytes))
            }
        }
    }

    fn of_array(array: &ArrayRef) -> Result<Self> {
        let number = |tag| {
            let values = cast(array, &DataType::Int64)?;
            Ok(Self::Number(tag, values.as_primitive::<Int64Type>().clone()))
        };
        match array.data_type() {
            DataType::Utf8 => Ok(Self::Text(Tag::Text, array.as_string().clone())),
            DataType::Boolean => number(Tag::Boolean),
            DataType::Date32 => {
                let days = cast(array, &DataType::Int32)?;
                let days = cast(&days, &DataType::Int64)?;
                Ok(Self::Number(Tag::Date, days.as_primitive::<Int64Type>().clone()))
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => number(Tag::Instant),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                let wide = cast(array, &DataType::Float64)?;
                let bits = |value: f64| i64::from_ne_bytes(value.to_ne_bytes());
                Ok(Self::Number(
                    Tag::Float,
                    wide.as_primitive::<Float64Type>().unary(bits),
                ))
            }
            DataType::UInt64 => Ok(Self::Unsigned(array.as_primitive::<UInt64Type>().clone())),
            integer if integer.is_integer() => number(Tag::Integer),
            DataType::List(_) => {
                let lists = array.as_list::<i32>().clone();
                let items = Self::of_array(lists.values())?;
                Ok(Self::List(lists, Box::new(items)))
            }
            DataType::Struct(_) => {
                let structs = array.as_struct().clone();
                let members = structs
                    .columns()
                    .iter()
                    .map(Self::of_array)
                    .collect::<Result<_>>()?;
                Ok(Self::Struct(structs, members))
            }
            DataType::Decimal128(..) => Ok(Self::Decimal(array.as_primitive::<Decimal128Type>().clone())),
            _ => Ok(Self::Text(Tag::Other, shown(array)?)),
        }
    }

    /// Writes a value such that no other list of values is written alike.
    fn write(&self, row: usize, to: &mut Vec<u8>) {
        match self {
            Self::Constant(bytes) => to.extend_from_slice(bytes),
            Self::Text(tag, values) if values.is_valid(row) => {
                let text = values.value(row);
                to.push(*tag as u8);
                write_count(text.len(), to);
                to.extend_from_slice(text.as_bytes());
            }
            Self::Number(tag, values) if values.is_valid(row) => write_number(*tag, values.value(row), to),
            Self::Unsigned(values) if values.is_valid(row) => {
                if let Ok(value) = i64::try_from(values.value(row)) {
                    write_number(Tag::Integer, value, to);
                } else {
                    to.push(Tag::Unsigned as u8);
                    to.extend_from_slice(&values.value(row).to_le_bytes());
                }
            }
            Self::List(lists, items) if lists.is_valid(row) => {
                let start = lists.value_offsets().get(row).map_or(0, |start| start.as_usize());
                let n_items = lists.value_length(row).as_usize();
                to.push(Tag::List as u8);
                write_count(n_items, to);
                for item in start..start + n_items {
                    items.write(item, to);
                }
            }
            Self::Struct(structs, members) if structs.is_valid(row) => {
                to.push(Tag::Struct as u8);
                for member in members {
                    member.write(row, to);
                }
            }
            Self::Decimal(values) if values.is_valid(row) => {
                to.push(Tag::Decimal as u8);
                to.extend_from_slice(&values.scale().to_le_bytes());
                to.extend_from_slice(&values.value(row).to_le_bytes());
            }
            _ => to.push(Tag::Null as u8),
        }
    }
}

fn write_number(tag: Tag, value: i64, to: &mut Vec<u8>) {
    to.push(tag as u8);
    to.extend_from_slice(&value.to_le_bytes());
}

fn write_count(count: usize, to: &mut Vec<u8>) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    to.extend_from_slice(&count.to_le_bytes());
}

/// What is rare, as text.
fn shown(array: &ArrayRef) -> Result<StringArray> {
    let options = FormatOptions::default().with_null("\u{1e}");
    let formatter = ArrayFormatter::try_new(array, &options)?;
    let texts = (0..array.len()).map(|row| array.is_valid(row).then(|| formatter.value(row).to_string()));
    Ok(texts.collect())
}
