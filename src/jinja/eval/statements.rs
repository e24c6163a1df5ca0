//! Statements.

use std::sync::Arc;

use minijinja::Value;

use super::Interpreter;
use super::calls::{Closure, MacroValue};
use crate::error::codes;
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::output::Origin;
use crate::jinja::syntax::tree::{CallBlock, Expr, MacroDecl, Stmt, Target};
use crate::jinja::value::text;

impl Interpreter<'_> {
    /// Evaluates statements in order.
    pub(super) fn body(&mut self, body: &[Stmt]) -> Outcome<()> {
        body.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Stmt) -> Outcome<()> {
        match statement {
            Stmt::Raw(at) => {
                let place = self.place(*at);
                let file = Arc::clone(&place.file);
                self.output.write(file.slice(*at), Origin::Literal(place));
                Ok(())
            }
            Stmt::Emit(expr) => {
                let value = self.eval(expr)?;
                self.emit(expr, &value)
            }
            Stmt::Do(expr) => self.eval(expr).map(drop),
            Stmt::For(each) => self.for_loop(each),
            Stmt::If(choice) => {
                if self.eval(&choice.condition)?.is_true() {
                    self.body(&choice.then)
                } else {
                    self.body(&choice.otherwise)
                }
            }
            Stmt::With(assignments, body) => self.with(assignments, body),
            Stmt::Set(target, expr) => {
                let value = self.eval(expr)?;
                self.assign(target, value)
            }
            Stmt::SetBlock(target, filter, body) => {
                let value = self.block_text(body, filter.as_ref())?;
                self.assign(target, value)
            }
            Stmt::FilterBlock(filter, body) => {
                let value = self.block_text(body, Some(filter))?;
                self.emit(filter, &value)
            }
            Stmt::Macro(decl) => {
                let value = Value::from_object(self.closure(decl));
                self.scope.set(&decl.name, value);
                Ok(())
            }
            Stmt::Call(block) => self.call_block(block),
            Stmt::Continue => Err(Signal::Continue),
            Stmt::Break => Err(Signal::Break),
        }
    }

    fn emit(&mut self, expr: &Expr, value: &Value) -> Outcome<()> {
        if value.is_undefined() {
            return self.undefined_rendered(expr);
        }
        let text = text::display(value);
        let place = self.place(expr.at);
        let is_own = Arc::ptr_eq(&place.file, &self.own_file);
        match self.texts.get(&text) {
            Some(pieces) => self.output.write_pieces(&text, pieces, is_own.then_some(&place)),
            None => self.output.write(&text, Origin::Expression(place)),
        }
        Ok(())
    }

    fn with(&mut self, assignments: &[(Target, Expr)], body: &[Stmt]) -> Outcome<()> {
        let inner = self.scope.inner();
        let outer = std::mem::replace(&mut self.scope, inner);
        let outcome = assignments
            .iter()
            .try_for_each(|(target, expr)| {
                let value = self.eval(expr)?;
                self.assign(target, value)
            })
            .and_then(|()| self.body(body));
        self.scope = outer;
        outcome
    }

    fn block_text(&mut self, body: &[Stmt], filter: Option<&Expr>) -> Outcome {
        let output = self.aside(self.scope.inner(), body)?;
        let value = self.remembered(output);
        let Some(filter) = filter else {
            return Ok(value);
        };
        self.captured.push(value);
        let outcome = self.eval(filter);
        self.captured.pop();
        outcome
    }

    fn call_block(&mut self, block: &CallBlock) -> Outcome<()> {
        let caller = Value::from_object(self.closure(&block.caller));
        let value = self.eval_call(&block.call, Some(caller))?;
        self.emit(&block.call, &value)
    }

    /// A macro of the template that is being evaluated, which sees that template's names.
    fn closure(&self, decl: &Arc<MacroDecl>) -> MacroValue {
        let frame = self.frame();
        MacroValue {
            decl: Arc::clone(decl),
            file: frame.file,
            package: frame.package,
            closure: Some(Closure {
                scope: self.scope.clone(),
                name: frame.name,
            }),
            prelude: None,
            id: None,
        }
    }

    /// Gives a target a value.
    pub(super) fn assign(&mut self, target: &Target, value: Value) -> Outcome<()> {
        match target {
            Target::Name(name) => {
                self.scope.set(name, value);
                Ok(())
            }
            Target::Attribute(base, name) => {
                let namespace = self.eval(base)?;
                let key = Value::from(name.as_ref());
                match namespace.downcast_object_ref::<crate::jinja::value::Dict>() {
                    Some(entries) => {
                        entries.change(|entries| entries.insert(key, value));
                        Ok(())
                    }
                    None => self.placed(
                        Err(Signal::fault(
                            codes::TEMPLATE_VALUE,
                            format!("`{name}` can be set on a `namespace()` only"),
                        )),
                        base.at,
                    ),
                }
            }
            Target::Tuple(targets, at) => {
                let items: Vec<Value> = value.try_iter().into_iter().flatten().collect();
                if items.len() != targets.len() {
                    let message = format!(
                        "{} values cannot be given to {} names",
                        items.len(),
                        targets.len()
                    );
                    return self.placed(Err(Signal::fault(codes::TEMPLATE_VALUE, message)), *at);
                }
                targets
                    .iter()
                    .zip(items)
                    .try_for_each(|(target, item)| self.assign(target, item))
            }
        }
    }
}
