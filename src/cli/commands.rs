//! The commands, one function each.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::arguments::{ExplainMode, Global, ListOutput, Running, Selection, ShowQuery};
use super::session::{self, Opened};
use super::terminal::Terminal;
use super::{show, summary};
use crate::artifacts::{self, Described};
use crate::engine::SqlFault;
use crate::error::{Diagnostic, Error, ExitStatus, Result, codes};
use crate::graph::Graph;
use crate::graph::plan::{Planning, ReusePolicy};
use crate::graph::sources::SourcePolicy;
use crate::host::Host;
use crate::materialize::RunCtx;
use crate::names::{NodeId, RelationName};
use crate::report::ProgressReporter;
use crate::run::{self, AfterRun, OnFailure, RunOutcome, RunRequest};

/// How many builds stay.
const KEEP_BUILDS: usize = 5;
/// What `build` works on, in dbt's words.
const ALL_KINDS: [&str; 6] = ["seed", "model", "snapshot", "test", "unit_test", "operation"];

/// What every command works with.
pub(super) struct Cli<'a> {
    pub(super) host: &'a Host,
    pub(super) global: &'a Global,
    pub(super) terminal: &'a Arc<Terminal>,
}

/// How a command runs nodes.
#[derive(Debug, Clone, Copy)]
struct Mode {
    command: &'static str,
    kinds: &'static [&'static str],
    after: AfterRun,
}

impl Cli<'_> {
    pub(super) async fn build(
        &self,
        selection: &Selection,
        running: &Running,
        sync: bool,
    ) -> Result<ExitStatus> {
        let mode = Mode {
            command: "build",
            kinds: &ALL_KINDS,
            after: AfterRun::Publish,
        };
        let (opened, outcome) = self.run_nodes(selection, running, mode).await?;
        let status = status(&outcome);
        if sync && status == ExitStatus::Done {
            return self.deliver_after_build(&opened).await;
        }
        Ok(status)
    }

    pub(super) async fn run(&self, selection: &Selection, running: &Running) -> Result<ExitStatus> {
        self.run_kinds(
            selection,
            running,
            Mode {
                command: "run",
                kinds: &["model"],
                after: AfterRun::Publish,
            },
        )
        .await
    }

    pub(super) async fn seed(&self, selection: &Selection, running: &Running) -> Result<ExitStatus> {
        self.run_kinds(
            selection,
            running,
            Mode {
                command: "seed",
                kinds: &["seed"],
                after: AfterRun::Publish,
            },
        )
        .await
    }

    pub(super) async fn snapshot(&self, selection: &Selection, running: &Running) -> Result<ExitStatus> {
        let mode = Mode {
            command: "snapshot",
            kinds: &["snapshot"],
            after: AfterRun::Publish,
        };
        self.run_kinds(selection, running, mode).await
    }

    pub(super) async fn test(&self, selection: &Selection, running: &Running) -> Result<ExitStatus> {
        let mode = Mode {
            command: "test",
            kinds: &["test", "unit_test"],
            after: AfterRun::Leave,
        };
        self.run_kinds(selection, running, mode).await
    }

    async fn run_kinds(&self, selection: &Selection, running: &Running, mode: Mode) -> Result<ExitStatus> {
        let (_, outcome) = self.run_nodes(selection, running, mode).await?;
        Ok(status(&outcome))
    }

    async fn run_nodes(
        &self,
        selection: &Selection,
        running: &Running,
        mode: Mode,
    ) -> Result<(Opened, RunOutcome)> {
        let begun = Instant::now();
        let opened = self.open(mode.command)?;
        let selected = opened.select(selection, mode.kinds, self.terminal)?;
        let _lock = opened.lock(self.host, running)?;
        let policy = if running.full_refresh {
            ReusePolicy::Rebuild
        } else {
            ReusePolicy::Reuse
        };
        let ctx = opened
            .context(
                (self.host, self.terminal),
                &selected,
                policy,
                SourcePolicy::Required,
            )
            .await?;
        session::tell(self.terminal, self.global, ctx.planner.left_undone(&selected))?;
        let request = RunRequest {
            selected,
            on_failure: if running.fail_fast {
                OnFailure::Stop
            } else {
                OnFailure::GoOn
            },
            after: mode.after,
            threads: opened.graph.project.target.threads,
            keep_builds: KEEP_BUILDS,
        };
        let reporter: Arc<dyn ProgressReporter> = Arc::clone(self.terminal) as _;
        let outcome = run::run(Arc::clone(&ctx), request, reporter).await?;
        self.write_artifacts(&opened, &ctx, Some(&outcome))?;
        self.terminal.finish();
        summary::print(self.terminal, &ctx, &outcome, begun.elapsed());
        Ok((opened, outcome))
    }

    pub(super) async fn check(&self, selection: &Selection) -> Result<ExitStatus> {
        let begun = Instant::now();
        let (opened, ctx, selected) = self.plan_only("check", selection, SourcePolicy::Declared).await?;
        run::plan_all(&ctx, &opened.with_unbuilt_ancestors(self.host, &selected)?)?;
        run::pass_on(&ctx, self.terminal.as_ref());
        self.write_artifacts(&opened, &ctx, None)?;
        let elapsed = super::terminal::seconds(begun.elapsed());
        self.terminal
            .say(&format!("no faults in {} nodes, {elapsed}", selected.len()));
        Ok(ExitStatus::Done)
    }

    pub(super) fn parse(&self) -> Result<ExitStatus> {
        let opened = self.open("parse")?;
        let described = Described {
            graph: &opened.graph,
            renderer: &opened.renderer,
            planner: None,
        };
        artifacts::write_manifest(self.host, described, &self.invocation(&opened))?;
        self.terminal.say(&format!(
            "wrote {}",
            opened.graph.project.target_path.join("manifest.json").display()
        ));
        Ok(ExitStatus::Done)
    }

    pub(super) async fn compile(&self, selection: &Selection, inline: Option<&str>) -> Result<ExitStatus> {
        let (opened, ctx, selected) = self
            .plan_only("compile", selection, SourcePolicy::Declared)
            .await?;
        if let Some(text) = inline {
            let rendered = ctx.planner.render_inline(text)?;
            self.terminal.data(&format!("{}\n", rendered.sql.trim()));
            return Ok(ExitStatus::Done);
        }
        run::plan_all(&ctx, &opened.with_unbuilt_ancestors(self.host, &selected)?)?;
        run::pass_on(&ctx, self.terminal.as_ref());
        self.write_artifacts(&opened, &ctx, None)?;
        if let (Some(only), false) = (the_one(&selected), selection.select.is_empty())
            && let Planning::Ready(planned) = ctx.planner.plan(only)
        {
            self.terminal.data(&format!("{}\n", planned.compiled.trim()));
        }
        Ok(ExitStatus::Done)
    }

    pub(super) fn list(
        &self,
        selection: &Selection,
        output: ListOutput,
        keys: &[String],
    ) -> Result<ExitStatus> {
        let opened = self.open("list")?;
        let kinds = [
            "seed",
            "model",
            "snapshot",
            "test",
            "unit_test",
            "source",
            "exposure",
            "analysis",
        ];
        let selected = opened.select(selection, &kinds, self.terminal)?;
        let lines: Vec<String> = selected
            .iter()
            .map(|id| match output {
                ListOutput::Selector => opened.graph.selector_name(id),
                ListOutput::Name => id.short().to_owned(),
                ListOutput::Path => opened.graph.path_of(id).display().to_string(),
                ListOutput::Json => chosen_keys(artifacts::list_entry(&opened.graph, id), keys).to_string(),
            })
            .collect();
        if !lines.is_empty() {
            self.terminal.data(&format!("{}\n", lines.join("\n")));
        }
        Ok(ExitStatus::Done)
    }

    pub(super) async fn show(&self, selection: &Selection, query: &ShowQuery) -> Result<ExitStatus> {
        let (opened, ctx, selected) = self.plan_only("show", selection, SourcePolicy::Present).await?;
        self.define_records(&opened, &ctx)?;
        let (name, sql) = match (&query.inline, the_one(&selected)) {
            (Some(text), _) => ("inline".to_owned(), ctx.planner.render_inline(text)?.sql),
            (None, _) if selection.select.is_empty() && selection.selector.is_none() => {
                return Err(Error::Usage(
                    "nothing to show: name a node with `--select`, or use `--inline`".into(),
                ));
            }
            (None, Some(only)) => {
                if published_name(&ctx, only).is_none() {
                    run::plan_all(
                        &ctx,
                        &opened.with_unbuilt_ancestors(self.host, std::slice::from_ref(only))?,
                    )?;
                }
                (only.short().to_owned(), shown_sql(&ctx, only)?)
            }
            (None, None) if selected.is_empty() => {
                return Err(Error::Usage(
                    "the selection is empty: there is nothing to show".into(),
                ));
            }
            (None, None) => {
                let message = format!("`show` takes one node, the selection has {}", selected.len());
                return Err(Error::Usage(message));
            }
        };
        let fault = |fault: SqlFault| Error::from(fault.into_diagnostic());
        let resolved = ctx.planner.catalog().plan(&sql).map_err(fault)?;
        let text = match query.explain {
            Some(ExplainMode::Plan) => ctx.engine.explain(&resolved.query).await.map_err(fault)?,
            Some(ExplainMode::Analyze) => ctx.engine.explain_analyze(&resolved.query).await.map_err(fault)?,
            None => {
                let limit = usize::try_from(query.limit).ok();
                let batches = ctx.engine.rows(&resolved.query, limit).await.map_err(fault)?;
                show::render(&name, &resolved.query.schema(), &batches, query.output)
            }
        };
        self.terminal.data(&text);
        Ok(ExitStatus::Done)
    }

    pub(super) fn debug(&self) -> Result<ExitStatus> {
        let opened = self.open("debug")?;
        let project = &opened.graph.project;
        let target = &project.target;
        let memory = target
            .memory_limit_bytes
            .map_or_else(|| "no limit".to_owned(), super::terminal::size);
        let lines = [
            format!("headwater {}", env!("CARGO_PKG_VERSION")),
            format!("project    {} in {}", project.name, project.root.display()),
            format!("profile    {}, target {}", target.profile_name, target.name),
            format!("warehouse  {}", target.warehouse),
            format!("schema     {}.{}", target.database, target.schema),
            format!("threads    {}, memory {memory}", target.threads),
            format!("as of      {}", crate::time::iso(opened.as_of)),
            format!("nodes      {}", opened.graph.order.len()),
        ];
        self.terminal.data(&format!("{}\n", lines.join("\n")));
        Ok(ExitStatus::Done)
    }

    pub(super) fn clean(&self) -> Result<ExitStatus> {
        let opened = self.open("clean")?;
        for folder in &opened.graph.project.clean_targets {
            if let Some(objection) = objection_to_cleaning(&opened.graph, folder) {
                let message = format!("`{}` {objection} and stays", folder.display());
                self.terminal
                    .diagnostic(&Diagnostic::warning(codes::NOT_CLEANED, message));
                continue;
            }
            self.host.remove(folder)?;
            self.terminal.say(&format!("removed {}", folder.display()));
        }
        Ok(ExitStatus::Done)
    }

    pub(super) fn explain(&self, code: &str) -> Result<ExitStatus> {
        let wanted = code.to_uppercase();
        let Some(page) = codes::pages().find(|page| page.code.as_str() == wanted) else {
            let known: Vec<&str> = codes::pages().map(|page| page.code.as_str()).collect();
            let near = crate::error::nearest(&wanted, known.iter().copied());
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            return Err(Error::Usage(format!("there is no code `{code}`{hint}")));
        };
        self.terminal.data(&format!(
            "{}: {}\n\nWhat it means\n  {}\n\nWhy it matters\n  {}\n\nExample\n  {}\n\nHow to fix it\n  {}\n",
            page.code, page.title, page.meaning, page.why, page.example, page.fix
        ));
        Ok(ExitStatus::Done)
    }

    pub(super) fn open(&self, command: &'static str) -> Result<Opened> {
        session::open(self.host, self.global, self.terminal, command)
    }

    async fn plan_only(
        &self,
        command: &'static str,
        selection: &Selection,
        sources: SourcePolicy,
    ) -> Result<(Opened, Arc<RunCtx>, Vec<NodeId>)> {
        let opened = self.open(command)?;
        let kinds = ["seed", "model", "snapshot", "test", "analysis", "source"];
        let selected = opened.select(selection, &kinds, self.terminal)?;
        let read = opened.with_unbuilt_ancestors(self.host, &selected)?;
        let ctx = opened
            .context((self.host, self.terminal), &read, ReusePolicy::Reuse, sources)
            .await?;
        Ok((opened, ctx, selected))
    }

    fn write_artifacts(&self, opened: &Opened, ctx: &RunCtx, outcome: Option<&RunOutcome>) -> Result<()> {
        let invocation = self.invocation(opened);
        let described = Described {
            graph: &opened.graph,
            renderer: &opened.renderer,
            planner: Some(&ctx.planner),
        };
        artifacts::write_manifest(self.host, described, &invocation)?;
        match outcome {
            Some(outcome) => artifacts::write_run_results(self.host, &opened.graph, &invocation, outcome),
            None => Ok(()),
        }
    }

    fn invocation(&self, opened: &Opened) -> artifacts::Invocation {
        artifacts::Invocation {
            id: opened.invocation.id.clone(),
            started_at: opened.invocation.started_at,
            generated_at: self.host.now(),
            command: opened.invocation.command,
        }
    }
}

fn status(outcome: &RunOutcome) -> ExitStatus {
    if outcome.failed() {
        ExitStatus::Failed
    } else {
        ExitStatus::Done
    }
}

/// Why a folder is not to be removed: it is not the project's own, or holds more than what commands leave behind.
fn objection_to_cleaning(graph: &Graph, folder: &Path) -> Option<&'static str> {
    let project = &graph.project;
    let warehouse = Path::new(&project.target.warehouse);
    if !folder.starts_with(&project.root) {
        Some("lies outside the project")
    } else if own_files(graph).any(|path| path.starts_with(folder)) {
        Some("holds files of the project")
    } else if warehouse.starts_with(folder) || folder.starts_with(warehouse) {
        Some("is the warehouse's")
    } else {
        None
    }
}

/// The project's own files, packages' excluded, and the folders of its syncs; absolute.
fn own_files(graph: &Graph) -> impl Iterator<Item = PathBuf> {
    let project = &graph.project;
    let nodes = graph.nodes.values().chain(graph.disabled.values());
    let nodes = nodes.map(|node| (&node.node.package, &node.node.original_file_path));
    let sources = project.sources.values();
    let sources = sources.map(|source| (&source.package, &source.original_file_path));
    let docs = project.docs.values();
    let docs = docs.map(|doc| (&doc.package, &doc.original_file_path));
    let macros = project.macro_files.iter();
    let macros = macros.map(|file| (&file.package, &file.original_file_path));
    let files = nodes.chain(sources).chain(docs).chain(macros);
    files
        .filter(|(package, _)| **package == project.name)
        .map(|(_, path)| project.root.join(path))
        .chain(project.sync_folders.iter().cloned())
        .chain([project.root.join("dbt_project.yml")])
}

/// The node that a selection of one means: a model is selected with its tests.
fn the_one(selected: &[NodeId]) -> Option<&NodeId> {
    let mut others = selected.iter().filter(|id| id.resource_type() != "test");
    match (selected, others.next(), others.next()) {
        ([only], ..) | (_, Some(only), None) => Some(only),
        _ => None,
    }
}

/// The name of what can be read as it is: a source, or a relation that is published.
fn published_name<'a>(ctx: &'a RunCtx, id: &NodeId) -> Option<&'a RelationName> {
    let is_there = |name: &RelationName| ctx.published.iter().any(|build| build.relation(name).is_some());
    ctx.graph
        .relation(id)
        .filter(|name| ctx.graph.source(id).is_some() || is_there(name))
}

/// The rows of a node: what is published, or what its SQL gives; of a test, the failing rows.
fn shown_sql(ctx: &RunCtx, id: &NodeId) -> Result<String> {
    if let Some(name) = published_name(ctx, id) {
        return Ok(format!("select * from {}", name.quoted()));
    }
    match ctx.planner.plan_with_ephemerals(id) {
        Planning::Ready(planned) => Ok(planned.compiled.to_string()),
        Planning::Faulty(diagnostics) => Err(Error::Diagnostics(diagnostics)),
        Planning::Deferred(_) | Planning::Blocked(_) => Err(Diagnostic::error(
            codes::NOT_BUILT,
            format!("`{}` reads something that is not built", id.short()),
        )
        .hint("build it once: `headwater build`")
        .into()),
    }
}

fn chosen_keys(entry: Value, keys: &[String]) -> Value {
    match entry {
        Value::Object(map) if !keys.is_empty() => {
            let chosen: Map<String, Value> = map.into_iter().filter(|(key, _)| keys.contains(key)).collect();
            json!(chosen)
        }
        other => other,
    }
}
