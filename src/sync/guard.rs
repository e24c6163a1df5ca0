//! What stops a run before its first request.

use super::config::{Share, SyncConfig};
use super::diff::Counts;
use crate::error::{Diagnostic, codes};

/// Checks that a run does no more than its guard allows.
///
/// # Errors
/// `HW0701`: what it would do, and what is allowed.
pub fn check(sync: &SyncConfig, counts: &Counts) -> Result<(), Diagnostic> {
    let fault = removes_too_much(sync, counts).or_else(|| changes_too_much(sync, counts));
    match fault {
        None => Ok(()),
        Some(message) => Err(Diagnostic::error(codes::SYNC_GUARD, format!("sync `{}` {message}", sync.name))
            .at(sync.span.clone())
            .hint("look at what it would do with `--dry-run`; if it is right, run it with `--force`")),
    }
}

fn removes_too_much(sync: &SyncConfig, counts: &Counts) -> Option<String> {
    if counts.removed == 0 {
        return None;
    }
    if counts.incoming == 0 && sync.mode.removes() {
        return Some(format!(
            "would remove all {} rows: the model came out empty",
            counts.removed
        ));
    }
    let limit = sync.guard.max_removed;
    (counts.removed > limit.of(counts.present)).then(|| {
        format!(
            "would remove {} of {} rows: `max_removed` is {}",
            counts.removed,
            counts.present,
            told(limit)
        )
    })
}

fn changes_too_much(sync: &SyncConfig, counts: &Counts) -> Option<String> {
    let limit = sync.guard.max_changed?;
    (counts.changed > limit.of(counts.present)).then(|| {
        format!(
            "would change {} of {} rows: `max_changed` is {}",
            counts.changed,
            counts.present,
            told(limit)
        )
    })
}

fn told(share: Share) -> String {
    format!("`{share}`")
}
