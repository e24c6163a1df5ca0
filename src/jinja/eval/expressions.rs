//! Expressions.

use minijinja::Value;
use minijinja::value::{Tuple, ValueKind};

use super::Interpreter;
use super::operators::{self, compare};
use crate::jinja::context::{self, facade::Facade};
use crate::jinja::fault::Outcome;
use crate::jinja::syntax::tree::{Choose, Comparison, Expr, ExprKind, Operator};
use crate::jinja::value::{Dict, List};

impl Interpreter<'_> {
    /// Evaluates an expression.
    pub(crate) fn eval(&mut self, expr: &Expr) -> Outcome {
        match &expr.kind {
            ExprKind::Var(name) => Ok(self.lookup(name).unwrap_or_default()),
            ExprKind::Const(value) => Ok(value.clone()),
            ExprKind::Captured => Ok(self.captured.last().cloned().unwrap_or_default()),
            ExprKind::Slice(slice) => {
                let outcome = self.eval_slice(slice);
                self.placed(outcome, expr.at)
            }
            ExprKind::Not(operand) => Ok(Value::from(!self.eval(operand)?.is_true())),
            ExprKind::Negate(operand) => {
                let value = self.eval(operand)?;
                self.placed(operators::negate(&value), expr.at)
            }
            ExprKind::And(pair) => {
                let left = self.eval(&pair.0)?;
                if left.is_true() {
                    self.eval(&pair.1)
                } else {
                    Ok(left)
                }
            }
            ExprKind::Or(pair) => {
                let left = self.eval(&pair.0)?;
                if left.is_true() {
                    Ok(left)
                } else {
                    self.eval(&pair.1)
                }
            }
            ExprKind::Binary(operator, pair) => self.binary(*operator, pair, expr),
            ExprKind::Compare(first, rest) => self.comparison(first, rest, expr),
            ExprKind::Choose(choose) => self.choose(choose),
            ExprKind::Filter(name, base, args) => self.eval_filter(name, base, args, expr),
            ExprKind::Test(name, base, args) => self.eval_test(name, base, args, expr),
            ExprKind::Attribute(base, name) => {
                let value = self.eval(base)?;
                if value.is_undefined() && self.executes() {
                    return Err(self.undefined(base));
                }
                Ok(self.attribute(&value, name).unwrap_or_default())
            }
            ExprKind::Item(pair) => self.item(pair),
            ExprKind::Call(..) => self.eval_call(expr, None),
            ExprKind::List(items) => Ok(List::value(self.eval_all(items)?)),
            ExprKind::Tuple(items) => Ok(Value::from(Tuple::new(self.eval_all(items)?))),
            ExprKind::Map(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| Ok((self.eval(key)?, self.eval(value)?)))
                    .collect::<Outcome<Vec<_>>>()?;
                Ok(Dict::value(pairs))
            }
        }
    }

    fn eval_all(&mut self, items: &[Expr]) -> Outcome<Vec<Value>> {
        items.iter().map(|item| self.eval(item)).collect()
    }

    fn comparison(&mut self, first: &Expr, rest: &[(Comparison, Expr)], whole: &Expr) -> Outcome {
        let mut left = self.eval(first)?;
        for (comparison, operand) in rest {
            let right = self.eval(operand)?;
            if !self.placed(compare(*comparison, &left, &right), whole.at)? {
                return Ok(Value::from(false));
            }
            left = right;
        }
        Ok(Value::from(true))
    }

    fn choose(&mut self, choose: &Choose) -> Outcome {
        if self.eval(&choose.condition)?.is_true() {
            return self.eval(&choose.then);
        }
        match &choose.otherwise {
            Some(otherwise) => self.eval(otherwise),
            // Jinja2 renders nothing here, and so does this.
            None => Ok(Value::from("")),
        }
    }

    fn binary(&mut self, operator: Operator, pair: &(Expr, Expr), whole: &Expr) -> Outcome {
        let (left, right) = (self.eval(&pair.0)?, self.eval(&pair.1)?);
        if left.is_undefined() || right.is_undefined() {
            if self.executes() {
                self.refuse_undefined([(&pair.0, &left), (&pair.1, &right)])?;
            }
            if operator != Operator::Concat {
                return Ok(Value::UNDEFINED);
            }
        }
        self.placed(operators::binary(operator, &left, &right), whole.at)
    }

    fn item(&mut self, pair: &(Expr, Expr)) -> Outcome {
        let base = self.eval(&pair.0)?;
        let key = self.eval(&pair.1)?;
        if base.is_undefined() {
            if self.executes() {
                return Err(self.undefined(&pair.0));
            }
            return Ok(Value::UNDEFINED);
        }
        if let Some(facade) = base.downcast_object_ref::<Facade>()
            && let Some(name) = key.as_str()
        {
            return Ok(facade.member(self, name).unwrap_or_default());
        }
        if let (ValueKind::String, Some(text), Some(index)) = (base.kind(), base.as_str(), key.as_i64()) {
            return Ok(super::slices::character(text, index));
        }
        let found = match (base.kind(), key.as_i64()) {
            (ValueKind::Seq | ValueKind::Iterable, Some(index)) if index < 0 => base
                .len()
                .and_then(|length| length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?))
                .and_then(|at| base.get_item_by_index(at).ok()),
            _ => base.get_item(&key).ok(),
        };
        Ok(found.unwrap_or_default())
    }

    /// An attribute of a value, or an entry of a dictionary.
    pub(super) fn attribute(&mut self, value: &Value, name: &str) -> Option<Value> {
        if let Some(facade) = value.downcast_object_ref::<Facade>() {
            return facade.member(self, name);
        }
        value.get_attr(name).ok().filter(|found| !found.is_undefined())
    }

    /// The value of a name: of the template, of a macro, of the context.
    pub(crate) fn lookup(&mut self, name: &str) -> Option<Value> {
        if let Some(value) = self.scope.get(name) {
            return Some(value);
        }
        if let Some(value) = self.unit.overridden_macro(name) {
            return Some(value);
        }
        let registry = self.renderer.registry();
        if let Some(found) = registry.find(&self.package(), name) {
            return Some(found.value());
        }
        context::lookup(self, name)
    }
}
