//! `run_started_at`, `modules.datetime` and `modules.pytz`: instants, days, spans of time and zones.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use chrono::{
    DateTime, Datelike as _, Duration, NaiveDate, NaiveDateTime, TimeZone as _, Timelike as _, Utc,
};
use chrono_tz::Tz;
use minijinja::Value;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};

use super::Entry;
use crate::error::codes;
use crate::jinja::eval::{Call, Interpreter};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::syntax::tree::Operator;
use crate::jinja::value::text;

/// What hangs on `modules.datetime`.
pub(super) const MODULE: &[Entry] = &[("timedelta", timedelta)];

/// What hangs on `modules.datetime.datetime`.
pub(super) const DATETIME: &[Entry] = &[
    ("now", now),
    ("utcnow", utcnow),
    ("today", utcnow),
    ("strptime", strptime),
    ("fromisoformat", |_, call| {
        parse_iso(&call.text(0, "date_string")?)
    }),
    ("fromtimestamp", from_timestamp),
    ("utcfromtimestamp", from_timestamp),
];

/// What hangs on `modules.datetime.date`.
pub(super) const DATE: &[Entry] = &[
    ("today", |interpreter, _| {
        Ok(TimeValue::Day(read_clock(interpreter).date_naive()).value())
    }),
    ("fromisoformat", |_, call| {
        let given = call.text(0, "date_string")?;
        given
            .parse()
            .map(|day| TimeValue::Day(day).value())
            .map_err(|_| unreadable(&given))
    }),
];

/// What hangs on `modules.pytz`.
pub(super) const PYTZ: &[Entry] = &[("timezone", |_, call| {
    let name = call.text(0, "zone")?;
    zone(&name).map(|zone| TimeValue::Zone(zone).value())
})];

/// A value of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum TimeValue {
    /// An instant in a zone.
    Zoned(DateTime<Tz>),
    /// A date and a time of day without a zone.
    Naive(NaiveDateTime),
    /// A day.
    Day(NaiveDate),
    /// A span of time.
    Delta(Duration),
    /// A time zone.
    Zone(Tz),
}

/// An instant in UTC, as a value.
pub(crate) fn instant(at: DateTime<Utc>) -> Value {
    TimeValue::Zoned(at.with_timezone(&Tz::UTC)).value()
}

/// The zone UTC, as a value.
pub(super) fn utc() -> Value {
    TimeValue::Zone(Tz::UTC).value()
}

fn read_clock(interpreter: &mut Interpreter<'_>) -> DateTime<Utc> {
    interpreter.record.reads_clock = true;
    interpreter.renderer.clock().run_started_at
}

fn unreadable(given: &str) -> Signal {
    Signal::fault(
        codes::TEMPLATE_VALUE,
        format!("`{given}` cannot be read as a time"),
    )
}

fn out_of_range() -> Signal {
    Signal::fault(codes::TEMPLATE_VALUE, "there is no such time")
}

fn zone(name: &str) -> Outcome<Tz> {
    name.parse()
        .map_err(|_| Signal::fault(codes::TEMPLATE_VALUE, format!("there is no time zone `{name}`")))
}

fn time_of(value: &Value) -> Option<TimeValue> {
    value.downcast_object_ref::<TimeValue>().copied()
}

fn now(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let at = read_clock(interpreter);
    Ok(match call.arg(0, "tz").and_then(time_of) {
        Some(TimeValue::Zone(zone)) => TimeValue::Zoned(at.with_timezone(&zone)).value(),
        _ => TimeValue::Naive(at.naive_utc()).value(),
    })
}

fn utcnow(interpreter: &mut Interpreter<'_>, _: &Call) -> Outcome {
    Ok(TimeValue::Naive(read_clock(interpreter).naive_utc()).value())
}

fn strptime(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let given = call.text(0, "date_string")?;
    let format = call.text(1, "format")?;
    if let Ok(at) = DateTime::parse_from_str(&given, &format) {
        return Ok(TimeValue::Zoned(at.with_timezone(&Tz::UTC)).value());
    }
    let day = || {
        NaiveDate::parse_from_str(&given, &format)
            .ok()
            .and_then(|day| day.and_hms_opt(0, 0, 0))
    };
    let at = NaiveDateTime::parse_from_str(&given, &format).ok().or_else(day);
    at.map(|at| TimeValue::Naive(at).value())
        .ok_or_else(|| unreadable(&given))
}

fn parse_iso(given: &str) -> Outcome {
    if let Ok(at) = DateTime::parse_from_rfc3339(given) {
        return Ok(TimeValue::Zoned(at.with_timezone(&Tz::UTC)).value());
    }
    let with_time = given.replace(' ', "T").parse::<NaiveDateTime>().ok();
    let day = || {
        given
            .parse::<NaiveDate>()
            .ok()
            .and_then(|day| day.and_hms_opt(0, 0, 0))
    };
    let at = with_time.or_else(day);
    at.map(|at| TimeValue::Naive(at).value())
        .ok_or_else(|| unreadable(given))
}

fn from_timestamp(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let seconds = call.required(0, "timestamp")?;
    let seconds = f64::try_from(seconds.clone()).map_err(|_| unreadable(&text::display(seconds)))?;
    let since = microseconds(seconds * 1e6).ok_or_else(out_of_range)?;
    let at = DateTime::<Utc>::UNIX_EPOCH
        .checked_add_signed(since)
        .ok_or_else(out_of_range)?;
    Ok(TimeValue::Naive(at.naive_utc()).value())
}

fn microseconds(count: f64) -> Option<Duration> {
    format!("{:.0}", count.round())
        .parse()
        .ok()
        .map(Duration::microseconds)
}

fn timedelta(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let units = [
        ("days", 86_400e6),
        ("seconds", 1e6),
        ("microseconds", 1.0),
        ("milliseconds", 1e3),
        ("minutes", 60e6),
        ("hours", 3_600e6),
        ("weeks", 604_800e6),
    ];
    call.only(&units.map(|(name, _)| name))?;
    let mut total = 0.0;
    for (index, (name, size)) in units.into_iter().enumerate() {
        if let Some(value) = call.arg(index, name) {
            let count = f64::try_from(value.clone()).map_err(|_| unreadable(&text::display(value)))?;
            total += count * size;
        }
    }
    microseconds(total)
        .map(|delta| TimeValue::Delta(delta).value())
        .ok_or_else(out_of_range)
}

fn part(call: &Call, index: usize, name: &str, default: u32) -> u32 {
    let given = call.arg(index, name).and_then(Value::as_i64);
    given.map_or(default, |given| u32::try_from(given).unwrap_or(u32::MAX))
}

fn year(call: &Call, default: i32) -> i32 {
    let given = call.arg(0, "year").and_then(Value::as_i64);
    given.map_or(default, |given| i32::try_from(given).unwrap_or(i32::MAX))
}

/// `modules.datetime.datetime(year, month, day, …)`.
pub(super) fn make_datetime(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let day = NaiveDate::from_ymd_opt(year(call, 0), part(call, 1, "month", 0), part(call, 2, "day", 0));
    let at = day.and_then(|day| {
        day.and_hms_micro_opt(
            part(call, 3, "hour", 0),
            part(call, 4, "minute", 0),
            part(call, 5, "second", 0),
            part(call, 6, "microsecond", 0),
        )
    });
    let at = at.ok_or_else(out_of_range)?;
    match call.arg(7, "tzinfo").and_then(time_of) {
        Some(TimeValue::Zone(zone)) => localized(at, zone),
        _ => Ok(TimeValue::Naive(at).value()),
    }
}

/// `modules.datetime.date(year, month, day)`.
pub(super) fn make_date(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let day = NaiveDate::from_ymd_opt(year(call, 0), part(call, 1, "month", 0), part(call, 2, "day", 0));
    day.map(|day| TimeValue::Day(day).value())
        .ok_or_else(out_of_range)
}

fn localized(at: NaiveDateTime, zone: Tz) -> Outcome {
    let at = zone
        .from_local_datetime(&at)
        .earliest()
        .ok_or_else(out_of_range)?;
    Ok(TimeValue::Zoned(at).value())
}

/// Addition and subtraction where one side is a value of time.
pub(crate) fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Option<Value> {
    let (left_time, right_time) = (time_of(left), time_of(right));
    let time = match (operator, left_time, right_time) {
        (Operator::Add, Some(time), Some(TimeValue::Delta(delta)))
        | (Operator::Add, Some(TimeValue::Delta(delta)), Some(time)) => time.plus(delta)?,
        (Operator::Subtract, Some(time), Some(TimeValue::Delta(delta))) => time.plus(-delta)?,
        (Operator::Subtract, Some(time), Some(other)) => TimeValue::Delta(time.since(other)?),
        (Operator::Multiply, Some(TimeValue::Delta(delta)), None) => {
            TimeValue::Delta(delta.checked_mul(i32::try_from(right.as_i64()?).ok()?)?)
        }
        (Operator::Multiply, None, Some(TimeValue::Delta(delta))) => {
            TimeValue::Delta(delta.checked_mul(i32::try_from(left.as_i64()?).ok()?)?)
        }
        _ => return None,
    };
    Some(time.value())
}

impl TimeValue {
    fn value(self) -> Value {
        Value::from_object(self)
    }

    fn plus(self, delta: Duration) -> Option<Self> {
        Some(match self {
            Self::Zoned(at) => Self::Zoned(at.checked_add_signed(delta)?),
            Self::Naive(at) => Self::Naive(at.checked_add_signed(delta)?),
            Self::Day(day) => Self::Day(day.checked_add_signed(Duration::days(delta.num_days()))?),
            Self::Delta(own) => Self::Delta(own.checked_add(&delta)?),
            Self::Zone(_) => return None,
        })
    }

    fn since(self, other: Self) -> Option<Duration> {
        match (self, other) {
            (Self::Zoned(a), Self::Zoned(b)) => Some(a.signed_duration_since(b)),
            (Self::Day(a), Self::Day(b)) => Some(a.signed_duration_since(b)),
            (a, b) => Some(a.naive()?.signed_duration_since(b.naive()?)),
        }
    }

    fn naive(self) -> Option<NaiveDateTime> {
        match self {
            Self::Zoned(at) => Some(at.naive_local()),
            Self::Naive(at) => Some(at),
            Self::Day(day) => day.and_hms_opt(0, 0, 0),
            Self::Delta(_) | Self::Zone(_) => None,
        }
    }

    fn iso(self, separator: &str) -> String {
        let time = |at: NaiveDateTime| {
            let fraction = if at.nanosecond() / 1000 == 0 { "" } else { "%.6f" };
            at.format(&format!("%Y-%m-%d{separator}%H:%M:%S{fraction}"))
                .to_string()
        };
        match self {
            Self::Zoned(at) => format!("{}{}", time(at.naive_local()), at.format("%:z")),
            Self::Naive(at) => time(at),
            Self::Day(day) => day.to_string(),
            Self::Delta(delta) => delta_text(delta),
            Self::Zone(zone) => zone.name().to_owned(),
        }
    }

    fn strftime(self, format: &str) -> Outcome {
        let format = format.replace("%f", "%6f");
        let mut written = String::new();
        let outcome = match self {
            Self::Zoned(at) => write!(written, "{}", at.format(&format)),
            other => match other.naive() {
                Some(at) => write!(written, "{}", at.format(&format)),
                None => Err(fmt::Error),
            },
        };
        outcome.map(|()| Value::from(written)).map_err(|_| {
            Signal::fault(
                codes::TEMPLATE_VALUE,
                format!("`{format}` is no format that fits the value"),
            )
        })
    }

    fn field(self, name: &str) -> Option<Value> {
        if let Self::Delta(delta) = self {
            let days = delta.num_seconds().div_euclid(86_400);
            return match name {
                "days" => Some(Value::from(days)),
                "seconds" => Some(Value::from(delta.num_seconds().rem_euclid(86_400))),
                "microseconds" => Some(Value::from(delta.subsec_nanos() / 1000)),
                _ => None,
            };
        }
        let at = self.naive()?;
        match name {
            "year" => Some(Value::from(at.year())),
            "month" => Some(Value::from(at.month())),
            "day" => Some(Value::from(at.day())),
            "hour" => Some(Value::from(at.hour())),
            "minute" => Some(Value::from(at.minute())),
            "second" => Some(Value::from(at.second())),
            "microsecond" => Some(Value::from(at.nanosecond() / 1000)),
            "tzinfo" => Some(match self {
                Self::Zoned(at) => Self::Zone(at.timezone()).value(),
                _ => Value::from(()),
            }),
            _ => None,
        }
    }

    fn replaced(self, call: &Call) -> Outcome {
        let at = self.naive().ok_or_else(out_of_range)?;
        let field = |name: &str, default: u32| {
            call.named
                .get(name)
                .map_or(default, |_| part(call, usize::MAX, name, default))
        };
        let year = call
            .named
            .get("year")
            .map_or(at.year(), |_| year(call, at.year()));
        let day = NaiveDate::from_ymd_opt(year, field("month", at.month()), field("day", at.day()))
            .ok_or_else(out_of_range)?;
        if matches!(self, Self::Day(_)) {
            return Ok(Self::Day(day).value());
        }
        let replaced = day.and_hms_micro_opt(
            field("hour", at.hour()),
            field("minute", at.minute()),
            field("second", at.second()),
            field("microsecond", at.nanosecond() / 1000),
        );
        let replaced = replaced.ok_or_else(out_of_range)?;
        match (self, call.named.get("tzinfo").map(time_of)) {
            (_, Some(Some(Self::Zone(zone)))) => localized(replaced, zone),
            (Self::Zoned(at), None) => localized(replaced, at.timezone()),
            _ => Ok(Self::Naive(replaced).value()),
        }
    }
}

fn delta_text(delta: Duration) -> String {
    let days = delta.num_seconds().div_euclid(86_400);
    let seconds = delta.num_seconds().rem_euclid(86_400);
    let clock = format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match days {
        0 => clock,
        1 | -1 => format!("{days} day, {clock}"),
        _ => format!("{days} days, {clock}"),
    }
}

/// The methods of values of time.
pub(crate) fn method(receiver: &Value, name: &str, call: &Call) -> Option<Outcome> {
    let time = time_of(receiver)?;
    Some(match (name, time) {
        ("strftime", _) => call.text(0, "format").and_then(|format| time.strftime(&format)),
        ("isoformat", _) => {
            let separator = call.arg(0, "sep").map_or_else(|| "T".to_owned(), text::display);
            Ok(Value::from(time.iso(&separator)))
        }
        ("date", _) => time
            .naive()
            .map(|at| TimeValue::Day(at.date()).value())
            .ok_or_else(out_of_range),
        ("timestamp", TimeValue::Zoned(at)) => Ok(seconds(at.timestamp_micros())),
        ("timestamp", TimeValue::Naive(at)) => Ok(seconds(at.and_utc().timestamp_micros())),
        ("total_seconds", TimeValue::Delta(delta)) => {
            Ok(seconds(delta.num_microseconds().unwrap_or(i64::MAX)))
        }
        ("astimezone", _) => astimezone(time, call),
        ("replace", _) => time.replaced(call),
        ("localize", TimeValue::Zone(zone)) => match call.args.first().and_then(time_of) {
            Some(TimeValue::Naive(at)) => localized(at, zone),
            _ => Err(out_of_range()),
        },
        ("weekday", _) => Ok(Value::from(time.naive()?.weekday().num_days_from_monday())),
        ("isoweekday", _) => Ok(Value::from(time.naive()?.weekday().number_from_monday())),
        _ => return None,
    })
}

fn seconds(microseconds: i64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "Python's timestamps are floats too")]
    Value::from(microseconds as f64 / 1e6)
}

fn astimezone(time: TimeValue, call: &Call) -> Outcome {
    let zone = match call.arg(0, "tz").and_then(time_of) {
        Some(TimeValue::Zone(zone)) => zone,
        _ => Tz::UTC,
    };
    match time {
        TimeValue::Zoned(at) => Ok(TimeValue::Zoned(at.with_timezone(&zone)).value()),
        TimeValue::Naive(at) => Ok(TimeValue::Zoned(at.and_utc().with_timezone(&zone)).value()),
        _ => Err(out_of_range()),
    }
}

impl Object for TimeValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.field(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        match (self.as_ref(), other) {
            (Self::Delta(a), Self::Delta(b)) => Some(a.cmp(b)),
            (Self::Zoned(a), Self::Zoned(b)) => Some(a.cmp(b)),
            (Self::Zone(a), Self::Zone(b)) => Some(a.name().cmp(b.name())),
            (a, b) => Some(a.naive().cmp(&b.naive())),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso(" "))
    }
}
