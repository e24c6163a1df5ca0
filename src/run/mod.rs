//! Runs a selection: plans all of it, builds and audits what is new, and publishes if all went well.

mod node;
mod planning;
mod publish;
mod schedule;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use crate::checks::NullCounts;
use crate::error::{Diagnostic, Result, codes};
use crate::jinja::MessageLevel;
use crate::materialize::RunCtx;
use crate::names::NodeId;
use crate::project::node::NodeKind;
use crate::report::{NodeResult, NodeStatus, ProgressReporter, RunEvent};
use crate::warehouse::{Build, PublishedRelation, Verdict};

use schedule::{Dependencies, Schedule};

pub use planning::plan_all;

/// How many names a message lists at most.
const LISTED: usize = 5;

/// What a run does with a failing node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Whatever does not depend on it goes on.
    GoOn,
    /// Nothing new is begun.
    Stop,
}

/// What a run does when it has ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRun {
    /// The environment moves.
    Publish,
    /// Nothing: tests of what is published.
    Leave,
}

/// What to run.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The nodes, in topological order.
    pub selected: Vec<NodeId>,
    /// What to do with a failing node.
    pub on_failure: OnFailure,
    /// What to do at the end.
    pub after: AfterRun,
    /// How many nodes at once.
    pub threads: usize,
    /// How many builds stay.
    pub keep_builds: usize,
}

/// What became of a run.
#[derive(Debug)]
pub struct RunOutcome {
    /// One result per selected node that was executed, reused or skipped, in the order in which they ended.
    pub results: Vec<NodeResult>,
    /// The build that is published now, when the run made or confirmed it.
    pub published: Option<Build>,
}

impl RunOutcome {
    /// Whether a node failed.
    pub fn failed(&self) -> bool {
        self.results.iter().any(|result| result.status.is_failure())
    }
}

/// What one node gave.
#[derive(Debug)]
struct Finished {
    result: NodeResult,
    relation: Option<PublishedRelation>,
    verdict: Option<Verdict>,
}

/// A selection cannot read what is neither published nor in it.
fn not_built(ctx: &RunCtx, selected: &[NodeId]) -> Option<Diagnostic> {
    let will_be: BTreeSet<&NodeId> = selected.iter().collect();
    let is_there = |id: &NodeId| {
        let name = ctx.graph.relation(id);
        name.is_some_and(|name| ctx.published.iter().any(|build| build.relation(name).is_some()))
    };
    let readers = ctx.graph.with_ephemeral_ancestors(selected);
    let missing: BTreeSet<&NodeId> = readers
        .iter()
        .flat_map(|id| ctx.graph.parents(id))
        .filter(|id| {
            // A template may ask whether a snapshot is there before it reads it.
            ctx.graph.node(id).is_some_and(|node| {
                matches!(node.node.kind, NodeKind::Model | NodeKind::Seed) && !node.is_ephemeral()
            })
        })
        .filter(|id| !will_be.contains(id) && !is_there(id))
        .collect();
    let names: Vec<String> = missing
        .iter()
        .take(LISTED)
        .map(|id| format!("`{}`", id.short()))
        .collect();
    let first = missing.first()?;
    let message = match missing.len().saturating_sub(LISTED) {
        0 => format!("the selection reads {}: not built yet", names.join(", ")),
        rest => format!(
            "the selection reads {} and {rest} more: not built yet",
            names.join(", ")
        ),
    };
    Some(Diagnostic::error(codes::NOT_BUILT, message).hint(format!(
        "build it first: `headwater build`, or `headwater build --select +{}`",
        first.short()
    )))
}

/// Runs a selection.
///
/// # Errors
/// The faults of planning, all of them; what fails later is told by the results. `HW0901` when publishing fails.
pub async fn run(
    ctx: Arc<RunCtx>,
    request: RunRequest,
    reporter: Arc<dyn ProgressReporter>,
) -> Result<RunOutcome> {
    let begun = Instant::now();
    if let Some(fault) = not_built(&ctx, &request.selected) {
        return Err(fault.into());
    }
    plan_all(&ctx, &request.selected)?;
    pass_on(&ctx, reporter.as_ref());
    reporter.report(&RunEvent::Planned {
        n_nodes: request.selected.len(),
        elapsed: begun.elapsed(),
    });
    let mut walk = Walk::new(&ctx, &request, reporter.as_ref());
    walk.go(&ctx, request.threads.max(1)).await;
    let Walk { finished, .. } = walk;
    let all_well = finished.iter().all(|one| !one.result.status.is_failure());
    let published = match request.after {
        AfterRun::Publish if all_well && !finished.is_empty() => Some(publish::publish(
            &ctx,
            &finished,
            request.keep_builds,
            reporter.as_ref(),
        )?),
        AfterRun::Publish | AfterRun::Leave => None,
    };
    Ok(RunOutcome {
        results: finished.into_iter().map(|one| one.result).collect(),
        published,
    })
}

/// Passes on what templates have said; what they said to the log alone stays unsaid.
pub fn pass_on(ctx: &RunCtx, reporter: &dyn ProgressReporter) {
    for message in ctx.planner.take_messages() {
        match message.level {
            MessageLevel::Debug => {}
            MessageLevel::Info | MessageLevel::Print => reporter.report(&RunEvent::Message(&message.text)),
            MessageLevel::Warning => {
                let warning = Diagnostic::warning(codes::TEMPLATE_WARNS, message.text).at_maybe(message.span);
                reporter.report(&RunEvent::Diagnostic(&warning));
            }
        }
    }
}

/// A walk over the schedule.
struct Walk<'a> {
    reporter: &'a dyn ProgressReporter,
    on_failure: OnFailure,
    schedule: Schedule,
    parents: BTreeMap<NodeId, BTreeSet<NodeId>>,
    ready: Vec<NodeId>,
    barred: BTreeMap<NodeId, NodeId>,
    stopped: bool,
    finished: Vec<Finished>,
    nulls: Arc<NullCounts>,
}

impl<'a> Walk<'a> {
    fn new(ctx: &RunCtx, request: &RunRequest, reporter: &'a dyn ProgressReporter) -> Self {
        let parents = ctx.graph.waiting_order();
        let tests: BTreeSet<NodeId> = request
            .selected
            .iter()
            .filter(|id| {
                ctx.graph
                    .node(id)
                    .is_some_and(|node| node.node.kind == NodeKind::Test)
            })
            .cloned()
            .collect();
        let schedule = Schedule::new(
            &request.selected,
            Dependencies {
                parents: &parents,
                tests: &tests,
            },
        );
        let mut ready = schedule.ready();
        ready.reverse();
        Self {
            reporter,
            on_failure: request.on_failure,
            parents: schedule.waits(),
            schedule,
            ready,
            barred: BTreeMap::new(),
            stopped: false,
            finished: Vec::new(),
            nulls: Arc::default(),
        }
    }

    async fn go(&mut self, ctx: &Arc<RunCtx>, threads: usize) {
        let mut at_work: JoinSet<Finished> = JoinSet::new();
        loop {
            while at_work.len() < threads
                && let Some(id) = self.ready.pop()
            {
                match self.hindrance(ctx, &id) {
                    Some(because) => self.finish(node::skipped(ctx, &id, &because)),
                    None => self.begin(ctx, &id, &mut at_work),
                }
            }
            match at_work.join_next().await {
                None if self.ready.is_empty() => return,
                None => {}
                Some(Ok(finished)) => {
                    pass_on(ctx, self.reporter);
                    self.finish(finished);
                }
                Some(Err(died)) if died.is_cancelled() => {}
                // A panic is turned into a result within the task; this one had no node to tell of.
                Some(Err(_)) => self.stopped = true,
            }
        }
    }

    fn begin(&self, ctx: &Arc<RunCtx>, id: &NodeId, at_work: &mut JoinSet<Finished>) {
        let (what, label) = node::describe(ctx, id);
        self.reporter.report(&RunEvent::Started {
            id,
            what,
            label: &label,
        });
        let (ctx, id) = (Arc::clone(ctx), id.clone());
        let nulls = Arc::clone(&self.nulls);
        at_work.spawn(async move { node::execute(ctx, id, nulls).await });
    }

    /// Why a node cannot be run: something it waits for did not end well, or the run was stopped.
    fn hindrance(&self, ctx: &RunCtx, id: &NodeId) -> Option<String> {
        let failed = self
            .parents
            .get(id)
            .into_iter()
            .flatten()
            .find_map(|parent| self.barred.get(parent));
        match failed {
            Some(root) => Some(format!("`{}` did not end well", node::describe(ctx, root).1)),
            None if self.stopped => Some("the run was stopped by a failure".to_owned()),
            None => None,
        }
    }

    fn finish(&mut self, finished: Finished) {
        let id = finished.result.id.clone();
        let status = finished.result.status;
        if !status.lets_pass() {
            let inherited = self
                .parents
                .get(&id)
                .into_iter()
                .flatten()
                .find_map(|parent| self.barred.get(parent));
            let root = inherited.cloned().unwrap_or_else(|| id.clone());
            self.barred.insert(id.clone(), root);
        }
        if status.is_failure() && self.on_failure == OnFailure::Stop {
            self.stopped = true;
        }
        self.reporter.report(&RunEvent::Finished(&finished.result));
        self.finished.push(finished);
        let mut next = self.schedule.complete(&id);
        next.reverse();
        self.ready.extend(next);
    }
}

impl Finished {
    fn plain(result: NodeResult) -> Self {
        Self {
            result,
            relation: None,
            verdict: None,
        }
    }

    fn failed(mut result: NodeResult, diagnostics: Vec<Diagnostic>) -> Self {
        result.status = NodeStatus::Error;
        result.message = diagnostics.first().map(|first| first.message.clone());
        result.diagnostics = diagnostics;
        Self::plain(result)
    }
}
