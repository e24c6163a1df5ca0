//! What stops an evaluation, and how a fault inside macros is told at the author's call.

use std::sync::Arc;

use crate::error::{Code, Diagnostic, Span};
use crate::names::NodeId;

use minijinja::Value;

/// How many calls of a trace are told, beside the outermost.
const SHOWN_CALLS: usize = 5;

/// What an evaluation gives, or what stops it.
pub(crate) type Outcome<T = Value> = Result<T, Signal>;

/// What stops an evaluation.
#[derive(Debug)]
pub(crate) enum Signal {
    /// Something is wrong.
    Fault(Box<Fault>),
    /// `return(value)`: the macro ends with a value.
    Return(Value),
    /// `{% break %}`.
    Break,
    /// `{% continue %}`.
    Continue,
    /// The world cannot answer before these nodes are built.
    Deferred(Vec<NodeId>),
}

impl Signal {
    /// Starts a fault whose place is filled in on the way out.
    pub(crate) fn fault(code: Code, message: impl Into<String>) -> Self {
        Diagnostic::error(code, message).into()
    }

    /// Says where, if that is not known yet.
    #[must_use]
    pub(crate) fn placed(mut self, place: impl FnOnce() -> Span) -> Self {
        if let Self::Fault(fault) = &mut self
            && fault.diagnostic.span.is_none()
        {
            fault.diagnostic.span = Some(place());
        }
        self
    }

    /// Says that the fault came out of a macro.
    #[must_use]
    pub(crate) fn out_of(mut self, name: &Arc<str>, call: Option<Span>) -> Self {
        if let Self::Fault(fault) = &mut self
            && !fault.settled
        {
            fault.trace.push((Arc::clone(name), call));
        }
        self
    }

    /// Says that the place is in the author's own template, so that calls further out do not matter.
    #[must_use]
    pub(crate) fn settled(mut self) -> Self {
        if let Self::Fault(fault) = &mut self {
            fault.settled = true;
        }
        self
    }
}

impl From<Diagnostic> for Signal {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Fault(Box::new(Fault {
            diagnostic,
            trace: Vec::new(),
            settled: false,
        }))
    }
}

/// Something that is wrong, and the macros it came out of, innermost first, each with the place of its call.
#[derive(Debug)]
pub(crate) struct Fault {
    diagnostic: Diagnostic,
    trace: Vec<(Arc<str>, Option<Span>)>,
    settled: bool,
}

impl Fault {
    /// The diagnostic, at the call in the author's template, with the way down as notes.
    pub(crate) fn into_diagnostic(self) -> Diagnostic {
        let Self {
            mut diagnostic,
            trace,
            ..
        } = self;
        let mut inside = diagnostic.span.take();
        let last = trace.len().saturating_sub(1);
        for (index, (name, call)) in trace.into_iter().enumerate() {
            let Some(call) = call else { continue };
            match inside {
                Some(place) if index < SHOWN_CALLS || index == last => {
                    diagnostic = diagnostic.note(format!("in macro `{name}` at {place}"));
                }
                Some(_) if index == SHOWN_CALLS => {
                    diagnostic = diagnostic.note(format!("and {} calls more", last - SHOWN_CALLS));
                }
                _ => {}
            }
            inside = Some(call);
        }
        diagnostic.at_maybe(inside)
    }
}
