//! Dates: `date_diff(part, start, end)`, `date_add(part, n, date)`, `last_day(date [, part])`.
//!
//! Differences count the boundaries crossed, as DuckDB and most warehouses do: from 23:59 to 00:01 is one day. Weeks
//! begin on Monday. Adding months keeps the day, or takes the month's last.

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};
use datafusion::arrow::array::TimestampMicrosecondArray;
use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, Date32Array, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::arrow::datatypes::{Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The functions.
pub(super) fn functions() -> Vec<ScalarUDF> {
    [DateFunction::Diff, DateFunction::Add, DateFunction::LastDay]
        .map(|function| {
            ScalarUDF::from(Dates {
                function,
                signature: Signature::user_defined(Volatility::Immutable),
            })
        })
        .to_vec()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum DateFunction {
    Diff,
    Add,
    LastDay,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Dates {
    function: DateFunction,
    signature: Signature,
}

/// A part of a date that can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Part {
    fn named(name: &str) -> Result<Self> {
        Ok(match name.trim().to_lowercase().as_str() {
            "microsecond" | "microseconds" | "us" => Self::Microsecond,
            "millisecond" | "milliseconds" | "ms" => Self::Millisecond,
            "second" | "seconds" | "s" => Self::Second,
            "minute" | "minutes" | "mi" => Self::Minute,
            "hour" | "hours" | "h" => Self::Hour,
            "day" | "days" | "d" => Self::Day,
            "week" | "weeks" | "isoweek" | "w" => Self::Week,
            "month" | "months" | "mon" => Self::Month,
            "quarter" | "quarters" | "q" => Self::Quarter,
            "year" | "years" | "y" => Self::Year,
            _ => return plan_err!("`{name}` is no part of a date"),
        })
    }

    /// Months in the part, if it is made of months.
    fn months(self) -> Option<i64> {
        match self {
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Year => Some(12),
            _ => None,
        }
    }

    fn micros(self) -> i64 {
        match self {
            Self::Microsecond => 1,
            Self::Millisecond => 1_000,
            Self::Second => 1_000_000,
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
            Self::Week => 7 * 86_400_000_000,
            _ => 86_400_000_000,
        }
    }

    fn is_whole_days(self) -> bool {
        self.months().is_some() || matches!(self, Self::Day | Self::Week)
    }
}

impl ScalarUDFImpl for Dates {
    fn name(&self) -> &'static str {
        match self.function {
            DateFunction::Diff => "date_diff",
            DateFunction::Add => "date_add",
            DateFunction::LastDay => "last_day",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match (self.function, types) {
            (DateFunction::Diff, [_, _, _]) => Ok(vec![DataType::Utf8, TIMESTAMP, TIMESTAMP]),
            (DateFunction::Add, [_, _, date]) => {
                Ok(vec![DataType::Utf8, DataType::Int64, date_or_timestamp(date)])
            }
            (DateFunction::LastDay, [_]) => Ok(vec![DataType::Date32]),
            (DateFunction::LastDay, [_, _]) => Ok(vec![DataType::Date32, DataType::Utf8]),
            (DateFunction::LastDay, _) => {
                plan_err!("last_day takes a date and, if it is not the month, a part")
            }
            (_, _) => plan_err!("{} takes 3 arguments, {} given", self.name(), types.len()),
        }
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        plan_err!("the type of {} depends on its part", self.name())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let data_type = match self.function {
            DateFunction::Diff => DataType::Int64,
            DateFunction::LastDay => DataType::Date32,
            DateFunction::Add => {
                let is_date = args
                    .arg_fields
                    .get(2)
                    .is_some_and(|f| *f.data_type() == DataType::Date32);
                let part = match args.scalar_arguments.first() {
                    Some(Some(part)) => Part::named(part.try_as_str().flatten().unwrap_or_default())?,
                    _ => return plan_err!("the part given to date_add must be constant"),
                };
                if is_date && part.is_whole_days() {
                    DataType::Date32
                } else {
                    TIMESTAMP
                }
            }
        };
        Ok(Arc::new(Field::new(self.name(), data_type, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let wanted = args.return_field.data_type().clone();
        let constant = args
            .args
            .iter()
            .all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let part = match (self.function, args.args.as_slice()) {
            (DateFunction::LastDay, [_]) => Part::Month,
            (DateFunction::LastDay, [_, part]) | (_, [part, ..]) => named(part)?,
            (_, []) => return exec_err!("{} takes arguments", self.name()),
        };
        let columns = args
            .args
            .iter()
            .map(|arg| arg.to_array(rows))
            .collect::<Result<Vec<_>>>()?;
        let result: ArrayRef = match (self.function, columns.as_slice()) {
            (DateFunction::Diff, [_, start, end]) => Arc::new(difference(part, start, end)),
            (DateFunction::Add, [_, count, date]) => cast(&added(part, count, date)?, &wanted)?,
            (DateFunction::LastDay, [date, ..]) => Arc::new(last_day(part, date)),
            _ => return exec_err!("{} takes other arguments", self.name()),
        };
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

fn date_or_timestamp(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Date32 => DataType::Date32,
        _ => TIMESTAMP,
    }
}

fn named(part: &ColumnarValue) -> Result<Part> {
    match part {
        ColumnarValue::Scalar(scalar) => Part::named(scalar.try_as_str().flatten().unwrap_or_default()),
        ColumnarValue::Array(_) => plan_err!("the part of a date must be constant"),
    }
}

fn difference(part: Part, start: &ArrayRef, end: &ArrayRef) -> Int64Array {
    let micros = start.as_primitive::<TimestampMicrosecondType>().iter();
    micros
        .zip(end.as_primitive::<TimestampMicrosecondType>())
        .map(|(start, end)| Some(ordinal(part, end?)? - ordinal(part, start?)?))
        .collect()
}

/// The number of the part that an instant lies in, counted from some fixed one.
fn ordinal(part: Part, micros: i64) -> Option<i64> {
    /// Days from the Monday before 1970-01-01, a Thursday, to it.
    const MONDAY: i64 = 3;
    match part.months() {
        Some(months) => {
            let date = instant(micros)?.date();
            Some((i64::from(date.year()) * 12 + i64::from(date.month0())).div_euclid(months))
        }
        None if part == Part::Week => Some((micros.div_euclid(Part::Day.micros()) + MONDAY).div_euclid(7)),
        None => Some(micros.div_euclid(part.micros())),
    }
}

fn instant(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|instant| instant.naive_utc())
}

fn added(part: Part, count: &ArrayRef, date: &ArrayRef) -> Result<ArrayRef> {
    let starts = cast(date, &TIMESTAMP)?;
    let counts = count.as_primitive::<Int64Type>().iter();
    let sums: TimestampMicrosecondArray = starts
        .as_primitive::<TimestampMicrosecondType>()
        .iter()
        .zip(counts)
        .map(|(start, count)| sum(part, start?, count?))
        .collect();
    let lost = (0..sums.len()).any(|row| sums.is_null(row) && !date.is_null(row) && !count.is_null(row));
    if lost {
        return exec_err!("date_add leaves the range of dates");
    }
    Ok(Arc::new(sums))
}

fn sum(part: Part, start: i64, count: i64) -> Option<i64> {
    let start = instant(start)?;
    let end = match part.months() {
        Some(months) => {
            let months = months.checked_mul(count)?;
            let distance = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
            if months < 0 {
                start.checked_sub_months(distance)?
            } else {
                start.checked_add_months(distance)?
            }
        }
        None => start.checked_add_signed(TimeDelta::microseconds(part.micros().checked_mul(count)?))?,
    };
    Some(end.and_utc().timestamp_micros())
}

fn last_day(part: Part, dates: &ArrayRef) -> Date32Array {
    dates
        .as_primitive::<Date32Type>()
        .iter()
        .map(|days| {
            let date = Date32Type::to_naive_date_opt(days?)?;
            Some(Date32Type::from_naive_date(end_of(part, date)?))
        })
        .collect()
}

fn end_of(part: Part, date: NaiveDate) -> Option<NaiveDate> {
    match part.months() {
        Some(months) => {
            let months = u32::try_from(months).ok()?;
            let first = date.with_day(1)?.with_month0(date.month0() / months * months)?;
            first.checked_add_months(Months::new(months))?.pred_opt()
        }
        None if part == Part::Week => {
            let left = 6 - u64::from(date.weekday().num_days_from_monday());
            date.checked_add_days(Days::new(left))
        }
        None => Some(date),
    }
}
