//! `mode(value)`: the most frequent value; among equally frequent ones the least, so that the result does not depend on
//! the order of the rows. Nulls do not count.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

/// The function.
pub(super) fn function() -> AggregateUDF {
    AggregateUDF::from(Mode {
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Mode {
    signature: Signature,
}

fn list(data_type: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", data_type, true)))
}

impl AggregateUDFImpl for Mode {
    fn name(&self) -> &'static str {
        "mode"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [value] = types else {
            return exec_err!("mode takes one value");
        };
        Ok(value.clone())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let data_type = args.return_field.data_type().clone();
        Ok(Box::new(Counts {
            converter: RowConverter::new(vec![SortField::new(data_type.clone())])?,
            data_type,
            seen: BTreeMap::new(),
            bytes: 0,
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![
            Arc::new(Field::new(
                format!("{}[values]", args.name),
                list(args.return_type().clone()),
                true,
            )),
            Arc::new(Field::new(
                format!("{}[counts]", args.name),
                list(DataType::Int64),
                true,
            )),
        ])
    }
}

/// How often each value was seen, by its bytes in Arrow's row format.
#[derive(Debug)]
struct Counts {
    converter: RowConverter,
    data_type: DataType,
    seen: BTreeMap<Box<[u8]>, i64>,
    bytes: usize,
}

impl Counts {
    fn add(&mut self, values: &ArrayRef, count: impl Fn(usize) -> i64) -> Result<()> {
        let rows = self.converter.convert_columns(&[Arc::clone(values)])?;
        for row in (0..values.len()).filter(|row| !values.is_null(*row)) {
            let bytes: &[u8] = rows.row(row).data();
            if let Some(times) = self.seen.get_mut(bytes) {
                *times += count(row);
            } else {
                self.bytes += bytes.len();
                self.seen.insert(bytes.into(), count(row));
            }
        }
        Ok(())
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a [u8]>) -> Result<ArrayRef> {
        let parser = self.converter.parser();
        let columns = self
            .converter
            .convert_rows(rows.map(|bytes| parser.parse(bytes)))?;
        let arrays: Vec<&dyn datafusion::arrow::array::Array> = columns.iter().map(AsRef::as_ref).collect();
        Ok(concat(&arrays)?)
    }
}

impl Accumulator for Counts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values] = values else {
            return exec_err!("mode takes one value");
        };
        self.add(values, |_| 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [values, counts] = states else {
            return exec_err!("mode has two states");
        };
        let lists = values.as_list::<i32>().iter().zip(counts.as_list::<i32>().iter());
        for (values, counts) in lists.filter_map(|(values, counts)| values.zip(counts)) {
            let counts = counts.as_primitive::<Int64Type>().clone();
            self.add(&values, |row| counts.value(row))?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut best: Option<(&[u8], i64)> = None;
        for (value, count) in &self.seen {
            if best.is_none_or(|(_, most)| *count > most) {
                best = Some((value, *count));
            }
        }
        match best {
            None => ScalarValue::try_from(&self.data_type),
            Some((value, _)) => ScalarValue::try_from_array(&self.values(std::iter::once(value))?, 0),
        }
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = if self.seen.is_empty() {
            datafusion::arrow::array::new_empty_array(&self.data_type)
        } else {
            self.values(self.seen.keys().map(AsRef::as_ref))?
        };
        let counts: Int64Array = self.seen.values().copied().collect();
        Ok(vec![
            ScalarValue::List(Arc::new(
                SingleRowListArrayBuilder::new(values).build_list_array(),
            )),
            ScalarValue::List(Arc::new(
                SingleRowListArrayBuilder::new(Arc::new(counts)).build_list_array(),
            )),
        ])
    }

    fn size(&self) -> usize {
        self.bytes + self.seen.len() * (size_of::<Box<[u8]>>() + 2 * size_of::<i64>())
    }
}
