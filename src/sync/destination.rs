//! What a destination is: an API told as pure functions.
//!
//! A [`Destination`] is a configured service; a [`Codec`] is that service as one sync uses it. Neither sends
//! anything: the codec turns changes into requests and answers into outcomes, and the delivery loop does the rest.
//! Every step is a function of the batch and the exchanges so far, so look-up-then-update needs no hidden state.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::change::Change;
use super::config::{Mode, SyncConfig};
use super::transport::{Exchange, Request, Response};
use crate::error::Diagnostic;

/// How much a destination takes, and how fast.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Items (rows, events) in one request.
    pub max_items: usize,
    /// Bytes in one request.
    pub max_bytes: usize,
    /// Requests a second, over all lanes; none for no limit.
    pub requests_per_second: Option<f64>,
    /// Requests at the same time.
    pub concurrency: usize,
    /// How long a request may take.
    pub timeout: Duration,
    /// How often a request is tried; waiting for a rate limit is no try.
    pub max_attempts: u32,
    /// The longest time in a row that is spent waiting for a rate limit before the sync is paused.
    pub max_throttle: Duration,
}

/// A service, configured: the plug-in point of `syncs/*.yml`'s `destinations`.
pub trait Destination: Debug + Send + Sync + 'static {
    /// What `limits` say where the user does not.
    fn limits(&self) -> Limits;

    /// The modes it can work in.
    fn modes(&self) -> &'static [Mode];

    /// Whether it is there for marketing: contacts that are not marketable never get there.
    fn is_marketing(&self) -> bool;

    /// The cheapest call that shows whether the address and the credentials are right; none where there is none.
    fn probe(&self) -> Option<Request>;

    /// Reads the answer to the probe.
    fn read_probe(&self, request: &Request, response: &Response) -> Verdict {
        super::answers::classify(request, response)
    }

    /// Prepares the service for one sync.
    ///
    /// # Errors
    /// What in the sync does not fit the service, all of it.
    fn codec(&self, sync: &SyncConfig) -> Result<Arc<dyn Codec>, Vec<Diagnostic>>;
}

/// A change, ready to be put in a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payload {
    /// What goes into the request, as the codec wants it.
    pub bytes: Bytes,
    /// How many of the service's items it is; none when there is nothing to send, and the row counts as delivered.
    pub items: usize,
}

impl Payload {
    /// One item.
    pub fn one(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            items: 1,
        }
    }

    /// One item of JSON.
    pub fn json(value: &Value) -> Self {
        Self::one(value.to_string())
    }

    /// Nothing to send.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The payload as JSON; null where it is none.
    pub fn to_json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }
}

/// A row of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The change.
    pub change: Change,
    /// What the codec made of it.
    pub payload: Payload,
    /// How often it has been tried before.
    pub attempts: u32,
}

/// Rows that travel together.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The rows.
    pub records: &'a [Record],
    /// What [`Codec::prepare`] found out.
    pub context: &'a Value,
}

/// What to do next with a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send these, one after the other, and ask again.
    Send(Vec<Request>),
    /// Done: one outcome for each record, in the order of the batch.
    Done(Vec<Outcome>),
}

/// What to do next before the first batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Preparation {
    /// Send these, one after the other, and ask again.
    Send(Vec<Request>),
    /// Ready; the value is given to every batch.
    Ready(Value),
    /// The sync cannot work: why.
    Impossible(String),
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The result.
    pub result: Settlement,
    /// What to remember about the row from now on; none leaves what is remembered.
    pub remote: Option<Value>,
}

/// How a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The service has it.
    Delivered,
    /// The service, or our own check, will not have it: why. It is tried again on the next run.
    Rejected(String),
    /// The service could not take it now: why. It is tried again in this run.
    Again(String),
}

impl Outcome {
    /// The service has it.
    pub fn delivered() -> Self {
        Self {
            result: Settlement::Delivered,
            remote: None,
        }
    }

    /// The service has it and told us something to keep.
    pub fn delivered_as(remote: Value) -> Self {
        Self {
            result: Settlement::Delivered,
            remote: Some(remote),
        }
    }

    /// The service will not have it.
    pub fn rejected(reason: impl Into<String>) -> Self {
        Self {
            result: Settlement::Rejected(reason.into()),
            remote: None,
        }
    }

    /// The service could not take it now.
    pub fn again(reason: impl Into<String>) -> Self {
        Self {
            result: Settlement::Again(reason.into()),
            remote: None,
        }
    }

    /// Adds something to remember, whatever the result.
    #[must_use]
    pub fn remembering(mut self, remote: Value) -> Self {
        self.remote = Some(remote);
        self
    }
}

/// What an answer means for the request that it answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is an answer: the codec reads it.
    Accept,
    /// A fault of the moment: try again, it counts as a try.
    Retry(String),
    /// Too fast: wait, for as long as the service says where it does; it does not count as a try.
    Throttle {
        /// How long to wait.
        wait: Option<Duration>,
        /// What the service said.
        reason: String,
    },
    /// Something in the request will never do: the rows are halved until the bad ones are alone.
    Refuse(String),
    /// The service will take nothing from us: stop the sync.
    Halt(String),
    /// A long limit, such as a day's, is used up: stop the sync for now.
    Pause(String),
}

/// When a row counts as acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledgement {
    /// With the answer to its batch.
    PerBatch,
    /// With the answer to [`Codec::finish`].
    AtEnd,
}

/// What a run is, for destinations that see it as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunShape {
    /// How often the sync's state has changed: a run that is repeated after a crash has the same number.
    pub generation: u64,
    /// The fields and their SQL types, in order.
    pub columns: Vec<(String, String)>,
}

/// A destination as one sync uses it. All functions are pure.
pub trait Codec: Debug + Send + Sync + 'static {
    /// What has to be looked up or made before the first batch.
    fn prepare(&self, _shape: &RunShape, _so_far: &[Exchange]) -> Preparation {
        Preparation::Ready(Value::Null)
    }

    /// Turns a change into what a request will hold.
    ///
    /// # Errors
    /// Why the service would not have it; the row is rejected unsent.
    fn encode(&self, change: &Change) -> Result<Payload, String>;

    /// What to send next for a batch, or what became of its rows.
    fn next(&self, batch: &Batch<'_>, so_far: &[Exchange]) -> Step;

    /// What an answer means.
    fn classify(&self, request: &Request, response: &Response) -> Verdict {
        super::answers::classify(request, response)
    }

    /// How long to hold back after this answer, so as not to run into the service's limits.
    fn ease(&self, response: &Response) -> Option<Duration> {
        super::answers::ease(response)
    }

    /// How many entries of the request the service took and can do nothing with, where it does not say which.
    fn unusable(&self, _response: &Response) -> u64 {
        0
    }

    /// What rows must stay in order among themselves; the primary key, unless several keys make one.
    fn order_key<'c>(&self, change: &'c Change) -> Cow<'c, str> {
        change.key.expose().into()
    }

    /// When rows count as acknowledged.
    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement::PerBatch
    }

    /// The request that begins a run whose rows are acknowledged at the end.
    fn begin(&self, _closing: &RunShape) -> Option<Request> {
        None
    }

    /// The request that ends a run whose rows are acknowledged at the end.
    fn finish(&self, _closing: &RunShape) -> Option<Request> {
        None
    }
}
