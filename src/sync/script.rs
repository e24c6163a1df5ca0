//! Conversations written down as if they were sequential code.
//!
//! A codec asks a [`Script`] for the answer to a request. If the exchange is there, it is given back; if not, the
//! request is what has to be sent next, and the question mark leads out. Replayed with one more exchange each time,
//! the same code comes one step further: no state but the exchanges, no callback.

use super::destination::{Outcome, Preparation, Step};
use super::transport::{Exchange, Request, Response};

/// The exchanges so far, read in order.
#[derive(Debug)]
pub(super) struct Script<'a> {
    exchanges: std::slice::Iter<'a, Exchange>,
    pending: Option<Request>,
}

impl<'a> Script<'a> {
    /// Starts at the first exchange.
    pub(super) fn new(so_far: &'a [Exchange]) -> Self {
        Self {
            exchanges: so_far.iter(),
            pending: None,
        }
    }

    /// The answer to a request; none where it has still to be sent.
    pub(super) fn ask(&mut self, request: impl FnOnce() -> Request) -> Option<&'a Response> {
        if let Some(exchange) = self.exchanges.next() {
            return Some(&exchange.response);
        }
        self.pending = Some(request());
        None
    }

    /// The step that a batch's conversation has come to.
    pub(super) fn step(self, outcomes: Option<Vec<Outcome>>) -> Step {
        match (outcomes, self.pending) {
            (Some(outcomes), _) => Step::Done(outcomes),
            (None, Some(request)) => Step::Send(vec![request]),
            (None, None) => Step::Done(Vec::new()),
        }
    }

    /// The step that the preparation has come to.
    pub(super) fn preparation(self, outcome: Option<Result<serde_json::Value, String>>) -> Preparation {
        match (outcome, self.pending) {
            (Some(Ok(context)), _) => Preparation::Ready(context),
            (Some(Err(reason)), _) => Preparation::Impossible(reason),
            (None, Some(request)) => Preparation::Send(vec![request]),
            (None, None) => Preparation::Impossible("the preparation came to no end".to_owned()),
        }
    }
}
