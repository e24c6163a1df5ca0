//! `arg_max(value, key)` and `arg_min(value, key)`: the value in the row with the greatest or the least key.
//!
//! Rows whose value or key is null are left out. Among rows of one key the greatest value is taken, so the result does
//! not depend on the order of the rows. DataFusion's own way, `last_value(value order by key)`, compares rows through
//! general comparators and takes more than twice the time.
//!
//! Keys of up to 64 bits are compared as integers whose order is that of the keys; all others, and values that are not
//! text, as bytes of Arrow's row format.

use std::cmp::Ordering;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray as _, BinaryArray, BooleanArray, Int64Array, StringArray,
};
use datafusion::arrow::compute::{SortOptions, cast};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type, UInt64Type};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use crate::engine::types::storage_type;

/// The two functions, under all their names.
pub(super) fn functions() -> [AggregateUDF; 2] {
    [
        ArgExtreme::new("arg_max", &["max_by", "argmax"], Extreme::Greatest),
        ArgExtreme::new("arg_min", &["min_by", "argmin"], Extreme::Least),
    ]
    .map(AggregateUDF::from)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Extreme {
    Greatest,
    Least,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ArgExtreme {
    name: &'static str,
    aliases: Vec<String>,
    extreme: Extreme,
    signature: Signature,
}

impl ArgExtreme {
    fn new(name: &'static str, aliases: &[&str], extreme: Extreme) -> Self {
        Self {
            name,
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            extreme,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }

    fn groups(&self, args: &AccumulatorArgs<'_>) -> Result<Groups> {
        let types = args
            .expr_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect::<Vec<_>>();
        let [value, key] = types.as_slice() else {
            return exec_err!("{} takes a value and a key", self.name);
        };
        Groups::new(value, &KeyCode::new(key, self.extreme)?)
    }
}

impl AggregateUDFImpl for ArgExtreme {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.len() != 2 {
            return exec_err!(
                "{} takes 2 arguments, a value and a key; {} given",
                self.name,
                types.len()
            );
        }
        Ok(types.iter().map(storage_type).collect())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [value, _] = types else {
            return exec_err!("{} takes a value and a key", self.name);
        };
        Ok(value.clone())
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let key = args.input_fields.get(1).map(|field| field.data_type().clone());
        let code = KeyCode::new(&key.unwrap_or(DataType::Null), self.extreme)?;
        Ok(vec![
            Arc::new(Field::new(
                format!("{}[value]", args.name),
                args.return_type().clone(),
                true,
            )),
            Arc::new(Field::new(format!("{}[key]", args.name), code.state_type(), true)),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup(self.groups(&args)?)))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.groups(&args)?))
    }
}

/// How keys are turned into something whose greatest is wanted.
#[derive(Debug, Clone)]
enum KeyCode {
    Integers(Extreme),
    Rows(Arc<RowConverter>),
}

impl KeyCode {
    fn new(key: &DataType, extreme: Extreme) -> Result<Self> {
        let fits = matches!(
            key,
            DataType::Boolean
                | DataType::Int8
                | DataType::Int16
                | DataType::Int32
                | DataType::Int64
                | DataType::UInt8
                | DataType::UInt16
                | DataType::UInt32
                | DataType::UInt64
                | DataType::Float16
                | DataType::Float32
                | DataType::Float64
                | DataType::Date32
                | DataType::Time64(_)
                | DataType::Timestamp(_, _)
        );
        if fits {
            return Ok(Self::Integers(extreme));
        }
        let options = SortOptions {
            descending: extreme == Extreme::Least,
            nulls_first: true,
        };
        let field = SortField::new_with_options(key.clone(), options);
        Ok(Self::Rows(Arc::new(RowConverter::new(vec![field])?)))
    }

    fn state_type(&self) -> DataType {
        match self {
            Self::Integers(_) => DataType::Int64,
            Self::Rows(_) => DataType::Binary,
        }
    }

    fn encode(&self, keys: &ArrayRef) -> Result<ArrayRef> {
        match self {
            Self::Integers(extreme) => {
                let integers = ordered_integers(keys)?;
                Ok(Arc::new(match extreme {
                    Extreme::Greatest => integers,
                    // `!k` turns the order round without overflow.
                    Extreme::Least => integers.unary(|key| !key),
                }))
            }
            Self::Rows(converter) => row_bytes(converter, keys),
        }
    }
}

/// Integers in the order of the keys.
fn ordered_integers(keys: &ArrayRef) -> Result<Int64Array> {
    match keys.data_type() {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let floats = cast(keys, &DataType::Float64)?;
            Ok(floats.as_primitive::<Float64Type>().unary(|key: f64| {
                let bits = i64::from_ne_bytes(key.to_ne_bytes());
                if bits < 0 { bits ^ i64::MAX } else { bits }
            }))
        }
        DataType::UInt64 => Ok(keys
            .as_primitive::<UInt64Type>()
            .unary(|key: u64| i64::from_ne_bytes((key ^ (1 << 63)).to_ne_bytes()))),
        DataType::Date32 => {
            let days = cast(keys, &DataType::Int32)?;
            Ok(cast(&days, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
        }
        _ => Ok(cast(keys, &DataType::Int64)?.as_primitive::<Int64Type>().clone()),
    }
}

fn row_bytes(converter: &RowConverter, column: &ArrayRef) -> Result<ArrayRef> {
    let rows = converter.convert_columns(&[Arc::clone(column)])?;
    Ok(Arc::new(
        (0..column.len())
            .map(|row| (!column.is_null(row)).then(|| rows.row(row)))
            .collect::<BinaryArray>(),
    ))
}

/// The best row of each group so far.
#[derive(Debug, Clone)]
struct Groups {
    code: KeyCode,
    keys: Keys,
    values: Values,
}

#[derive(Debug, Clone)]
enum Keys {
    Integers(Vec<i64>),
    Bytes(Vec<Vec<u8>>),
}

/// Values of the groups; `None` where there is no row yet.
#[derive(Debug, Clone)]
struct Values {
    kept: Vec<Option<Vec<u8>>>,
    heap_bytes: usize,
    /// How values that are not text become bytes and values again.
    rows: Option<Arc<RowConverter>>,
}

impl Groups {
    fn new(value: &DataType, code: &KeyCode) -> Result<Self> {
        let rows = if *value == DataType::Utf8 {
            None
        } else {
            Some(Arc::new(RowConverter::new(vec![SortField::new(value.clone())])?))
        };
        Ok(Self {
            code: code.clone(),
            keys: match code {
                KeyCode::Integers(_) => Keys::Integers(Vec::new()),
                KeyCode::Rows(_) => Keys::Bytes(Vec::new()),
            },
            values: Values {
                kept: Vec::new(),
                heap_bytes: 0,
                rows,
            },
        })
    }

    fn take_rows(
        &mut self,
        columns: (&ArrayRef, &ArrayRef),
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.values.kept.resize(total, None);
        let (values, keys) = columns;
        let encoded = match &self.values.rows {
            None => None,
            Some(converter) => Some(row_bytes(converter, values)?),
        };
        let bytes: Bytes<'_> = match &encoded {
            Some(rows) => Bytes::Rows(rows.as_binary()),
            None => Bytes::Text(values.as_string()),
        };
        let included = |row: usize| {
            !values.is_null(row)
                && !keys.is_null(row)
                && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
        };
        match &mut self.keys {
            Keys::Integers(kept) => {
                kept.resize(total, i64::MIN);
                let keys = keys.as_primitive::<Int64Type>();
                for (row, group) in groups.iter().enumerate().filter(|(row, _)| included(*row)) {
                    let key = keys.value(row);
                    if let Some(best) = kept.get_mut(*group) {
                        let order = key.cmp(best);
                        if self.values.offer(*group, order, bytes.value(row)) {
                            *best = key;
                        }
                    }
                }
            }
            Keys::Bytes(kept) => {
                kept.resize(total, Vec::new());
                let keys = keys.as_binary::<i32>();
                for (row, group) in groups.iter().enumerate().filter(|(row, _)| included(*row)) {
                    let key = keys.value(row);
                    if let Some(best) = kept.get_mut(*group) {
                        let order = key.cmp(best.as_slice());
                        if self.values.offer(*group, order, bytes.value(row)) {
                            key.clone_into(best);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Emits values and the keys they were chosen by.
    fn emit(&mut self, emit_to: EmitTo) -> Result<(ArrayRef, ArrayRef)> {
        let kept = emit_to.take_needed(&mut self.values.kept);
        self.values.heap_bytes = self.values.kept.iter().flatten().map(Vec::len).sum();
        let has_row: Vec<bool> = kept.iter().map(Option::is_some).collect();
        let keys: ArrayRef = match &mut self.keys {
            Keys::Integers(keys) => {
                let keys = emit_to.take_needed(keys);
                Arc::new(
                    keys.into_iter()
                        .zip(&has_row)
                        .map(|(key, has)| has.then_some(key))
                        .collect::<Int64Array>(),
                )
            }
            Keys::Bytes(keys) => {
                let keys = emit_to.take_needed(keys);
                Arc::new(
                    keys.into_iter()
                        .zip(&has_row)
                        .map(|(key, has)| has.then_some(key))
                        .collect::<BinaryArray>(),
                )
            }
        };
        Ok((self.values.array(&kept)?, keys))
    }
}

/// One batch's values as bytes.
enum Bytes<'a> {
    Text(&'a StringArray),
    Rows(&'a BinaryArray),
}

impl Bytes<'_> {
    fn value(&self, row: usize) -> &[u8] {
        match self {
            Self::Text(text) => text.value(row).as_bytes(),
            Self::Rows(rows) => rows.value(row),
        }
    }
}

impl Values {
    /// Takes a value if its key is greater, or equal and the value greater; says whether it was taken.
    fn offer(&mut self, group: usize, key_order: Ordering, value: &[u8]) -> bool {
        let Some(kept) = self.kept.get_mut(group) else {
            return false;
        };
        match kept {
            None => {
                self.heap_bytes += value.len();
                *kept = Some(value.to_vec());
                true
            }
            Some(best) => {
                let better = key_order.then_with(|| value.cmp(best.as_slice())) == Ordering::Greater;
                if better {
                    self.heap_bytes = self.heap_bytes + value.len() - best.len();
                    value.clone_into(best);
                }
                better
            }
        }
    }

    fn array(&self, kept: &[Option<Vec<u8>>]) -> Result<ArrayRef> {
        let Some(converter) = &self.rows else {
            let text = kept
                .iter()
                .map(|value| value.as_deref().map(std::str::from_utf8).transpose())
                .collect::<Result<StringArray, _>>();
            return match text {
                Ok(text) => Ok(Arc::new(text)),
                Err(error) => exec_err!("text is not UTF-8: {error}"),
            };
        };
        let null = converter.convert_columns(&[null_of(converter)?])?;
        let parser = converter.parser();
        let rows = kept.iter().map(|value| match value {
            Some(bytes) => parser.parse(bytes),
            None => null.row(0),
        });
        let mut columns = converter.convert_rows(rows)?;
        columns
            .pop()
            .ok_or_else(|| DataFusionError::Internal("a row has no column".to_owned()))
    }
}

fn null_of(converter: &RowConverter) -> Result<ArrayRef> {
    let empty = converter.convert_rows(std::iter::empty())?;
    let [column] = empty.as_slice() else {
        return exec_err!("a row has one column");
    };
    ScalarValue::try_from(column.data_type())?.to_array()
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        let [values, keys] = values else {
            return exec_err!("a value and a key are wanted");
        };
        let keys = self.code.encode(keys)?;
        self.take_rows((values, &keys), group_indices, opt_filter, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(self.emit(emit_to)?.0)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (values, keys) = self.emit(emit_to)?;
        Ok(vec![values, keys])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        let [values, keys] = values else {
            return exec_err!("a value and a key are wanted");
        };
        self.take_rows((values, keys), group_indices, None, total_num_groups)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [values, keys] = values else {
            return exec_err!("a value and a key are wanted");
        };
        let keys = self.code.encode(keys)?;
        let Some(filter) = opt_filter else {
            return Ok(vec![Arc::clone(values), keys]);
        };
        let left_out =
            datafusion::arrow::compute::not(&datafusion::arrow::compute::prep_null_mask_filter(filter))?;
        let keys = datafusion::arrow::compute::nullif(&keys, &left_out)?;
        Ok(vec![Arc::clone(values), keys])
    }

    fn size(&self) -> usize {
        let keys = match &self.keys {
            Keys::Integers(keys) => keys.capacity() * size_of::<i64>(),
            Keys::Bytes(keys) => keys.capacity() * (size_of::<Vec<u8>>() + size_of::<i64>()),
        };
        keys + self.values.kept.capacity() * size_of::<Option<Vec<u8>>>() + self.values.heap_bytes
    }
}

/// The whole input as one group.
#[derive(Debug)]
struct OneGroup(Groups);

impl OneGroup {
    fn best(&self) -> Result<(ArrayRef, ArrayRef)> {
        let mut groups = self.0.clone();
        groups.values.kept.resize(1, None);
        match &mut groups.keys {
            Keys::Integers(keys) => keys.resize(1, i64::MIN),
            Keys::Bytes(keys) => keys.resize(1, Vec::new()),
        }
        groups.emit(EmitTo::All)
    }
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, datafusion::arrow::array::Array::len);
        GroupsAccumulator::update_batch(&mut self.0, values, &vec![0; rows], None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, datafusion::arrow::array::Array::len);
        GroupsAccumulator::merge_batch(&mut self.0, states, &vec![0; rows], 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.best()?.0, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (value, key) = self.best()?;
        Ok(vec![
            ScalarValue::try_from_array(&value, 0)?,
            ScalarValue::try_from_array(&key, 0)?,
        ])
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(&self.0)
    }
}
