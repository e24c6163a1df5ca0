//! When the next request may go: the rate limit, the waits a service asks for, and the circuit breaker.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

use super::Ending;
use crate::sync::clock::Clock;
use crate::sync::destination::Limits;

/// The first wait after a fault.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait that we choose ourselves.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How many batches in a row may be given up before the sync is paused.
const OUTAGES: u32 = 3;

/// Shared by all lanes of a delivery.
#[derive(Debug)]
pub(super) struct Governor<'a> {
    clock: &'a dyn Clock,
    interval: TimeDelta,
    max_throttle: TimeDelta,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next_at: DateTime<Utc>,
    held_until: DateTime<Utc>,
    throttled_since: Option<DateTime<Utc>>,
    throttles: u32,
    outages: u32,
    ending: Option<Ending>,
}

impl<'a> Governor<'a> {
    pub(super) fn new(clock: &'a dyn Clock, limits: &Limits) -> Self {
        let interval = limits
            .requests_per_second
            .and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok())
            .unwrap_or_default();
        Self {
            clock,
            interval: delta(interval),
            max_throttle: delta(limits.max_throttle),
            state: Mutex::default(),
        }
    }

    /// Waits for the next turn.
    ///
    /// # Errors
    /// How the delivery has ended, when it has.
    pub(super) async fn turn(&self) -> Result<(), Ending> {
        loop {
            match self.claim()? {
                None => return Ok(()),
                Some(wait) => self.clock.sleep(wait).await,
            }
        }
    }

    /// Takes a place in the row; `Some` says how long to wait before asking again.
    fn claim(&self) -> Result<Option<Duration>, Ending> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        if let Some(ending) = &state.ending {
            return Err(ending.clone());
        }
        let open_at = state.held_until.max(state.next_at);
        if open_at > now {
            return Ok((open_at - now).to_std().ok());
        }
        state.next_at = now + self.interval;
        Ok(None)
    }

    /// The service said that we are too fast; answers with the wait.
    ///
    /// # Errors
    /// The pause that ends the delivery, when the service asks for more patience than there is.
    pub(super) fn throttled(&self, wait: Option<Duration>, reason: &str) -> Result<Duration, Ending> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let wait = wait.unwrap_or_else(|| backoff(state.throttles, 1.0));
        let wait = wait + wait.mul_f64(self.clock.chance() / 10.0) + Duration::from_millis(10);
        state.throttles += 1;
        let since = *state.throttled_since.get_or_insert(now);
        if now + delta(wait) - since > self.max_throttle {
            let ending = Ending::Paused(format!("the rate limit did not ease in time: {reason}"));
            state.ending.get_or_insert(ending.clone());
            return Err(ending);
        }
        state.held_until = state.held_until.max(now + delta(wait));
        Ok(wait)
    }

    /// Holds every lane back for a while.
    pub(super) fn hold(&self, wait: Duration) {
        let until = self.clock.now() + delta(wait).min(self.max_throttle);
        let mut state = self.state.lock();
        state.held_until = state.held_until.max(until);
    }

    /// The service answered as it should.
    pub(super) fn answered(&self) {
        let mut state = self.state.lock();
        state.throttles = 0;
        state.throttled_since = None;
        state.outages = 0;
    }

    /// A batch was given up after all its tries.
    pub(super) fn gave_up(&self, reason: &str) {
        let mut state = self.state.lock();
        state.outages += 1;
        if state.outages >= OUTAGES {
            let ending = Ending::Paused(format!("{OUTAGES} batches in a row failed: {reason}"));
            state.ending.get_or_insert(ending);
        }
    }

    /// Ends the delivery; the first ending counts.
    pub(super) fn end(&self, ending: Ending) {
        self.state.lock().ending.get_or_insert(ending);
    }

    /// How the delivery has ended, if it has.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.state.lock().ending.clone()
    }

    /// The wait before the next try after `tries` that failed: exponential, half of it left to chance.
    pub(super) fn backoff(&self, tries: u32) -> Duration {
        backoff(tries.saturating_sub(1), self.clock.chance())
    }
}

fn backoff(doublings: u32, chance: f64) -> Duration {
    let whole = FIRST_WAIT
        .saturating_mul(2_u32.saturating_pow(doublings.min(16)))
        .min(LONGEST_WAIT);
    whole.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
