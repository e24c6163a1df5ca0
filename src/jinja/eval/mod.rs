//! Evaluation: a walk over the tree with Jinja2's rules of scope and Python's of values.

mod calls;
mod expressions;
mod filters;
pub(crate) mod format;
mod loops;
mod methods;
pub(crate) mod operators;
mod scope;
mod slices;
mod statements;
mod undefined;

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::{State, Value};

pub(crate) use calls::{Call, Constant, Function, MacroValue, NativeFunction};
pub(crate) use methods::pairs_of;
pub(crate) use scope::Scope;

use super::Renderer;
use super::fault::{Outcome, Signal};
use super::output::{Output, Piece, Place};
use super::record::Record;
use super::syntax::tree::{Expr, Stmt};
use super::syntax::{Pos, TemplateFile};
use super::unit::RenderUnit;
use super::world::World;
use crate::error::Span;

/// What an evaluation is for.
#[derive(Clone, Copy)]
pub(crate) enum Phase<'r> {
    /// To collect what a template refers to: `execute` is false.
    Capture,
    /// To write the SQL: `execute` is true.
    Execute(&'r dyn World),
}

/// The template or macro that is being evaluated.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) file: Arc<TemplateFile>,
    pub(crate) package: Arc<str>,
    /// The macro; none in the unit's own template.
    pub(crate) name: Option<Arc<str>>,
    /// The call; none for the unit's own template.
    pub(crate) call: Option<Span>,
}

/// One evaluation of one unit.
pub(crate) struct Interpreter<'r> {
    pub(crate) renderer: &'r Renderer,
    pub(crate) unit: &'r RenderUnit<'r>,
    pub(crate) phase: Phase<'r>,
    pub(crate) record: Record,
    pub(crate) own_file: Arc<TemplateFile>,
    state: State<'r, 'r>,
    frames: Vec<Frame>,
    scope: Scope,
    output: Output,
    /// The pieces of texts that blocks and macros gave, so that emitting such a text keeps them.
    texts: HashMap<String, Vec<Piece>>,
    /// The texts of the filter blocks under way.
    captured: Vec<Value>,
}

impl<'r> Interpreter<'r> {
    /// Prepares the evaluation of a template.
    pub(crate) fn new(
        renderer: &'r Renderer,
        unit: &'r RenderUnit<'r>,
        phase: Phase<'r>,
        file: Arc<TemplateFile>,
    ) -> Self {
        Self {
            renderer,
            unit,
            phase,
            record: Record::default(),
            own_file: Arc::clone(&file),
            state: renderer.environment().empty_state(),
            frames: vec![Frame {
                file,
                package: Arc::from(unit.package),
                name: None,
                call: None,
            }],
            scope: Scope::default(),
            output: Output::default(),
            texts: HashMap::new(),
            captured: Vec::new(),
        }
    }

    /// Whether data may be asked for.
    pub(crate) fn executes(&self) -> bool {
        matches!(self.phase, Phase::Execute(_))
    }

    /// The template or macro that is being evaluated.
    pub(crate) fn frame(&self) -> Frame {
        self.frames.last().cloned().unwrap_or_else(|| Frame {
            file: Arc::clone(&self.own_file),
            package: Arc::from(self.unit.package),
            name: None,
            call: None,
        })
    }

    /// The package of the template or macro that is being evaluated.
    pub(crate) fn package(&self) -> Arc<str> {
        self.frame().package
    }

    /// The place of a range of the template that is being evaluated.
    pub(crate) fn span(&self, at: Pos) -> Span {
        self.frames
            .last()
            .map_or_else(|| self.own_file.span(at), |frame| frame.file.span(at))
    }

    /// The place in the author's own template that led to a place in a macro.
    pub(crate) fn author_span(&self, inside: &Span) -> Span {
        let is_own = |frame: &&Frame| Arc::ptr_eq(&frame.file, &self.own_file);
        if self.frames.last().as_ref().is_none_or(is_own) {
            return inside.clone();
        }
        let first_call = self.frames.iter().find_map(|frame| frame.call.clone());
        first_call.unwrap_or_else(|| inside.clone())
    }

    fn place(&self, at: Pos) -> Place {
        Place {
            file: self.frame().file,
            at,
        }
    }

    /// Says where a signal arose, if it does not say so itself.
    pub(crate) fn placed<T>(&self, outcome: Outcome<T>, at: Pos) -> Outcome<T> {
        outcome.map_err(|signal| signal.placed(|| self.span(at)))
    }

    /// Evaluates the unit's own template; `return` at its top ends it.
    pub(crate) fn run(&mut self, body: &[Stmt]) -> Outcome<Output> {
        let outcome = self.body(body);
        match outcome {
            Ok(()) => Ok(std::mem::take(&mut self.output)),
            Err(Signal::Return(value)) => {
                let mut output = std::mem::take(&mut self.output);
                output.text.push_str(&super::value::text::display(&value));
                Ok(output)
            }
            Err(signal) => Err(signal),
        }
    }

    /// Evaluates an expression that must have a value.
    pub(crate) fn defined(&mut self, expr: &Expr) -> Outcome {
        let value = self.eval(expr)?;
        if value.is_undefined() {
            return Err(self.undefined(expr));
        }
        Ok(value)
    }

    /// The text of another template, evaluated with this one's names.
    pub(crate) fn text_aside(&mut self, file: &Arc<TemplateFile>, body: &[Stmt]) -> Outcome {
        self.frames.push(Frame {
            file: Arc::clone(file),
            ..self.frame()
        });
        let output = self.aside(self.scope.inner(), body);
        self.frames.pop();
        Ok(Value::from(output?.text))
    }

    /// The pieces of a text that a block or a macro gave.
    pub(crate) fn pieces_of(&self, text: &str) -> Option<&[Piece]> {
        self.texts.get(text).map(Vec::as_slice)
    }

    /// Evaluates a body aside and gives the text.
    fn aside(&mut self, scope: Scope, body: &[Stmt]) -> Outcome<Output> {
        let output = std::mem::take(&mut self.output);
        let outer = std::mem::replace(&mut self.scope, scope);
        let outcome = self.body(body);
        self.scope = outer;
        let aside = std::mem::replace(&mut self.output, output);
        outcome.map(|()| aside)
    }

    /// Makes a text value that remembers its pieces.
    fn remembered(&mut self, output: Output) -> Value {
        let value = Value::from(output.text.as_str());
        if !output.text.is_empty() {
            self.texts.insert(output.text, output.pieces);
        }
        value
    }
}

impl Drop for Interpreter<'_> {
    fn drop(&mut self) {
        self.scope.clear();
    }
}
