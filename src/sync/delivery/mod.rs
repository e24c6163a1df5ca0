//! The one loop that delivers: for every destination, over any transport.
//!
//! Changes are dealt to lanes by what must stay in order; a lane sends one batch at a time, so that a key's requests
//! never overtake each other. A batch is done when the codec has an outcome for each of its rows and the ledger has
//! them on disk. A batch that the service refuses is halved until the bad rows are alone; a fault of the moment is
//! tried again with growing waits; a rate limit is waited for and costs no try. Only what waits before
//! the lanes and a few pieces that are being encoded are in memory.

mod courier;
mod governor;
mod lane;

use chrono::{DateTime, Utc};
use futures::future::try_join;
use futures::stream::{Stream, StreamExt as _, TryStreamExt as _};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use super::change::Change;
use super::clock::Clock;
use super::destination::{Acknowledgement, Codec, Limits, Payload, RunShape};
use super::parallel;
use super::redact::Redactor;
use super::transport::Transport;
use crate::error::{Error, Result};

use courier::Courier;
use governor::Governor;
use lane::Lane;

/// How many changes may wait in front of a lane.
const WAITING: usize = 256;

/// How many changes are encoded at once, at most.
const PIECE_ROWS: usize = 256;

/// What a delivery works with.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// The destination.
    pub codec: &'a Arc<dyn Codec>,
    /// What carries requests.
    pub transport: &'a dyn Transport,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// The destination's limits.
    pub limits: &'a Limits,
    /// Where outcomes are kept.
    pub ledger: &'a dyn Ledger,
    /// What keeps messages clean.
    pub redactor: &'a Redactor,
    /// Who is told how it goes.
    pub watch: &'a (dyn Fn(Moment<'_>) + Send + Sync),
}

/// How a row ended in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The destination has it.
    Delivered,
    /// The destination, or our own check, will not have it.
    Rejected,
    /// The destination could not take it; all tries are used up.
    Failed,
    /// It is not for this mode to send it; from now on its changes are.
    Observed,
}

impl Status {
    /// The status as records write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Observed => "observed",
        }
    }
}

/// What is kept of a row's end.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The change.
    pub change: &'a Change,
    /// How it ended.
    pub status: Status,
    /// Why, unless it was delivered.
    pub reason: Option<&'a str>,
    /// How often it was tried.
    pub attempts: u32,
    /// What the destination wants remembered.
    pub remote: Option<&'a Value>,
    /// When it ended.
    pub at: DateTime<Utc>,
}

/// Keeps outcomes.
pub trait Ledger: Debug + Send + Sync {
    /// Writes outcomes down; they survive a crash once this returns.
    ///
    /// # Errors
    /// When they cannot be written; the delivery stops.
    fn write(&self, entries: &[Entry<'_>]) -> Result<()>;

    /// Makes everything written since the start count, for destinations that acknowledge at the end.
    ///
    /// # Errors
    /// When it cannot be written.
    fn seal(&self) -> Result<()>;
}

/// Something worth telling while a delivery runs.
#[derive(Debug, Clone, Copy)]
pub enum Moment<'a> {
    /// Rows have ended.
    Settled {
        /// How many so far.
        rows: u64,
    },
    /// Nothing goes out for a while.
    Waiting {
        /// For how long.
        wait: Duration,
        /// What for.
        reason: &'a str,
    },
}

/// Why a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every change was tried.
    Complete,
    /// The destination takes nothing from us: why.
    Halted(String),
    /// It was stopped for now: why.
    Paused(String),
}

/// What a delivery did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows that the destination has.
    pub delivered: u64,
    /// Rows that it will not have.
    pub rejected: u64,
    /// Rows that it could not take.
    pub failed: u64,
    /// Requests that were sent, retries included.
    pub requests: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Times that the rate limit was hit.
    pub throttles: u64,
    /// Bytes of bodies, before compression.
    pub bytes: u64,
    /// Entries that the destination took and can do nothing with, without saying which.
    pub unusable: u64,
}

impl Tally {
    /// Rows that ended.
    pub fn settled(&self) -> u64 {
        self.delivered + self.rejected + self.failed
    }

    fn count(&mut self, status: Status) {
        match status {
            Status::Delivered => self.delivered += 1,
            Status::Rejected => self.rejected += 1,
            Status::Failed => self.failed += 1,
            Status::Observed => {}
        }
    }
}

impl Delivery<'_> {
    /// Delivers changes.
    ///
    /// # Errors
    /// When changes cannot be read or outcomes cannot be kept; what the service does is in the result.
    pub async fn run(
        &self,
        changes: impl Stream<Item = Result<Change>> + Send,
        shape: &RunShape,
    ) -> Result<(Tally, Ending)> {
        let governor = Governor::new(self.clock, self.limits);
        let tally = Mutex::new(Tally::default());
        let courier = Courier {
            delivery: self,
            governor: &governor,
            tally: &tally,
        };
        match courier.prepare(shape).await {
            Ok(context) => {
                self.deal(changes, &courier, &context).await?;
                if governor.ending().is_none() && self.codec.acknowledgement() == Acknowledgement::AtEnd {
                    self.finish(&courier, shape).await?;
                }
            }
            Err(ending) => governor.end(ending),
        }
        let tally = *tally.lock();
        Ok((tally, governor.ending().unwrap_or(Ending::Complete)))
    }

    /// Deals changes to the lanes and runs them until all is settled or the delivery ends.
    async fn deal(
        &self,
        changes: impl Stream<Item = Result<Change>> + Send,
        courier: &Courier<'_>,
        context: &Value,
    ) -> Result<()> {
        let (senders, lanes): (Vec<_>, Vec<_>) = (0..self.limits.concurrency.max(1))
            .map(|_| {
                let (sender, receiver) = mpsc::channel(WAITING);
                (sender, Lane::new(courier, context).run(receiver))
            })
            .unzip();
        let codec = Arc::clone(self.codec);
        let pieces = changes.ready_chunks(PIECE_ROWS).map(Ok);
        let encoded = parallel::mapped(pieces, move |changes| {
            let rows = changes.into_iter();
            rows.map(|change| change.map(|change| Encoded::of(change, codec.as_ref())))
                .collect::<Vec<_>>()
        });
        let feed = async move {
            futures::pin_mut!(encoded);
            while let Some(rows) = encoded.try_next().await? {
                for row in rows {
                    let row = row?;
                    let Some(sender) = senders.get(lane_of(row.order, senders.len())) else {
                        return Ok(());
                    };
                    if sender.send(row).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Ok::<_, Error>(())
        };
        try_join(feed, futures::future::try_join_all(lanes)).await?;
        Ok(())
    }

    async fn finish(&self, courier: &Courier<'_>, shape: &RunShape) -> Result<()> {
        if let Some(request) = self.codec.finish(shape)
            && let Err(ending) = courier.send_alone(&request).await
        {
            courier.governor.end(ending);
            return Ok(());
        }
        self.ledger.seal()
    }
}

fn lane_of(order: u64, lanes: usize) -> usize {
    let lanes = u64::try_from(lanes).unwrap_or(1).max(1);
    usize::try_from(order % lanes).unwrap_or_default()
}

/// A change with what a request will hold of it.
struct Encoded {
    change: Change,
    payload: Result<Payload, String>,
    /// The hash of what keeps its place among others.
    order: u64,
}

impl Encoded {
    fn of(change: Change, codec: &dyn Codec) -> Self {
        let mut hasher = DefaultHasher::new();
        codec.order_key(&change).hash(&mut hasher);
        Self {
            order: hasher.finish(),
            payload: codec.encode(&change),
            change,
        }
    }
}
