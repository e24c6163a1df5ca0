//! `headwater sync`: the thin end of syncs.

use std::fmt::Write as _;
use std::sync::Arc;

use comfy_table::{Table, presets};
use parking_lot::Mutex;

use super::arguments::{SyncAction, SyncChoice, SyncDelivery};
use super::commands::Cli;
use super::session::{Opened, told};
use super::style::Role;
use super::terminal::{Terminal, grouped, seconds};
use crate::engine::PlannedQuery;
use crate::error::{Diagnostic, Error, ExitStatus, Result, codes};
use crate::graph::catalog::Known;
use crate::graph::plan::{Planner, ReusePolicy};
use crate::graph::sources::SourcePolicy;
use crate::jinja::RefCall;
use crate::materialize::RunCtx;
use crate::names::RelationName;
use crate::project::TextTemplates as _;
use crate::report::{ProgressReporter as _, RunEvent};
use crate::sync::{
    self, CheckOutcome, FAILURE_COLUMNS, Force, HISTORY_COLUMNS, Model, Models, Preview, Registry, Resync,
    RunOptions, SyncConfig, SyncContext, SyncEvent, SyncProject, SyncReporter, SystemClock, Trigger,
    WireConnections,
};

/// The syncs of a project, with what they run on.
struct Syncs {
    project: SyncProject,
    ctx: Arc<RunCtx>,
    connections: WireConnections,
    clock: SystemClock,
    root: std::path::PathBuf,
}

impl Cli<'_> {
    /// Delivers syncs, or tells of them.
    pub(super) async fn sync(
        &self,
        action: Option<&SyncAction>,
        deliver: &SyncDelivery,
    ) -> Result<ExitStatus> {
        let opened = self.open("sync")?;
        let syncs = self.syncs(&opened).await?;
        match action {
            None => {
                let chosen = chosen(&syncs.project, &deliver.choice)?;
                let options = RunOptions {
                    resync: if deliver.full_resync {
                        Resync::Full
                    } else {
                        Resync::Changes
                    },
                    force: if deliver.force {
                        Force::Forced
                    } else {
                        Force::Guarded
                    },
                };
                if deliver.dry_run {
                    self.dry_run(&syncs, &chosen, options).await
                } else {
                    self.deliver(&syncs, &chosen, options).await
                }
            }
            Some(SyncAction::Plan { choice }) => {
                self.sync_plan(&syncs, &chosen(&syncs.project, choice)?).await
            }
            Some(SyncAction::History { choice, limit }) => {
                let parts = (&*syncs.ctx.engine, self.host, syncs.root.as_path());
                let lines = sync::history(parts, &chosen(&syncs.project, choice)?, *limit).await?;
                self.print_table(&HISTORY_COLUMNS, lines.into_iter().map(|line| line.cells));
                Ok(ExitStatus::Done)
            }
            Some(SyncAction::Failures { choice }) => {
                let parts = (&*syncs.ctx.engine, self.host, syncs.root.as_path());
                let lines = sync::failures(parts, &chosen(&syncs.project, choice)?).await?;
                self.print_table(&FAILURE_COLUMNS, lines.into_iter().map(|line| line.cells));
                Ok(ExitStatus::Done)
            }
            Some(SyncAction::Check) => self.sync_check(&syncs).await,
        }
    }

    /// Delivers the syncs that follow a build.
    pub(super) async fn deliver_after_build(&self, opened: &Opened) -> Result<ExitStatus> {
        let syncs = self.syncs(opened).await?;
        let after: Vec<&SyncConfig> = syncs
            .project
            .syncs
            .values()
            .filter(|sync| matches!(sync.trigger, Trigger::AfterBuild))
            .collect();
        self.deliver(&syncs, &after, RunOptions::default()).await
    }

    /// Lets queries read what syncs have recorded.
    pub(super) fn define_records(&self, opened: &Opened, ctx: &RunCtx) -> Result<()> {
        let target = &opened.graph.project.target;
        for table in sync::record_tables(&ctx.engine, self.host, &ctx.warehouse.sync_folder())? {
            let name = RelationName::new(&target.database, &target.schema, table.name);
            ctx.planner.catalog().define(name, Known::Rows(table.source));
        }
        Ok(())
    }

    async fn syncs(&self, opened: &Opened) -> Result<Syncs> {
        let project = &opened.graph.project;
        let texts = opened.texts(self.host);
        let render = |text: &_| texts.render(text, &project.vars, Some(&project.target));
        let registry = Registry::standard();
        let (syncs, diagnostics) = sync::load(
            self.host,
            &project.root,
            &project.sync_folders,
            &registry,
            &render,
        );
        told(self.terminal, diagnostics)?;
        let ctx = opened
            .context(
                (self.host, self.terminal),
                &[],
                ReusePolicy::Reuse,
                SourcePolicy::Present,
            )
            .await?;
        let connections = WireConnections {
            host: self.host.clone(),
            engine: (*ctx.engine).clone(),
            base: project.root.clone(),
        };
        let root = ctx.warehouse.sync_folder();
        let clock = SystemClock::new(self.host.clone());
        Ok(Syncs {
            project: syncs,
            ctx,
            connections,
            clock,
            root,
        })
    }

    async fn deliver(
        &self,
        syncs: &Syncs,
        chosen: &[&SyncConfig],
        options: RunOptions,
    ) -> Result<ExitStatus> {
        let reporter = Reporter::new(self.terminal);
        let models = PublishedModels { ctx: &syncs.ctx };
        let report = sync::run(&syncs.context(self, &models, &reporter), chosen, options).await;
        self.terminal.finish();
        for diagnostic in &report.diagnostics {
            self.terminal.diagnostic(diagnostic);
        }
        if chosen.is_empty() {
            self.terminal
                .say("there is nothing to sync: no file in syncs/ declares a sync that is chosen");
        }
        Ok(report.status())
    }

    async fn dry_run(
        &self,
        syncs: &Syncs,
        chosen: &[&SyncConfig],
        options: RunOptions,
    ) -> Result<ExitStatus> {
        let reporter = sync::Silent;
        let models = PublishedModels { ctx: &syncs.ctx };
        let context = syncs.context(self, &models, &reporter);
        let mut status = ExitStatus::Done;
        for config in chosen {
            let preview = sync::preview(&context, config, options).await?;
            self.terminal.data(&shown(&preview));
            if let Some(refusal) = &preview.refusal {
                self.terminal.diagnostic(refusal);
                status = ExitStatus::Failed;
            }
        }
        Ok(status)
    }

    async fn sync_plan(&self, syncs: &Syncs, chosen: &[&SyncConfig]) -> Result<ExitStatus> {
        let reporter = sync::Silent;
        let models = PublishedModels { ctx: &syncs.ctx };
        let context = syncs.context(self, &models, &reporter);
        let mut rows = Vec::new();
        for config in chosen {
            let preview = sync::preview(&context, config, RunOptions::default()).await?;
            let counts = &preview.counts;
            let numbers = [
                counts.added,
                counts.changed,
                counts.removed,
                counts.unchanged,
                counts.suppressed,
                preview.to_send,
            ];
            let mut row = vec![
                config.name.to_string(),
                config.destination.to_string(),
                config.mode.to_string(),
            ];
            row.extend(numbers.map(grouped));
            row.push(preview.refusal.map(|refusal| refusal.message).unwrap_or_default());
            rows.push(row);
        }
        let header = [
            "sync",
            "destination",
            "mode",
            "added",
            "changed",
            "removed",
            "unchanged",
            "suppressed",
            "to send",
            "refused",
        ];
        self.print_table(&header, rows.into_iter());
        Ok(ExitStatus::Done)
    }

    async fn sync_check(&self, syncs: &Syncs) -> Result<ExitStatus> {
        let reporter = sync::Silent;
        let models = PublishedModels { ctx: &syncs.ctx };
        let outcomes = sync::check(&syncs.context(self, &models, &reporter)).await?;
        let mut status = ExitStatus::Done;
        for CheckOutcome {
            destination,
            kind,
            fault,
        } in &outcomes
        {
            match fault {
                None => self.terminal.say(&format!(
                    "{} {destination} ({kind})",
                    self.terminal.paint(Role::Good, "ok")
                )),
                Some(diagnostic) => {
                    self.terminal.diagnostic(diagnostic);
                    status = ExitStatus::Failed;
                }
            }
        }
        Ok(status)
    }

    fn print_table(&self, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let mut table = Table::new();
        table
            .load_preset(presets::ASCII_MARKDOWN)
            .set_header(header.iter().copied());
        for row in rows {
            table.add_row(row);
        }
        self.terminal.data(&format!("{table}\n"));
    }
}

impl Syncs {
    fn context<'a>(
        &'a self,
        cli: &'a Cli<'_>,
        models: &'a dyn Models,
        reporter: &'a dyn SyncReporter,
    ) -> SyncContext<'a> {
        SyncContext {
            host: cli.host,
            engine: &self.ctx.engine,
            root: &self.root,
            project: &self.project,
            models,
            connections: &self.connections,
            clock: &self.clock,
            reporter,
        }
    }
}

/// The syncs that are chosen by name or selector.
fn chosen<'a>(project: &'a SyncProject, choice: &SyncChoice) -> Result<Vec<&'a SyncConfig>> {
    let selectors: Vec<String> = choice.names.iter().chain(&choice.select).cloned().collect();
    let (chosen, idle) = project.select(&selectors);
    match idle.first() {
        None => Ok(chosen),
        Some(selector) => {
            let near =
                crate::error::nearest(selector, project.syncs.keys().map(crate::names::SyncName::as_str));
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            Err(Error::Usage(format!("`{selector}` chooses no sync{hint}")))
        }
    }
}

/// What is published, as syncs read it.
struct PublishedModels<'a> {
    ctx: &'a RunCtx,
}

impl Models for PublishedModels<'_> {
    fn plan(&self, sync: &SyncConfig) -> Result<PlannedQuery> {
        let planner: &Planner = &self.ctx.planner;
        match &sync.model {
            Model::Sql(template) => {
                let rendered = planner.render_text(template)?;
                let planned = planner.catalog().plan(&rendered.sql);
                planned
                    .map(|resolved| resolved.query)
                    .map_err(|fault| fault.into_diagnostic().at(sync.span.clone()).into())
            }
            Model::Node(name) => {
                let graph = &self.ctx.graph;
                let call = RefCall {
                    package: None,
                    name: name.value.clone(),
                    version: None,
                    span: name.span.clone(),
                };
                let id = graph.resolve_ref(&graph.project.name, &call)?;
                let relation = graph.readable_name(id);
                if planner.catalog().get(&relation).is_none() {
                    let message = format!("model `{}` is not published", name.value);
                    return Err(Diagnostic::error(codes::NOT_BUILT, message)
                        .at(name.span.clone())
                        .hint("build it first: `headwater build`")
                        .into());
                }
                let planned = planner
                    .catalog()
                    .plan(&format!("select * from {}", relation.quoted()));
                planned
                    .map(|resolved| resolved.query)
                    .map_err(|fault| fault.into_diagnostic().at(name.span.clone()).into())
            }
        }
    }
}

/// Tells on the terminal how syncs go.
#[derive(Debug)]
struct Reporter<'a> {
    terminal: &'a Terminal,
    progress: Mutex<(u64, u64)>,
}

impl<'a> Reporter<'a> {
    fn new(terminal: &'a Terminal) -> Self {
        Self {
            terminal,
            progress: Mutex::new((0, 0)),
        }
    }

    fn show(&self, name: &str, waiting_for: Option<&str>) {
        let (n_done, n_total) = *self.progress.lock();
        self.terminal.report(&RunEvent::Sync {
            name,
            n_done,
            n_total,
            waiting_for,
        });
    }
}

impl SyncReporter for Reporter<'_> {
    fn report(&self, event: &SyncEvent<'_>) {
        match event {
            SyncEvent::Started { sync } => self.show(sync.as_str(), Some("the comparison")),
            SyncEvent::Compared { sync, to_send, .. } => {
                *self.progress.lock() = (0, *to_send);
                self.show(sync.as_str(), None);
            }
            SyncEvent::Progressed { sync, rows } => {
                self.progress.lock().0 = *rows;
                self.show(sync.as_str(), None);
            }
            SyncEvent::Waiting { sync, wait, reason } => {
                self.show(sync.as_str(), Some(&format!("{} {reason}", seconds(*wait))));
            }
            SyncEvent::Finished { record } => {
                let counts = &record.counts;
                let elapsed = (record.finished_at - record.started_at)
                    .to_std()
                    .unwrap_or_default();
                self.terminal.say(&format!(
                    "{}: {} added, {} changed, {} removed, {} unchanged; {} delivered, {} not taken; {} in {}",
                    record.sync,
                    grouped(counts.added),
                    grouped(counts.changed),
                    grouped(counts.removed),
                    grouped(counts.unchanged),
                    grouped(record.tally.delivered),
                    grouped(record.tally.rejected + record.tally.failed),
                    record.status,
                    seconds(elapsed),
                ));
            }
        }
    }
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _infallible = text.write_fmt(line);
}

/// A dry run as text: the counts, and the first requests in full, credentials masked.
fn shown(preview: &Preview) -> String {
    let counts = &preview.counts;
    let mut text = format!(
        "{}\n  {} added, {} changed, {} removed, {} unchanged, {} suppressed; {} rows would be sent\n",
        preview.sync,
        grouped(counts.added),
        grouped(counts.changed),
        grouped(counts.removed),
        grouped(counts.unchanged),
        grouped(counts.suppressed),
        grouped(preview.to_send),
    );
    for (row, reason) in &preview.rejected {
        push(
            &mut text,
            format_args!("  row {row} would be rejected: {reason}\n"),
        );
    }
    for request in &preview.requests {
        push(&mut text, format_args!("\n  {}\n", request.purpose));
        push(
            &mut text,
            format_args!("    {} {}\n", request.method.as_str(), request.shown_url()),
        );
        for (name, value) in &request.headers {
            push(&mut text, format_args!("    {name}: {value:?}\n"));
        }
        for (name, value) in &request.extra_headers {
            push(&mut text, format_args!("    {name}: {value:?}\n"));
        }
        for line in String::from_utf8_lossy(&request.body).lines() {
            push(&mut text, format_args!("    {line}\n"));
        }
    }
    text
}
