//! The lock that keeps two builds of one warehouse apart.

use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Diagnostic, Result, codes};
use crate::host::Host;

/// Who holds the lock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LockHolder {
    /// The command: `headwater build`.
    pub command: String,
    /// Its process.
    pub process_id: u32,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// How long to wait for the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockWait {
    /// Seconds; 0 asks once.
    pub seconds: u64,
}

/// The lock; dropping it releases it, and so does the death of the process.
#[derive(Debug)]
pub struct WarehouseLock {
    _file: File,
}

pub(super) fn take(host: &Host, path: &Path, holder: &LockHolder, wait: LockWait) -> Result<WarehouseLock> {
    const STEP: Duration = Duration::from_millis(100);
    let mut left = wait.seconds.saturating_mul(10);
    loop {
        if let Some(file) = host.try_lock(path)? {
            let note = serde_json::to_vec(holder).unwrap_or_default();
            host.write_unsynced(&path.with_extension("holder"), &note)?;
            return Ok(WarehouseLock { _file: file });
        }
        if left == 0 {
            return Err(held(host, path).into());
        }
        left -= 1;
        thread::sleep(STEP);
    }
}

fn held(host: &Host, path: &Path) -> Diagnostic {
    let holder = host
        .read_text(&path.with_extension("holder"))
        .ok()
        .and_then(|text| serde_json::from_str::<LockHolder>(&text).ok());
    let by = match holder {
        Some(holder) => format!(
            "`{}` (process {}) since {}",
            holder.command,
            holder.process_id,
            holder.since.format("%Y-%m-%d %H:%M:%S UTC")
        ),
        None => "another process".to_owned(),
    };
    Diagnostic::error(
        codes::WAREHOUSE_LOCKED,
        format!("the warehouse is locked by {by}"),
    )
    .note(format!("lock file: {}", path.display()))
    .hint("wait for it to end, or pass `--lock-wait SECONDS`")
}
