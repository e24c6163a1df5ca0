//! Slices: `x[start:stop:step]`, with Python's meaning of negative numbers.

use minijinja::Value;
use minijinja::value::{Tuple, ValueKind};

use super::Interpreter;
use super::loops::kind_name;
use crate::error::codes;
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::syntax::tree::{Expr, Slice};
use crate::jinja::value::List;

impl Interpreter<'_> {
    /// Evaluates a slice.
    pub(super) fn eval_slice(&mut self, slice: &Slice) -> Outcome {
        let base = self.eval(&slice.base)?;
        let start = self.bound(slice.start.as_ref())?;
        let stop = self.bound(slice.stop.as_ref())?;
        let step = self.bound(slice.step.as_ref())?.unwrap_or(1);
        if step == 0 {
            return Err(Signal::fault(codes::TEMPLATE_VALUE, "a slice's step cannot be 0"));
        }
        match base.kind() {
            ValueKind::Undefined => Ok(Value::UNDEFINED),
            ValueKind::String => {
                let characters: Vec<char> = base.as_str().unwrap_or_default().chars().collect();
                let picked: String = picked(&characters, start, stop, step).into_iter().collect();
                Ok(Value::from(picked))
            }
            _ => {
                let items: Vec<Value> = self.items_of(&base)?;
                let picked = picked(&items, start, stop, step);
                Ok(if base.is_tuple() {
                    Value::from(Tuple::new(picked))
                } else {
                    List::value(picked)
                })
            }
        }
    }

    fn bound(&mut self, expr: Option<&Expr>) -> Outcome<Option<i64>> {
        let Some(expr) = expr else {
            return Ok(None);
        };
        let value = self.eval(expr)?;
        match value.as_i64() {
            Some(bound) => Ok(Some(bound)),
            None if value.is_none() => Ok(None),
            None => Err(Signal::fault(
                codes::TEMPLATE_VALUE,
                format!("a slice's bound is a whole number, not {}", kind_name(&value)),
            )
            .placed(|| self.span(expr.at))),
        }
    }
}

/// The character of a text at an index.
pub(super) fn character(text: &str, index: i64) -> Value {
    let characters: Vec<char> = text.chars().collect();
    let length = i64::try_from(characters.len()).unwrap_or(i64::MAX);
    let at = if index < 0 { index + length } else { index };
    usize::try_from(at)
        .ok()
        .and_then(|at| characters.get(at))
        .map_or(Value::UNDEFINED, |found| Value::from(*found))
}

fn picked<T: Clone>(items: &[T], start: Option<i64>, stop: Option<i64>, step: i64) -> Vec<T> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let absolute = |bound: i64| if bound < 0 { bound + length } else { bound };
    let clamp = |bound: Option<i64>, default: i64| {
        bound.map_or(default, |bound| absolute(bound).clamp(lowest, highest))
    };
    let (first, end) = if step > 0 { (0, length) } else { (length - 1, -1) };
    let (mut at, end) = (clamp(start, first), clamp(stop, end));
    let mut picked = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        picked.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
        at += step;
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::picked;

    #[test]
    fn slices_are_pythons() {
        let items = [0, 1, 2, 3, 4];
        assert_eq!(picked(&items, Some(1), Some(-1), 1), [1, 2, 3]);
        assert_eq!(picked(&items, None, None, -1), [4, 3, 2, 1, 0]);
        assert_eq!(picked(&items, Some(-2), None, 1), [3, 4]);
        assert_eq!(picked(&items, Some(3), Some(0), -2), [3, 1]);
        assert_eq!(picked(&items, Some(9), None, 1), Vec::<i32>::new());
    }
}
