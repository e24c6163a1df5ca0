//! `IS DISTINCT FROM` with its right precedence.
//!
//! The parser reads everything after `is [not] distinct from` as its right side, so that `a is distinct from b or c`
//! becomes `a is distinct from (b or c)`. The order of the operands is that of the text all the same, which is enough
//! to put the operators right.

use std::mem;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value, VisitMut, VisitorMut};

/// Puts every expression of a statement right.
pub(super) fn repair(statement: &mut impl VisitMut) {
    let _: ControlFlow<()> = statement.visit(&mut Repair);
}

struct Repair;

impl VisitorMut for Repair {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if is_misread(expr) {
            let mut operands = Vec::new();
            let mut operators = Vec::new();
            flatten(take(expr), &mut operands, &mut operators);
            *expr = assemble(operands, operators);
        }
        ControlFlow::Continue(())
    }
}

/// Whether an operator has taken an operand that binds less than itself, without brackets around it.
fn is_misread(expr: &Expr) -> bool {
    match expr {
        Expr::IsDistinctFrom(_, right) | Expr::IsNotDistinctFrom(_, right) => is_loose(right),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => is_logical(expr).is_some(),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => [left, right]
            .into_iter()
            .any(|side| is_logical(side) == Some(&BinaryOperator::Or)),
        _ => false,
    }
}

fn is_loose(expr: &Expr) -> bool {
    is_logical(expr).is_some()
        || matches!(
            expr,
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                ..
            }
        )
}

fn is_logical(expr: &Expr) -> Option<&BinaryOperator> {
    match expr {
        Expr::BinaryOp {
            op: op @ (BinaryOperator::And | BinaryOperator::Or),
            ..
        } => Some(op),
        _ => None,
    }
}

/// The operands of `and` and `or` in the order of the text.
fn flatten(expr: Expr, operands: &mut Vec<Expr>, operators: &mut Vec<BinaryOperator>) {
    match expr {
        Expr::BinaryOp {
            left,
            op: op @ (BinaryOperator::And | BinaryOperator::Or),
            right,
        } => {
            flatten(*left, operands, operators);
            operators.push(op);
            flatten(*right, operands, operators);
        }
        Expr::IsDistinctFrom(left, right) if is_logical(&right).is_some() => {
            wrap_first(*right, operands, operators, |first| {
                Expr::IsDistinctFrom(left, Box::new(first))
            });
        }
        Expr::IsNotDistinctFrom(left, right) if is_logical(&right).is_some() => {
            wrap_first(*right, operands, operators, |first| {
                Expr::IsNotDistinctFrom(left, Box::new(first))
            });
        }
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } if is_logical(&expr).is_some() => {
            let not = |first| Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr: Box::new(first),
            };
            wrap_first(*expr, operands, operators, not);
        }
        other => operands.push(other),
    }
}

fn wrap_first(
    expr: Expr,
    operands: &mut Vec<Expr>,
    operators: &mut Vec<BinaryOperator>,
    wrap: impl FnOnce(Expr) -> Expr,
) {
    let at = operands.len();
    flatten(expr, operands, operators);
    if let Some(first) = operands.get_mut(at) {
        *first = wrap(take(first));
    }
}

/// Joins operands: `and` before `or`, each from the left.
fn assemble(operands: Vec<Expr>, operators: Vec<BinaryOperator>) -> Expr {
    let mut operands = operands.into_iter();
    let mut conjunction = operands.next().unwrap_or_else(null);
    let mut disjunction: Option<Expr> = None;
    for (operator, operand) in operators.into_iter().zip(operands) {
        if operator == BinaryOperator::And {
            conjunction = join(conjunction, operator, operand);
        } else {
            let left = mem::replace(&mut conjunction, operand);
            disjunction = Some(match disjunction {
                Some(whole) => join(whole, BinaryOperator::Or, left),
                None => left,
            });
        }
    }
    match disjunction {
        Some(whole) => join(whole, BinaryOperator::Or, conjunction),
        None => conjunction,
    }
}

fn join(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }
}

fn take(expr: &mut Expr) -> Expr {
    mem::replace(expr, null())
}

fn null() -> Expr {
    Expr::Value(Value::Null.into())
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    fn repaired(text: &str) -> String {
        let mut expr = Parser::new(&GenericDialect {})
            .try_with_sql(text)
            .unwrap()
            .parse_expr()
            .unwrap();
        repair(&mut expr);
        bracketed(&expr)
    }

    fn bracketed(expr: &Expr) -> String {
        match expr {
            Expr::BinaryOp { left, op, right } => format!("({} {op} {})", bracketed(left), bracketed(right)),
            Expr::IsDistinctFrom(left, right) => format!("{{{} <> {}}}", bracketed(left), bracketed(right)),
            Expr::UnaryOp { op, expr } => format!("[{op} {}]", bracketed(expr)),
            other => other.to_string(),
        }
    }

    #[test]
    fn operators_bind_as_they_should() {
        for (text, expected) in [
            ("a is distinct from b or c", "({a <> b} OR c)"),
            ("p and a is distinct from b or c", "((p AND {a <> b}) OR c)"),
            ("p or a is distinct from b and c", "(p OR ({a <> b} AND c))"),
            (
                "a is distinct from b or c is distinct from d",
                "({a <> b} OR {c <> d})",
            ),
            ("not a is distinct from b and c", "([NOT {a <> b}] AND c)"),
            ("a is distinct from b + 1 and c", "({a <> (b + 1)} AND c)"),
            ("a is distinct from (b or c)", "{a <> (b OR c)}"),
        ] {
            assert_eq!(repaired(text), expected, "{text}");
        }
    }
}
