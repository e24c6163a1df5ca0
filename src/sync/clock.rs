//! Time as delivery sees it: the present, waiting, and a pinch of chance.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::host::Host;

/// The clock of a delivery; tests bring one that never waits.
#[async_trait]
pub trait Clock: Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// A number from 0 to 1 that spreads retries.
    fn chance(&self) -> f64;
}

/// The machine's clock.
#[derive(Debug, Clone)]
pub struct SystemClock {
    host: Host,
}

impl SystemClock {
    /// Takes the clock of a host.
    pub fn new(host: Host) -> Self {
        Self { host }
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        self.host.now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn chance(&self) -> f64 {
        let (high, _) = self.host.new_id().as_u64_pair();
        f64::from(u32::try_from(high >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }
}
