//! What stops a run before its first request.

use super::config::{Share, SyncConfig};
use super::diff::Counts;
use crate::error::{Diagnostic, codes};

/// What a run would do that its guard does not allow, if anything: `HW0701`.
pub(crate) fn refusal(sync: &SyncConfig, counts: &Counts) -> Option<Diagnostic> {
    let message = removes_too_much(sync, counts).or_else(|| changes_too_much(sync, counts))?;
    let refusal = Diagnostic::error(codes::SYNC_GUARD, format!("sync `{}` {message}", sync.name))
        .at(sync.span.clone())
        .hint("look at what it would do with `--dry-run`; if it is right, run it with `--force`");
    Some(refusal)
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
