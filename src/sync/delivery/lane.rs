//! One lane: batches, one after the other.

use serde_json::Value;
use tokio::sync::mpsc::Receiver;

use super::courier::{Broken, Courier, Held};
use super::{Encoded, Entry, Moment, Status};
use crate::error::Result;
use crate::sync::change::Change;
use crate::sync::destination::{Batch, Payload, Record, Settlement};

/// What a row came to.
struct Settled {
    record: Record,
    status: Status,
    reason: Option<String>,
    remote: Option<Value>,
    attempts: u32,
}

/// How many rows that need no request are kept at once.
const ASIDE: usize = 4096;

/// Sends one batch at a time.
pub(super) struct Lane<'a> {
    courier: &'a Courier<'a>,
    context: &'a Value,
    batch: Vec<Record>,
    aside: Vec<Settled>,
    items: usize,
    bytes: usize,
}

impl<'a> Lane<'a> {
    pub(super) fn new(courier: &'a Courier<'a>, context: &'a Value) -> Self {
        Self {
            courier,
            context,
            batch: Vec::new(),
            aside: Vec::new(),
            items: 0,
            bytes: 0,
        }
    }

    /// Sends what comes, until nothing more does or the delivery ends.
    pub(super) async fn run(mut self, mut rows: Receiver<Encoded>) -> Result<()> {
        while let Some(row) = rows.recv().await {
            self.take(row).await?;
            if self.courier.governor.ending().is_some() {
                return self.keep(&self.aside);
            }
        }
        self.flush().await
    }

    /// Puts a change into the batch, which goes out first if the change does not fit.
    async fn take(&mut self, Encoded { change, payload, .. }: Encoded) -> Result<()> {
        let limits = self.courier.delivery.limits;
        let payload = match payload {
            Ok(payload) if payload.items == 0 => {
                return self.set_aside(settled(change, Status::Delivered, None));
            }
            Ok(payload) if payload.bytes.len() > limits.max_bytes => {
                let reason = format!(
                    "the row takes {} bytes, {} fit",
                    payload.bytes.len(),
                    limits.max_bytes
                );
                return self.set_aside(settled(change, Status::Rejected, Some(reason)));
            }
            Ok(payload) => payload,
            Err(reason) => return self.set_aside(settled(change, Status::Rejected, Some(reason))),
        };
        let size = payload.bytes.len() + 1;
        let is_full = self.items + payload.items > limits.max_items || self.bytes + size > limits.max_bytes;
        if is_full {
            self.flush().await?;
        }
        self.items += payload.items;
        self.bytes += size;
        self.batch.push(Record {
            change,
            payload,
            attempts: 0,
        });
        Ok(())
    }

    /// Puts a row that needs no request with the others of its kind: each is a write to the disk otherwise.
    fn set_aside(&mut self, row: Settled) -> Result<()> {
        self.aside.push(row);
        if self.aside.len() < ASIDE {
            return Ok(());
        }
        let aside = std::mem::take(&mut self.aside);
        self.keep(&aside)
    }

    /// Sends the batch; what is refused as a whole is halved until the bad rows are alone.
    async fn flush(&mut self) -> Result<()> {
        let aside = std::mem::take(&mut self.aside);
        self.keep(&aside)?;
        self.items = 0;
        self.bytes = 0;
        let mut parts = vec![std::mem::take(&mut self.batch)];
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let batch = Batch {
                records: &part,
                context: self.context,
            };
            match self.courier.converse(&batch).await {
                Ok(held) => parts.extend(self.settle(part, held).await?),
                Err(Broken::Ended(ending)) => {
                    self.courier.governor.end(ending);
                    return Ok(());
                }
                Err(Broken::Refused(_)) if part.len() > 1 => parts.extend(halves(part)),
                Err(Broken::Refused(reason)) => self.keep(&all(part, Status::Rejected, &reason))?,
                Err(Broken::GaveUp(reason)) => {
                    let tries = self.courier.delivery.limits.max_attempts.saturating_sub(1);
                    let part = part.into_iter().map(|record| tried(record, tries)).collect();
                    self.keep(&all(part, Status::Failed, &reason))?;
                }
            }
        }
        Ok(())
    }

    /// Keeps the outcomes of a batch; answers with the rows that are to be tried again.
    async fn settle(&self, part: Vec<Record>, held: Held) -> Result<Option<Vec<Record>>> {
        let most = self.courier.delivery.limits.max_attempts;
        let mut ended = Vec::with_capacity(part.len());
        let mut again = Vec::new();
        for (record, outcome) in part.into_iter().zip(held.outcomes) {
            let record = tried(record, held.tries.saturating_sub(1));
            let (status, reason) = match outcome.result {
                Settlement::Delivered => (Status::Delivered, None),
                Settlement::Rejected(reason) => (Status::Rejected, Some(reason)),
                Settlement::Again(reason) if record.attempts + 1 >= most => (Status::Failed, Some(reason)),
                Settlement::Again(_) => {
                    again.push(tried(record, 1));
                    continue;
                }
            };
            ended.push(Settled {
                attempts: record.attempts + 1,
                record,
                status,
                reason,
                remote: outcome.remote,
            });
        }
        self.keep(&ended)?;
        let Some(tries) = again.iter().map(|record| record.attempts).max() else {
            return Ok(None);
        };
        let wait = self.courier.governor.backoff(tries);
        self.courier.delivery.clock.sleep(wait).await;
        Ok(Some(again))
    }

    /// Writes outcomes to the ledger and counts them.
    fn keep(&self, settled: &[Settled]) -> Result<()> {
        if settled.is_empty() {
            return Ok(());
        }
        let delivery = self.courier.delivery;
        let at = delivery.clock.now();
        let reasons: Vec<Option<String>> = settled
            .iter()
            .map(|row| {
                let reason = row.reason.as_deref()?;
                Some(delivery.redactor.text_about([&row.record.change], reason))
            })
            .collect();
        let entries: Vec<Entry<'_>> = settled
            .iter()
            .zip(&reasons)
            .map(|(row, reason)| Entry {
                change: &row.record.change,
                status: row.status,
                reason: reason.as_deref(),
                attempts: row.attempts,
                remote: row.remote.as_ref(),
                at,
            })
            .collect();
        delivery.ledger.write(&entries)?;
        let rows = {
            let mut tally = self.courier.tally.lock();
            for row in settled {
                tally.count(row.status);
            }
            tally.settled()
        };
        (delivery.watch)(Moment::Settled { rows });
        Ok(())
    }
}

/// A row that ends without a request.
fn settled(change: Change, status: Status, reason: Option<String>) -> Settled {
    Settled {
        record: Record {
            change,
            payload: Payload::nothing(),
            attempts: 0,
        },
        status,
        reason,
        remote: None,
        attempts: 0,
    }
}

fn all(part: Vec<Record>, status: Status, reason: &str) -> Vec<Settled> {
    part.into_iter()
        .map(|record| Settled {
            attempts: record.attempts + 1,
            record,
            status,
            reason: Some(reason.to_owned()),
            remote: None,
        })
        .collect()
}

fn tried(mut record: Record, times: u32) -> Record {
    record.attempts += times;
    record
}

/// Splits a batch in two; the first half comes out last, so that it is sent first.
fn halves(mut part: Vec<Record>) -> [Vec<Record>; 2] {
    let second = part.split_off(part.len() / 2);
    [second, part]
}
