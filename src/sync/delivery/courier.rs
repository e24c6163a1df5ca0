//! Carries one batch's conversation with the service, with all the patience it takes.

use parking_lot::Mutex;
use serde_json::Value;

use super::governor::Governor;
use super::{Delivery, Ending, Moment, Tally};
use crate::sync::destination::{Batch, Outcome, Preparation, Record, RunShape, Step, Verdict};
use crate::sync::transport::{Exchange, Request, Response, TransportError};

/// The most rounds a codec may take for one batch; one that takes more would never end.
const MAX_ROUNDS: usize = 10_000;

/// What all lanes share.
#[derive(Clone, Copy)]
pub(super) struct Courier<'a> {
    pub(super) delivery: &'a Delivery<'a>,
    pub(super) governor: &'a Governor<'a>,
    pub(super) tally: &'a Mutex<Tally>,
}

/// Why a conversation broke off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// The service refuses what the request holds.
    Refused(String),
    /// All tries are used up.
    GaveUp(String),
    /// The delivery has ended.
    Ended(Ending),
}

/// A conversation that was held to its end.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) tries: u32,
}

impl Courier<'_> {
    /// Does what the codec needs done before the first batch.
    pub(super) async fn prepare(&self, shape: &RunShape) -> Result<Value, Ending> {
        if let Some(request) = self.delivery.codec.begin(shape) {
            self.send_alone(&request).await?;
        }
        let mut so_far = Vec::new();
        for _ in 0..MAX_ROUNDS {
            match self.delivery.codec.prepare(shape, &so_far) {
                Preparation::Ready(context) => return Ok(context),
                Preparation::Impossible(reason) => {
                    return Err(Ending::Halted(self.delivery.redactor.text(&reason)));
                }
                Preparation::Send(requests) => {
                    for request in requests {
                        let (exchange, _) = self.send(request, &[]).await.map_err(Broken::into_ending)?;
                        so_far.push(exchange);
                    }
                }
            }
        }
        Err(endless())
    }

    /// Sends a request on which the whole run depends.
    pub(super) async fn send_alone(&self, request: &Request) -> Result<(), Ending> {
        self.send(request.clone(), &[])
            .await
            .map(drop)
            .map_err(Broken::into_ending)
    }

    /// Talks until every row of the batch has an outcome.
    pub(super) async fn converse(&self, batch: &Batch<'_>) -> Result<Held, Broken> {
        let mut so_far = Vec::new();
        let mut tries = 1;
        for _ in 0..MAX_ROUNDS {
            match self.delivery.codec.next(batch, &so_far) {
                Step::Done(outcomes) if outcomes.len() == batch.records.len() => {
                    return Ok(Held { outcomes, tries });
                }
                Step::Done(outcomes) => {
                    let (found, wanted) = (outcomes.len(), batch.records.len());
                    return Err(Broken::Refused(format!(
                        "the answer covers {found} of {wanted} rows"
                    )));
                }
                Step::Send(requests) => {
                    for request in requests {
                        let (exchange, needed) = self.send(request, batch.records).await?;
                        tries = tries.max(needed);
                        so_far.push(exchange);
                    }
                }
            }
        }
        Err(Broken::Ended(endless()))
    }

    /// Sends a request about some rows until there is an answer that the codec wants to read; says how many tries it
    /// took.
    async fn send(&self, request: Request, about: &[Record]) -> Result<(Exchange, u32), Broken> {
        let mut tries = 0;
        loop {
            self.governor.turn().await.map_err(Broken::Ended)?;
            self.count(&request, tries);
            let fault = match self.delivery.transport.send(&request).await {
                Err(TransportError::Impossible(reason)) => {
                    return Err(Broken::Ended(Ending::Halted(self.clean(&request, &reason))));
                }
                Err(fault) => self.clean(&request, &fault.to_string()),
                Ok(response) => {
                    if let Some(wait) = self.delivery.codec.ease(&response) {
                        self.governor.hold(wait);
                    }
                    match self.judge(&request, &response, about)? {
                        Judged::Answer => {
                            self.tally.lock().unusable += self.delivery.codec.unusable(&response);
                            let exchange = Exchange { request, response };
                            return Ok((exchange, tries + 1));
                        }
                        Judged::Throttled => continue,
                        Judged::Fault(reason) => reason,
                    }
                }
            };
            tries += 1;
            if tries >= self.delivery.limits.max_attempts {
                self.governor.gave_up(&fault);
                return Err(Broken::GaveUp(fault));
            }
            let wait = self.governor.backoff(tries);
            (self.delivery.watch)(Moment::Waiting { wait, reason: &fault });
            self.delivery.clock.sleep(wait).await;
        }
    }

    fn judge(&self, request: &Request, response: &Response, about: &[Record]) -> Result<Judged, Broken> {
        let clean = |reason: &str| {
            let changes = about.iter().map(|record| &record.change);
            self.delivery.redactor.text_about(changes, reason)
        };
        match self.delivery.codec.classify(request, response) {
            Verdict::Accept => {
                self.governor.answered();
                Ok(Judged::Answer)
            }
            Verdict::Refuse(reason) => {
                self.governor.answered();
                Err(Broken::Refused(reason))
            }
            Verdict::Retry(reason) => Ok(Judged::Fault(clean(&reason))),
            Verdict::Throttle { wait, reason } => {
                let reason = clean(&reason);
                self.tally.lock().throttles += 1;
                let wait = self.governor.throttled(wait, &reason).map_err(Broken::Ended)?;
                (self.delivery.watch)(Moment::Waiting {
                    wait,
                    reason: &reason,
                });
                Ok(Judged::Throttled)
            }
            Verdict::Halt(reason) => Err(Broken::Ended(Ending::Halted(clean(&reason)))),
            Verdict::Pause(reason) => Err(Broken::Ended(Ending::Paused(clean(&reason)))),
        }
    }

    fn count(&self, request: &Request, tries: u32) {
        let mut tally = self.tally.lock();
        tally.requests += 1;
        tally.retries += u64::from(tries > 0);
        tally.bytes += u64::try_from(request.body.len()).unwrap_or(u64::MAX);
    }

    fn clean(&self, request: &Request, reason: &str) -> String {
        self.delivery
            .redactor
            .text(&format!("{}: {reason}", request.purpose))
    }
}

enum Judged {
    Answer,
    Throttled,
    Fault(String),
}

impl Broken {
    /// What the break means where no single row is to blame.
    fn into_ending(self) -> Ending {
        match self {
            Self::Refused(reason) => Ending::Halted(reason),
            Self::GaveUp(reason) => Ending::Paused(reason),
            Self::Ended(ending) => ending,
        }
    }
}

fn endless() -> Ending {
    Ending::Halted("the conversation with the service does not come to an end".to_owned())
}
