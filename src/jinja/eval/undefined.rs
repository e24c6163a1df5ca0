//! What is said of names that nothing defines.

use minijinja::Value;

use super::Interpreter;
use crate::error::{Diagnostic, codes};
use crate::jinja::context;
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::syntax::tree::{Expr, ExprKind};
use crate::jinja::value::text;

impl Interpreter<'_> {
    /// An undefined value is rendered: a fault, unless it may have a value once data can be asked for.
    pub(super) fn undefined_rendered(&mut self, expr: &Expr) -> Outcome<()> {
        if !self.executes() && !self.is_unknown_name(expr) {
            return Ok(());
        }
        Err(self.undefined(expr))
    }

    /// Whether an expression begins with a name that nothing defines, now or later.
    pub(super) fn is_unknown_name(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Var(name) => self.lookup(name).is_none(),
            ExprKind::Attribute(base, _) => self.is_unknown_name(base),
            ExprKind::Item(pair) => self.is_unknown_name(&pair.0),
            _ => false,
        }
    }

    /// The fault of using an undefined expression.
    pub(super) fn undefined(&mut self, expr: &Expr) -> Signal {
        let diagnostic = match &expr.kind {
            ExprKind::Var(name) => {
                let names = self.visible_names();
                Diagnostic::error(codes::UNDEFINED_NAME, format!("`{name}` is undefined"))
                    .nearest(name, names.iter().map(String::as_str))
            }
            ExprKind::Attribute(base, name) => {
                let keys = self.keys_of(base);
                let base = self.source(base);
                Diagnostic::error(codes::UNDEFINED_NAME, format!("`{base}` has no `{name}`"))
                    .nearest(name, keys.iter().map(String::as_str))
            }
            _ => {
                let source = self.source(expr);
                Diagnostic::error(codes::UNDEFINED_NAME, format!("`{source}` is undefined"))
            }
        };
        diagnostic.at(self.span(expr.at)).into()
    }

    /// The fault of calling what is not there.
    pub(super) fn undefined_called(&mut self, callee: &Expr) -> Signal {
        match &callee.kind {
            ExprKind::Var(name) => {
                let undefined =
                    Diagnostic::error(codes::UNDEFINED_MACRO, format!("macro `{name}` is not defined"))
                        .at(self.span(callee.at));
                let elsewhere = self.renderer.registry().anywhere(name);
                if !elsewhere.is_empty() {
                    let hint = format!("call it with its package: `{}`", elsewhere.join("`, `"));
                    return undefined.hint(hint).into();
                }
                let names = self.visible_names();
                undefined.nearest(name, names.iter().map(String::as_str)).into()
            }
            ExprKind::Attribute(base, name) if !self.is_unknown_name(base) => {
                let names = self.callables_of(base);
                let owner = self.source(base);
                Diagnostic::error(
                    codes::UNDEFINED_MACRO,
                    format!("`{owner}` has no `{name}` to call"),
                )
                .nearest(name, names.iter().map(String::as_str))
                .at(self.span(callee.at))
                .into()
            }
            ExprKind::Attribute(base, _) => self.undefined(base),
            _ => self.undefined(callee),
        }
    }

    fn source(&self, expr: &Expr) -> String {
        self.frame().file.slice(expr.at).to_owned()
    }

    fn visible_names(&self) -> Vec<String> {
        let mut names = self.scope.names();
        names.extend(self.renderer.registry().names(&self.package()));
        names.extend(context::NAMES.iter().map(|name| (*name).to_owned()));
        names
    }

    /// The keys of a value that is only looked up, not computed.
    fn keys_of(&mut self, base: &Expr) -> Vec<String> {
        if !matches!(base.kind, ExprKind::Var(_) | ExprKind::Attribute(..)) {
            return Vec::new();
        }
        let value = self.eval(base).unwrap_or_default();
        value
            .try_iter()
            .into_iter()
            .flatten()
            .map(|key| text::display(&key))
            .collect()
    }

    fn callables_of(&mut self, base: &Expr) -> Vec<String> {
        match &base.kind {
            ExprKind::Var(name) => {
                let mut names = self.renderer.registry().names_in(name);
                names.extend(context::members(name).map(str::to_owned));
                names
            }
            _ => self.keys_of(base),
        }
    }

    /// The first of the values that is undefined is a fault of the operation under way.
    pub(super) fn refuse_undefined(&mut self, operands: [(&Expr, &Value); 2]) -> Outcome<()> {
        for (expr, value) in operands {
            if value.is_undefined() {
                return Err(self.undefined(expr));
            }
        }
        Ok(())
    }
}
