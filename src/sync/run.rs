//! A run: compare, guard, deliver, record.

use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt as _};

use super::change::Change;
use super::config::{DestinationConfig, Mode, SyncConfig};
use super::delivery::{Delivery, Ending, Entry, Ledger as _, Moment, Status, Tally};
use super::destination::{Codec, RunShape};
use super::diff::{Comparison, Diff, Resync, sent_kinds};
use super::mapping::Mapping;
use super::records::RunRecord;
use super::redact::Redactor;
use super::report::SyncEvent;
use super::state::{Journal, SyncState};
use super::{SyncContext, guard};
use crate::error::{Diagnostic, Error, ExitStatus, Result, codes};

/// How many outcomes that need no request are written down at once.
const CHUNK: usize = 4096;

/// Whether guards are heeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Force {
    /// They are.
    #[default]
    Guarded,
    /// `--force`: they are not.
    Forced,
}

/// How syncs are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunOptions {
    /// `--full-resync`.
    pub resync: Resync,
    /// `--force`.
    pub force: Force,
}

/// What runs of syncs came to.
#[derive(Debug, Default)]
pub struct SyncReport {
    /// The records, in the order of the runs.
    pub runs: Vec<RunRecord>,
    /// What went wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the environment, and not the project, is at fault.
    pub could_not_start: bool,
}

impl SyncReport {
    /// The status that the process ends with.
    pub fn status(&self) -> ExitStatus {
        if self.could_not_start {
            ExitStatus::CouldNotStart
        } else if self.diagnostics.iter().any(Diagnostic::is_error) {
            ExitStatus::Failed
        } else {
            ExitStatus::Done
        }
    }

    fn add_error(&mut self, error: Error) {
        self.could_not_start |= error.status() == ExitStatus::CouldNotStart;
        self.diagnostics.extend(error.into_diagnostics());
    }
}

/// Runs syncs, one after the other; one that fails does not keep the others from running.
pub async fn run(ctx: &SyncContext<'_>, syncs: &[&SyncConfig], options: RunOptions) -> SyncReport {
    let mut report = SyncReport::default();
    for sync in syncs {
        ctx.reporter.report(&SyncEvent::Started { sync: &sync.name });
        match run_one(ctx, sync, options).await {
            Ok((record, diagnostics)) => {
                ctx.reporter.report(&SyncEvent::Finished { record: &record });
                report.diagnostics.extend(diagnostics);
                report.runs.push(record);
            }
            Err(error) => report.add_error(error),
        }
    }
    report
}

/// What one run works with.
struct Run<'a> {
    ctx: &'a SyncContext<'a>,
    sync: &'a SyncConfig,
    destination: &'a DestinationConfig,
    codec: &'a Arc<dyn Codec>,
    diff: &'a Diff,
    options: RunOptions,
}

async fn run_one(
    ctx: &SyncContext<'_>,
    sync: &SyncConfig,
    options: RunOptions,
) -> Result<(RunRecord, Vec<Diagnostic>)> {
    let destination = destination(ctx, sync)?;
    let codec = destination.service.codec(sync).map_err(Error::Diagnostics)?;
    let model = ctx.models.plan(sync)?;
    let mapping = Mapping::fit(ctx.engine, sync, &model, destination.is_marketing)?;
    let mut state = SyncState::open(ctx.host, ctx.root, sync, ctx.engine).await?;
    state.claim(sync)?;
    close_interrupted(ctx, &state).await?;
    let comparison = Comparison {
        sync,
        mapping: &mapping,
        model: &model,
        state: &state,
        resync: options.resync,
    };
    let mut record = RunRecord {
        run_id: ctx.host.new_id().simple().to_string(),
        sync: sync.name.to_string(),
        destination: sync.destination.to_string(),
        mode: sync.mode.to_string(),
        status: "interrupted".to_owned(),
        started_at: ctx.clock.now(),
        finished_at: ctx.clock.now(),
        ..RunRecord::default()
    };
    let diff = Diff::compare(ctx.engine, ctx.host, &state.folder().join("changes"), comparison).await?;
    record.counts = diff.counts;
    let run = Run {
        ctx,
        sync,
        destination,
        codec: &codec,
        diff: &diff,
        options,
    };
    let diagnostics = run.carry_out(&mut state, &mut record, &mapping).await?;
    record.finished_at = ctx.clock.now();
    record.write(ctx.engine, state.folder()).await?;
    ctx.host.remove(&state.folder().join("run.json"))?;
    Ok((record, diagnostics))
}

pub(super) fn destination<'a>(ctx: &SyncContext<'a>, sync: &SyncConfig) -> Result<&'a DestinationConfig> {
    ctx.project.destination_of(sync).ok_or_else(|| {
        let message = format!(
            "sync `{}`: there is no destination `{}`",
            sync.name, sync.destination
        );
        Diagnostic::error(codes::SYNC_DESTINATION, message)
            .at(sync.span.clone())
            .into()
    })
}

/// Writes the record of a run that never came to its end.
async fn close_interrupted(ctx: &SyncContext<'_>, state: &SyncState) -> Result<()> {
    let path = state.folder().join("run.json");
    if !ctx.host.exists(&path) {
        return Ok(());
    }
    if let Ok(mut record) = serde_json::from_str::<RunRecord>(&ctx.host.read_text(&path)?) {
        record.finished_at = ctx.clock.now();
        record.write(ctx.engine, state.folder()).await?;
    }
    ctx.host.remove(&path)
}

impl Run<'_> {
    /// Does what the comparison asks for; answers with what the destination had against it.
    async fn carry_out(
        &self,
        state: &mut SyncState,
        record: &mut RunRecord,
        mapping: &Mapping,
    ) -> Result<Vec<Diagnostic>> {
        let (ctx, sync) = (self.ctx, self.sync);
        let to_send = record.counts.to_send(sync.mode, self.options.resync);
        ctx.reporter.report(&SyncEvent::Compared {
            sync: &sync.name,
            counts: &record.counts,
            to_send,
        });
        if self.options.force == Force::Guarded
            && let Some(refusal) = guard::refusal(sync, &record.counts)
        {
            "refused".clone_into(&mut record.status);
            record.message = Some(refusal.message.clone());
            return Ok(vec![refusal]);
        }
        let marker = serde_json::to_vec(record).map_err(|e| Error::Internal(e.to_string()))?;
        ctx.host.write_atomic(&state.folder().join("run.json"), &marker)?;
        let journal = state.journal(&record.run_id, self.codec.acknowledgement())?;
        let unfit = self.set_aside_unfit(&journal).await?;
        self.observe(&journal).await?;
        let mut ending = Ending::Complete;
        if to_send == 0 {
            journal.seal()?;
        } else {
            (record.tally, ending) = self.deliver(&journal, mapping, state.generation()).await?;
        }
        record.tally.rejected += unfit;
        drop(journal);
        state.fold(ctx.engine, sync).await?;
        let fault = self.judge(record, ending);
        Ok(fault.into_iter().chain(self.warn_of_unusable(record)).collect())
    }

    /// Writes down the rows that cannot be sent at all; answers with their number.
    async fn set_aside_unfit(&self, journal: &Journal) -> Result<u64> {
        let unfit = self.diff.unfit(self.ctx.engine).await?;
        let entries: Vec<Entry<'_>> = unfit
            .iter()
            .map(|(change, reason)| Entry {
                reason: Some(reason),
                ..self.entry(change, Status::Rejected)
            })
            .collect();
        journal.write(&entries)?;
        Ok(u64::try_from(entries.len()).unwrap_or(u64::MAX))
    }

    /// In the mode `update`, takes note of new rows: from now on, their changes are sent.
    async fn observe(&self, journal: &Journal) -> Result<()> {
        if self.sync.mode != Mode::Update {
            return Ok(());
        }
        let mut chunks = self.diff.changes(self.ctx.engine, &["add"]).chunks(CHUNK);
        while let Some(chunk) = chunks.next().await {
            let changes = chunk.into_iter().collect::<Result<Vec<Change>>>()?;
            let entries: Vec<Entry<'_>> = changes
                .iter()
                .map(|change| self.entry(change, Status::Observed))
                .collect();
            journal.write(&entries)?;
        }
        Ok(())
    }

    fn entry<'e>(&self, change: &'e Change, status: Status) -> Entry<'e> {
        Entry {
            change,
            status,
            reason: None,
            attempts: 0,
            remote: None,
            at: self.ctx.clock.now(),
        }
    }

    async fn deliver(
        &self,
        journal: &Journal,
        mapping: &Mapping,
        generation: u64,
    ) -> Result<(Tally, Ending)> {
        let (ctx, sync) = (self.ctx, &self.sync.name);
        let transport = ctx.connections.open(self.destination)?;
        let redactor = Redactor::new(self.destination.secrets.clone());
        let watch = |moment: Moment<'_>| match moment {
            Moment::Settled { rows } => {
                ctx.reporter.report(&SyncEvent::Progressed { sync, rows });
            }
            Moment::Waiting { wait, reason } => {
                ctx.reporter.report(&SyncEvent::Waiting { sync, wait, reason });
            }
        };
        let delivery = Delivery {
            codec: self.codec,
            transport: transport.as_ref(),
            clock: ctx.clock,
            limits: &self.destination.limits,
            ledger: journal,
            redactor: &redactor,
            watch: &watch,
        };
        let shape = RunShape {
            generation,
            columns: mapping.columns(),
        };
        delivery.run(self.changes(), &shape).await
    }

    /// The changes that the mode sends; a whole snapshot holds every row that is in the model.
    fn changes(&self) -> BoxStream<'_, Result<Change>> {
        let kinds = sent_kinds(self.sync.mode, self.options.resync);
        self.diff.changes(self.ctx.engine, &kinds)
    }

    /// Gives the run its status, and says what went wrong.
    fn judge(&self, record: &mut RunRecord, ending: Ending) -> Option<Diagnostic> {
        let (name, destination) = (&self.sync.name, &self.destination.name);
        let (status, fault) = match ending {
            Ending::Halted(reason) => {
                let message = format!("sync `{name}` was stopped: `{destination}` takes nothing: {reason}");
                record.message = Some(reason);
                ("halted", Some(Diagnostic::error(codes::SYNC_HALTED, message)))
            }
            Ending::Paused(reason) => {
                let message = format!("sync `{name}` was paused: {reason}");
                record.message = Some(reason);
                let fault = Diagnostic::error(codes::SYNC_PAUSED, message)
                    .hint("run it again later: what was delivered is not sent again");
                ("paused", Some(fault))
            }
            Ending::Complete => match record.tally.rejected + record.tally.failed {
                0 => ("succeeded", None),
                rows => {
                    let message = format!("sync `{name}`: {rows} rows were not taken by `{destination}`");
                    record.message = Some(format!("{rows} rows were not taken"));
                    let fault = Diagnostic::error(codes::SYNC_REJECTED, message).hint(format!(
                        "`headwater sync failures --select {name}` lists them with the reasons"
                    ));
                    ("partial", Some(fault))
                }
            },
        };
        status.clone_into(&mut record.status);
        fault.map(|fault| fault.at(self.sync.span.clone()))
    }

    /// Warns of entries that the destination took and can do nothing with.
    fn warn_of_unusable(&self, record: &mut RunRecord) -> Option<Diagnostic> {
        let entries = record.tally.unusable;
        if entries == 0 {
            return None;
        }
        let (name, destination) = (&self.sync.name, &self.destination.name);
        let finding = format!("`{destination}` can do nothing with {entries} of the entries that it took");
        let message = format!("sync `{name}`: {finding}");
        record.message = Some(match record.message.take() {
            Some(fault) => format!("{fault}; {finding}"),
            None => finding,
        });
        Some(Diagnostic::warning(codes::SYNC_UNUSABLE, message).at(self.sync.span.clone()))
    }
}
