//! The macros that a body names, found without evaluating it.

use std::sync::Arc;

use minijinja::Value;

use super::tree::{Arg, Expr, ExprKind, Stmt};

/// A macro that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mention {
    /// `name(…)`.
    Name(Arc<str>),
    /// `package.name(…)`.
    Member(Arc<str>, Arc<str>),
    /// `adapter.dispatch('name', 'namespace')`.
    Dispatch(String, Option<String>),
}

/// The macros that statements name, in order.
pub(crate) fn mentions(body: &[Stmt]) -> Vec<Mention> {
    let mut found = Vec::new();
    in_body(body, &mut found);
    found
}

fn in_body(body: &[Stmt], found: &mut Vec<Mention>) {
    for statement in body {
        match statement {
            Stmt::Raw(_) | Stmt::Continue | Stmt::Break => {}
            Stmt::Emit(expr) | Stmt::Do(expr) | Stmt::Set(_, expr) => in_expr(expr, found),
            Stmt::For(each) => {
                in_expr(&each.iter, found);
                in_all(&each.filter, found);
                in_body(&each.body, found);
                in_body(&each.otherwise, found);
            }
            Stmt::If(choice) => {
                in_expr(&choice.condition, found);
                in_body(&choice.then, found);
                in_body(&choice.otherwise, found);
            }
            Stmt::With(assignments, body) => {
                in_all(assignments.iter().map(|(_, expr)| expr), found);
                in_body(body, found);
            }
            Stmt::SetBlock(_, filter, body) => {
                in_all(filter, found);
                in_body(body, found);
            }
            Stmt::FilterBlock(filter, body) => {
                in_expr(filter, found);
                in_body(body, found);
            }
            Stmt::Macro(decl) => in_body(&decl.body, found),
            Stmt::Call(block) => {
                in_expr(&block.call, found);
                in_body(&block.caller.body, found);
            }
        }
    }
}

fn in_all<'e>(exprs: impl IntoIterator<Item = &'e Expr>, found: &mut Vec<Mention>) {
    for expr in exprs {
        in_expr(expr, found);
    }
}

fn in_expr(expr: &Expr, found: &mut Vec<Mention>) {
    match &expr.kind {
        ExprKind::Var(_) | ExprKind::Const(_) | ExprKind::Captured => {}
        ExprKind::Not(inner) | ExprKind::Negate(inner) | ExprKind::Attribute(inner, _) => {
            in_expr(inner, found);
        }
        ExprKind::And(pair) | ExprKind::Or(pair) | ExprKind::Binary(_, pair) | ExprKind::Item(pair) => {
            in_all([&pair.0, &pair.1], found);
        }
        ExprKind::Slice(slice) => {
            in_expr(&slice.base, found);
            in_all(
                [&slice.start, &slice.stop, &slice.step].into_iter().flatten(),
                found,
            );
        }
        ExprKind::Compare(first, rest) => {
            in_expr(first, found);
            in_all(rest.iter().map(|(_, expr)| expr), found);
        }
        ExprKind::Choose(choose) => {
            in_all([&choose.condition, &choose.then], found);
            in_all(&choose.otherwise, found);
        }
        ExprKind::Filter(_, base, args) | ExprKind::Test(_, base, args) => {
            in_expr(base, found);
            in_all(args.iter().map(Arg::expr), found);
        }
        ExprKind::Call(callee, args) => {
            found.extend(mention(callee, args));
            in_expr(callee, found);
            in_all(args.iter().map(Arg::expr), found);
        }
        ExprKind::List(items) | ExprKind::Tuple(items) => in_all(items, found),
        ExprKind::Map(pairs) => in_all(pairs.iter().flat_map(|(key, value)| [key, value]), found),
    }
}

fn mention(callee: &Expr, args: &[Arg]) -> Option<Mention> {
    match &callee.kind {
        ExprKind::Var(name) => Some(Mention::Name(Arc::clone(name))),
        ExprKind::Attribute(base, name) => {
            let ExprKind::Var(owner) = &base.kind else {
                return None;
            };
            if owner.as_ref() != "adapter" || name.as_ref() != "dispatch" {
                return Some(Mention::Member(Arc::clone(owner), Arc::clone(name)));
            }
            let text = |position: usize, wanted: &str| {
                args.iter().enumerate().find_map(|(index, arg)| match arg {
                    Arg::Positional(expr) if index == position => constant(expr),
                    Arg::Named(name, expr) if name.as_ref() == wanted => constant(expr),
                    _ => None,
                })
            };
            Some(Mention::Dispatch(
                text(0, "macro_name")?,
                text(1, "macro_namespace"),
            ))
        }
        _ => None,
    }
}

fn constant(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Const(value) => Value::as_str(value).map(str::to_owned),
        _ => None,
    }
}
