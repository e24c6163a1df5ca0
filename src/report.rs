//! What a command tells while it works: a closed set of events, and who listens.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::error::Diagnostic;
use crate::names::{NodeId, RelationName};

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeStatus {
    /// It was built.
    Success,
    /// Its version was in the store already, or a test's verdict is known.
    Reused,
    /// A test found nothing.
    Pass,
    /// A test found something that is worth a warning.
    Warn,
    /// A test found something that is an error.
    Fail,
    /// It could not be built, or a test could not be run.
    Error,
    /// Something it depends on did not end well.
    Skipped,
    /// There is nothing to do: an exposure, an ephemeral model.
    NoOp,
}

impl NodeStatus {
    /// Whether the command fails because of it.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::Error)
    }

    /// Whether what depends on the node can go on.
    pub fn lets_pass(self) -> bool {
        !matches!(self, Self::Fail | Self::Error | Self::Skipped)
    }

    /// The word for it in a line of progress.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "ok",
            Self::Reused => "reused",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Skipped => "skip",
            Self::NoOp => "no-op",
        }
    }
}

/// One phase of a node's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: DateTime<Utc>,
}

/// What became of one node.
#[derive(Debug, Clone)]
pub struct NodeResult {
    /// The node.
    pub id: NodeId,
    /// What it is, for people: `table`, `view`, `seed`, `test`, …
    pub what: &'static str,
    /// Its name, for people: `cdp.customer_events_xa`, `unique_orders_id`.
    pub label: String,
    /// How it ended.
    pub status: NodeStatus,
    /// Whether the work was done before and is used again.
    pub reused: bool,
    /// What to say beside the status.
    pub message: Option<String>,
    /// A test's count.
    pub failures: Option<i64>,
    /// The rows written.
    pub rows: Option<u64>,
    /// The bytes written.
    pub bytes: Option<u64>,
    /// Rendering and planning.
    pub compile: Option<Timing>,
    /// Execution.
    pub execute: Option<Timing>,
    /// The relation made.
    pub relation: Option<RelationName>,
    /// The SQL that was run.
    pub compiled: Option<Arc<str>>,
    /// What went wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl NodeResult {
    /// How long the work took.
    pub fn elapsed(&self) -> Duration {
        [self.compile, self.execute]
            .into_iter()
            .flatten()
            .filter_map(|timing| (timing.completed_at - timing.started_at).to_std().ok())
            .sum()
    }
}

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunEvent<'a> {
    /// A warning or an error that belongs to no single node.
    Diagnostic(&'a Diagnostic),
    /// A template called `log(…, info=true)` or `print(…)`.
    Message(&'a str),
    /// The plan stands: so many nodes will be worked on.
    Planned {
        /// How many.
        n_nodes: usize,
        /// How long planning took.
        elapsed: Duration,
    },
    /// Work on a node began.
    Started {
        /// The node.
        id: &'a NodeId,
        /// What it is.
        what: &'static str,
        /// Its name, for people.
        label: &'a str,
    },
    /// Work on a node ended.
    Finished(&'a NodeResult),
    /// The environment moved.
    Published {
        /// The build's name.
        build: &'a str,
    },
    /// What a sync is doing.
    Sync {
        /// The sync.
        name: &'a str,
        /// Rows whose outcome is known.
        n_done: u64,
        /// Rows to deliver.
        n_total: u64,
        /// What is being waited for, if anything.
        waiting_for: Option<&'a str>,
    },
}

/// Who listens to events: the terminal, a log of JSON lines, nobody.
pub trait ProgressReporter: Debug + Send + Sync {
    /// Takes note of an event.
    fn report(&self, event: &RunEvent<'_>);
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl ProgressReporter for Silent {
    fn report(&self, _event: &RunEvent<'_>) {}
}
