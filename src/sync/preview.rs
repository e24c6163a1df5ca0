//! `--dry-run` and `plan`: what a run would do, without doing it.

use futures::stream::StreamExt as _;
use serde_json::Value;

use super::config::SyncConfig;
use super::destination::{Batch, Codec, Limits, Record, Step};
use super::diff::{Comparison, Counts, Diff, sent_kinds};
use super::mapping::Mapping;
use super::run::{RunOptions, destination};
use super::state::SyncState;
use super::transport::Request;
use super::{SyncContext, guard};
use crate::error::{Diagnostic, Error, Result};
use crate::names::SyncName;

/// How many rows a dry run shows in full.
const SHOWN_ROWS: usize = 3;

/// What a run would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The sync.
    pub sync: SyncName,
    /// What was found.
    pub counts: Counts,
    /// How many rows would be sent.
    pub to_send: u64,
    /// The guard's refusal, if it would refuse.
    pub refusal: Option<Diagnostic>,
    /// The first requests, for the first rows; credentials print as `***`.
    pub requests: Vec<Request>,
    /// Why rows of the first would be rejected unsent, each with the beginning of its key's hash.
    pub rejected: Vec<(String, String)>,
}

/// Looks at what a run would do; nothing is sent and nothing is written but a temporary folder.
///
/// # Errors
/// What would keep the run from starting.
pub async fn preview(ctx: &SyncContext<'_>, sync: &SyncConfig, options: RunOptions) -> Result<Preview> {
    let destination = destination(ctx, sync)?;
    let codec = destination.service.codec(sync).map_err(Error::Diagnostics)?;
    let model = ctx.models.plan(sync)?;
    let mapping = Mapping::fit(ctx.engine, sync, &model, destination.is_marketing)?;
    let state = SyncState::peek(ctx.host, ctx.root, sync)?;
    state.check_identity(sync)?;
    let folder = tempfile::tempdir().map_err(|e| Error::io("create", std::env::temp_dir(), e))?;
    let comparison = Comparison {
        sync,
        mapping: &mapping,
        model: &model,
        state: &state,
        resync: options.resync,
    };
    let diff = Diff::compare(ctx.engine, ctx.host, &folder.path().join("changes"), comparison).await?;
    let kinds = sent_kinds(sync.mode, options.resync);
    let mut rejected: Vec<(String, String)> = diff
        .unfit(ctx.engine)
        .await?
        .into_iter()
        .map(|(change, reason)| (change.key.to_string(), reason))
        .collect();
    let mut records = Vec::new();
    let mut changes = diff.changes(ctx.engine, &kinds).take(SHOWN_ROWS);
    while let Some(change) = changes.next().await {
        let change = change?;
        match codec.encode(&change) {
            Ok(payload) if payload.items == 0 => {}
            Ok(payload) => records.push(Record {
                change,
                payload,
                attempts: 0,
            }),
            Err(reason) => rejected.push((change.key.to_string(), reason)),
        }
    }
    drop(changes);
    Ok(Preview {
        sync: sync.name.clone(),
        counts: diff.counts,
        to_send: diff.counts.to_send(sync.mode, options.resync),
        refusal: guard::refusal(sync, &diff.counts),
        requests: first_requests(codec.as_ref(), &records, &destination.limits),
        rejected,
    })
}

/// The requests that the rows begin with, batch by batch.
fn first_requests(codec: &dyn Codec, records: &[Record], limits: &Limits) -> Vec<Request> {
    records
        .chunks(limits.max_items.max(1))
        .flat_map(|records| {
            let batch = Batch {
                records,
                context: &Value::Null,
            };
            match codec.next(&batch, &[]) {
                Step::Send(requests) => requests,
                Step::Done(_) => Vec::new(),
            }
        })
        .collect()
}
