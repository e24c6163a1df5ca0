//! What a run tells while it goes on.

use std::fmt::Debug;
use std::time::Duration;

use super::diff::Counts;
use super::records::RunRecord;
use crate::names::SyncName;

/// Something that happened in a run of a sync.
#[derive(Debug, Clone, Copy)]
pub enum SyncEvent<'a> {
    /// A sync began: its model is compared with what was delivered.
    Started {
        /// The sync.
        sync: &'a SyncName,
    },
    /// The comparison is done.
    Compared {
        /// The sync.
        sync: &'a SyncName,
        /// What was found.
        counts: &'a Counts,
        /// How many rows will be sent.
        to_send: u64,
    },
    /// Rows have ended.
    Progressed {
        /// The sync.
        sync: &'a SyncName,
        /// How many so far.
        rows: u64,
    },
    /// Nothing goes out for a while.
    Waiting {
        /// The sync.
        sync: &'a SyncName,
        /// For how long.
        wait: Duration,
        /// What for.
        reason: &'a str,
    },
    /// A sync ended.
    Finished {
        /// Its record.
        record: &'a RunRecord,
    },
}

/// Hears what happens.
pub trait SyncReporter: Debug + Send + Sync {
    /// Takes an event; it may come from any thread.
    fn report(&self, event: &SyncEvent<'_>);
}

/// Hears and says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl SyncReporter for Silent {
    fn report(&self, _event: &SyncEvent<'_>) {}
}
