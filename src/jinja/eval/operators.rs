//! Python's operators on template values.

use minijinja::Value;
use minijinja::value::{Tuple, ValueKind};

use super::format;
use super::loops::kind_name;
use crate::error::codes;
use crate::jinja::context::datetime;
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::syntax::tree::{Comparison, Operator};
use crate::jinja::value::{List, text};

/// A number: Python's `bool` counts as one.
#[derive(Debug, Clone, Copy)]
enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value.kind() {
            ValueKind::Bool => Some(Self::Integer(i128::from(value.is_true()))),
            ValueKind::Number if value.is_integer() => i128::try_from(value.clone()).ok().map(Self::Integer),
            ValueKind::Number => f64::try_from(value.clone()).ok().map(Self::Float),
            _ => None,
        }
    }

    fn float(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "Python rounds the same way")]
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Integer(integer) => {
                i64::try_from(integer).map_or_else(|_| Value::from(integer), Value::from)
            }
            Self::Float(float) => Value::from(float),
        }
    }
}

fn unfit(operator: &str, left: &Value, right: &Value) -> Signal {
    Signal::fault(
        codes::TEMPLATE_VALUE,
        format!(
            "`{operator}` cannot be used on {} and {}",
            kind_name(left),
            kind_name(right)
        ),
    )
}

/// Applies an arithmetic operator.
pub(crate) fn binary(operator: Operator, left: &Value, right: &Value) -> Outcome {
    if operator == Operator::Concat {
        return Ok(Value::from(text::display(left) + &text::display(right)));
    }
    if let Some(value) = datetime::arithmetic(operator, left, right) {
        return Ok(value);
    }
    if let (Some(left_number), Some(right_number)) = (Number::of(left), Number::of(right)) {
        return numeric(operator, left_number, right_number);
    }
    match operator {
        Operator::Add => add(left, right),
        Operator::Multiply => repeat(left, right),
        Operator::Remainder if left.kind() == ValueKind::String => format::percent(left, right),
        _ => Err(unfit(symbol(operator), left, right)),
    }
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::FloorDivide => "//",
        Operator::Remainder => "%",
        Operator::Power => "**",
        Operator::Concat => "~",
    }
}

fn numeric(operator: Operator, left: Number, right: Number) -> Outcome {
    let by_zero = || Signal::fault(codes::TEMPLATE_VALUE, "division by zero");
    let too_large = || Signal::fault(codes::TEMPLATE_VALUE, "the number is too large");
    if matches!(
        operator,
        Operator::Divide | Operator::FloorDivide | Operator::Remainder
    ) && right.float() == 0.0
    {
        return Err(by_zero());
    }
    let (Number::Integer(a), Number::Integer(b)) = (left, right) else {
        return Ok(Value::from(floating(operator, left.float(), right.float())));
    };
    let integer = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::FloorDivide => Some(a.div_euclid(b) - i128::from(b < 0 && a.rem_euclid(b) != 0)),
        Operator::Remainder => Some(((a % b) + b) % b),
        Operator::Power => match u32::try_from(b) {
            Ok(exponent) => a.checked_pow(exponent),
            Err(_) => return Ok(Value::from(left.float().powf(right.float()))),
        },
        Operator::Divide | Operator::Concat => return Ok(Value::from(left.float() / right.float())),
    };
    integer
        .map(|integer| Number::Integer(integer).value())
        .ok_or_else(too_large)
}

fn floating(operator: Operator, left: f64, right: f64) -> f64 {
    match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide | Operator::Concat => left / right,
        Operator::FloorDivide => (left / right).floor(),
        Operator::Remainder => left - right * (left / right).floor(),
        Operator::Power => left.powf(right),
    }
}

fn add(left: &Value, right: &Value) -> Outcome {
    if let (ValueKind::String, ValueKind::String) = (left.kind(), right.kind()) {
        return Ok(Value::from(text::display(left) + &text::display(right)));
    }
    if left.kind() == ValueKind::Seq && right.kind() == ValueKind::Seq && left.is_tuple() == right.is_tuple()
    {
        let items = [left, right]
            .into_iter()
            .flat_map(|list| list.try_iter().into_iter().flatten())
            .collect();
        return Ok(if left.is_tuple() {
            Value::from(Tuple::new(items))
        } else {
            List::value(items)
        });
    }
    let signal = unfit("+", left, right);
    if left.kind() == ValueKind::String || right.kind() == ValueKind::String {
        return Err(Signal::fault(
            codes::TEMPLATE_VALUE,
            format!(
                "`+` cannot be used on {} and {}; `~` joins anything as text",
                kind_name(left),
                kind_name(right)
            ),
        ));
    }
    Err(signal)
}

fn repeat(left: &Value, right: &Value) -> Outcome {
    let (what, times) = match (left.as_i64(), right.as_i64()) {
        (None, Some(times)) => (left, times),
        (Some(times), None) => (right, times),
        _ => return Err(unfit("*", left, right)),
    };
    let times = usize::try_from(times).unwrap_or_default();
    if times > 1_000_000 {
        return Err(Signal::fault(
            codes::TEMPLATE_VALUE,
            "the value would be too large",
        ));
    }
    match what.kind() {
        ValueKind::String => Ok(Value::from(text::display(what).repeat(times))),
        ValueKind::Seq => {
            let items: Vec<Value> = what.try_iter().into_iter().flatten().collect();
            Ok(List::value(std::iter::repeat_n(items, times).flatten().collect()))
        }
        _ => Err(unfit("*", left, right)),
    }
}

/// Changes a number's sign.
pub(crate) fn negate(value: &Value) -> Outcome {
    match Number::of(value) {
        Some(Number::Integer(integer)) => Ok(Number::Integer(-integer).value()),
        Some(Number::Float(float)) => Ok(Value::from(-float)),
        None if value.is_undefined() => Ok(Value::UNDEFINED),
        None => Err(Signal::fault(
            codes::TEMPLATE_VALUE,
            format!("`-` cannot be used on {}", kind_name(value)),
        )),
    }
}

/// Compares two values.
pub(crate) fn compare(comparison: Comparison, left: &Value, right: &Value) -> Outcome<bool> {
    Ok(match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => !equal(left, right),
        Comparison::Less => ordered(left, right)? && left < right,
        Comparison::LessOrEqual => ordered(left, right)? && left <= right,
        Comparison::Greater => ordered(left, right)? && left > right,
        Comparison::GreaterOrEqual => ordered(left, right)? && left >= right,
        Comparison::In => contains(right, left)?,
        Comparison::NotIn => !contains(right, left)?,
    })
}

fn equal(left: &Value, right: &Value) -> bool {
    left == right
}

/// Whether two values have an order; undefined ones count as not comparable, which makes every comparison false.
fn ordered(left: &Value, right: &Value) -> Outcome<bool> {
    if left.is_undefined() || right.is_undefined() {
        return Ok(false);
    }
    let is_number = |value: &Value| Number::of(value).is_some();
    if left.kind() == right.kind() || (is_number(left) && is_number(right)) {
        return Ok(true);
    }
    Err(unfit("<", left, right))
}

fn contains(container: &Value, item: &Value) -> Outcome<bool> {
    match container.kind() {
        ValueKind::String => match item.as_str() {
            Some(part) => Ok(container.as_str().is_some_and(|whole| whole.contains(part))),
            None if item.is_undefined() => Ok(false),
            None => Err(unfit("in", item, container)),
        },
        ValueKind::Undefined => Ok(false),
        ValueKind::Map => Ok(container.get_item(item).is_ok_and(|found| !found.is_undefined())
            || container.try_iter().into_iter().flatten().any(|key| &key == item)),
        _ => match container.try_iter() {
            Ok(mut items) => Ok(items.any(|found| equal(&found, item))),
            Err(_) => Err(unfit("in", item, container)),
        },
    }
}
