//! Syncs: from a table to the services that use it.
//!
//! ```text
//! syncs/*.yml → SyncProject        config
//! model + state → Diff → Change    diff, in the engine
//! Change → Request                 a destination's codec, pure
//! Request → Response               transport
//! Response → Outcome → journal     delivery, state
//! ```
//!
//! # Invariants
//! - A row counts as delivered once its request was acknowledged and that is on disk; nothing else is ever recorded
//!   as delivered.
//! - Destinations never do I/O, and `delivery` knows no destination.
//! - No key, field or credential is in a message; rows are named by the beginning of their key's hash.

mod answers;
mod change;
mod check;
mod clock;
mod config;
mod delivery;
mod destination;
mod destinations;
mod diff;
mod guard;
mod identity;
mod mapping;
mod normalise;
mod parallel;
mod preview;
mod records;
mod redact;
mod report;
mod rows;
mod run;
mod script;
mod sql;
mod state;
mod transport;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::{Engine, PlannedQuery};
use crate::error::Result;
use crate::host::Host;

pub use answers::{classify, classify_json, describe};
pub use change::{Change, Image, Operation, RecordKey};
pub use check::{CheckOutcome, check};
pub use clock::{Clock, SystemClock};
pub use config::{
    DestinationConfig, Field, FieldSource, Guard, Mode, Model, RenderText, Schedule, Settings, Share,
    SyncConfig, SyncProject, Trigger, load,
};
pub use delivery::{Delivery, Ending, Entry, Ledger, Moment, Status, Tally};
pub use destination::{
    Acknowledgement, Batch, Codec, Destination, Limits, Outcome, Payload, Preparation, Record, RunShape,
    Settlement, Step, Verdict,
};
pub use destinations::Registry;
pub use diff::{Counts, Resync};
pub use preview::{Preview, preview};
pub use records::{
    FAILURE_COLUMNS, HISTORY_COLUMNS, HistoryLine, ROWS, RUNS, RecordTable, RunRecord, failures, history,
    tables as record_tables,
};
pub use redact::Redactor;
pub use report::{Silent, SyncEvent, SyncReporter};
pub use run::{Force, RunOptions, SyncReport, run};
pub use transport::{
    Exchange, FileTransport, HeaderValue, HttpTransport, Method, Request, Response, Transport,
    TransportError, WireTransport, shown_url,
};

/// Says what a sync's model holds.
pub trait Models: Send + Sync {
    /// Plans `select * from` the model, or the sync's own query, over the published tables.
    ///
    /// # Errors
    /// When there is no such model, it is not built, or the query cannot be planned.
    fn plan(&self, sync: &SyncConfig) -> Result<PlannedQuery>;
}

/// Opens the way to destinations.
pub trait Connections: Send + Sync {
    /// Opens the way to one.
    ///
    /// # Errors
    /// When it cannot be opened at all; whether anybody answers shows later.
    fn open(&self, destination: &DestinationConfig) -> Result<Arc<dyn Transport>>;
}

/// What runs of syncs work with.
#[derive(Clone, Copy)]
pub struct SyncContext<'a> {
    /// The machine.
    pub host: &'a Host,
    /// The engine.
    pub engine: &'a Engine,
    /// The folder of all syncs' states: `<warehouse>/sync`.
    pub root: &'a Path,
    /// The project's destinations and syncs.
    pub project: &'a SyncProject,
    /// The models.
    pub models: &'a dyn Models,
    /// The way out.
    pub connections: &'a dyn Connections,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Who is told how it goes.
    pub reporter: &'a dyn SyncReporter,
}

/// The real way to destinations.
#[derive(Debug, Clone)]
pub struct WireConnections {
    /// The machine.
    pub host: Host,
    /// The engine, which makes Parquet of what is exported.
    pub engine: Engine,
    /// The folder that relative paths of file destinations start from: the project's.
    pub base: PathBuf,
}

impl Connections for WireConnections {
    fn open(&self, destination: &DestinationConfig) -> Result<Arc<dyn Transport>> {
        let http = HttpTransport::new(self.host.clone(), destination.limits.timeout)?;
        let files = FileTransport::new(self.host.clone(), self.engine.clone(), self.base.clone());
        Ok(Arc::new(WireTransport::new(http, files)))
    }
}
