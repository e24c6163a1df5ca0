//! The work on one node.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;

use super::Finished;
use crate::checks::{self, NullCounts};
use crate::error::{Diagnostic, codes};
use crate::graph::GraphNode;
use crate::graph::plan::{PlannedNode, Planning, Reuse};
use crate::materialize::{Registry, RunCtx};
use crate::names::NodeId;
use crate::project::node::NodeKind;
use crate::report::{NodeResult, NodeStatus, Timing};
use crate::warehouse::{PublishedRelation, RelationKind, StoredTable};

/// What a node is, and its name, for people.
pub(super) fn describe(ctx: &RunCtx, id: &NodeId) -> (&'static str, String) {
    match ctx.graph.node(id) {
        Some(node) => (node.what(), node.label()),
        None => ("unit test", id.short().to_owned()),
    }
}

/// A node that cannot be run.
pub(super) fn skipped(ctx: &RunCtx, id: &NodeId, because: &str) -> Finished {
    let mut result = blank(ctx, id);
    result.status = NodeStatus::Skipped;
    result.message = Some(because.to_owned());
    Finished::plain(result)
}

/// Runs a node; a panic becomes a result.
pub(super) async fn execute(ctx: Arc<RunCtx>, id: NodeId, nulls: Arc<NullCounts>) -> Finished {
    let work = AssertUnwindSafe(work(&ctx, &id, &nulls)).catch_unwind();
    work.await.unwrap_or_else(|_| {
        let message = format!("work on `{id}` broke off");
        Finished::failed(
            blank(&ctx, &id),
            vec![Diagnostic::error(codes::INTERNAL, message)],
        )
    })
}

async fn work(ctx: &RunCtx, id: &NodeId, nulls: &NullCounts) -> Finished {
    let mut result = blank(ctx, id);
    let Some(node) = ctx.graph.node(id) else {
        return unit_test(ctx, id, result).await;
    };
    let planned = match ctx.planner.plan(id) {
        Planning::Ready(planned) => planned,
        Planning::Faulty(diagnostics) => return Finished::failed(result, diagnostics),
        Planning::Blocked(parent) => return Finished::failed(result, vec![not_built(id, &[parent])]),
        Planning::Deferred(parents) => return Finished::failed(result, vec![not_built(id, &parents)]),
    };
    result.compile = Some(planned.timing);
    result.compiled = (!planned.compiled.is_empty()).then(|| Arc::clone(&planned.compiled));
    match node.node.kind {
        NodeKind::Test => data_test((ctx, nulls), node, &planned, result).await,
        NodeKind::Analysis => Finished::plain(result),
        NodeKind::Operation => Finished::plain(NodeResult {
            status: if planned.compiled.trim().is_empty() {
                NodeStatus::Success
            } else {
                NodeStatus::NoOp
            },
            ..result
        }),
        NodeKind::Model | NodeKind::Seed | NodeKind::Snapshot => relation(ctx, node, &planned, result).await,
    }
}

fn not_built(id: &NodeId, parents: &[NodeId]) -> Diagnostic {
    let names: Vec<String> = parents
        .iter()
        .map(|parent| format!("`{}`", parent.short()))
        .collect();
    let message = format!("`{}` reads {}, which is not built", id.short(), names.join(", "));
    Diagnostic::error(codes::NOT_BUILT, message).hint(format!(
        "select it too: `headwater build --select +{}`",
        id.short()
    ))
}

async fn relation(ctx: &RunCtx, node: &GraphNode, planned: &PlannedNode, mut result: NodeResult) -> Finished {
    if let Some(relation) = reused(ctx, node, planned) {
        result.status = NodeStatus::Reused;
        result.reused = true;
        count(&mut result, &relation.table);
        return Finished {
            result,
            relation: Some(relation),
            verdict: None,
        };
    }
    let started_at = ctx.planner.host().now();
    let made = match Registry::default().of(node) {
        Ok(materialization) => materialization.materialize(ctx, node, planned).await,
        Err(error) => Err(error),
    };
    result.execute = Some(Timing {
        started_at,
        completed_at: ctx.planner.host().now(),
    });
    match made {
        Err(error) => Finished::failed(result, error.into_diagnostics()),
        Ok(None) => Finished::plain(NodeResult {
            status: NodeStatus::NoOp,
            ..result
        }),
        Ok(Some(relation)) => {
            if relation.kind.has_files() {
                ctx.planner.built(&relation.name, &relation.table);
                count(&mut result, &relation.table);
            }
            Finished {
                result,
                relation: Some(relation),
                verdict: None,
            }
        }
    }
}

fn count(result: &mut NodeResult, table: &StoredTable) {
    if !table.files.is_empty() {
        result.rows = Some(table.rows());
        result.bytes = Some(table.bytes());
    }
}

/// The relation of a node whose work was done before.
fn reused(ctx: &RunCtx, node: &GraphNode, planned: &PlannedNode) -> Option<PublishedRelation> {
    let name = node.relation.clone()?;
    let (kind, table) = match (&planned.reuse, node.node.kind) {
        (Some(Reuse::Table(table)), NodeKind::Seed) => (RelationKind::Seed, table.clone()),
        (Some(Reuse::Table(table)), NodeKind::Snapshot) => (RelationKind::Snapshot, table.clone()),
        (Some(Reuse::Table(table)), _) => (RelationKind::Table, table.clone()),
        (Some(Reuse::View), _) => (
            RelationKind::View,
            StoredTable {
                version: planned.version.clone(),
                files: Vec::new(),
            },
        ),
        _ => return None,
    };
    let is_view = kind == RelationKind::View;
    Some(PublishedRelation {
        name,
        node: node.node.id.clone(),
        kind,
        table,
        sql: is_view.then(|| ctx.planner.standing_alone(&planned.id, &planned.compiled)),
        inputs: (kind == RelationKind::Snapshot).then(|| planned.version.clone()),
        fresh: kind.has_files(),
    })
}

async fn data_test(
    (ctx, nulls): (&RunCtx, &NullCounts),
    node: &GraphNode,
    planned: &PlannedNode,
    mut result: NodeResult,
) -> Finished {
    let thresholds = checks::Thresholds::from(&node.config);
    let verdict = match &planned.reuse {
        Some(Reuse::Verdict(verdict)) => {
            result.reused = true;
            verdict.clone()
        }
        _ => {
            let started_at = ctx.planner.host().now();
            let verdict = checks::judge(ctx, node, planned, &thresholds, nulls).await;
            result.execute = Some(Timing {
                started_at,
                completed_at: ctx.planner.host().now(),
            });
            match verdict {
                Ok(verdict) => verdict,
                Err(error) => return Finished::failed(result, error.into_diagnostics()),
            }
        }
    };
    result.status = thresholds.status(&verdict);
    result.failures = Some(verdict.failures);
    if matches!(result.status, NodeStatus::Fail | NodeStatus::Warn) {
        result.diagnostics = vec![checks::told(ctx, node, planned, (&verdict, result.status))];
    }
    let verdict = (result.status != NodeStatus::Fail).then_some(verdict);
    Finished {
        result,
        relation: None,
        verdict,
    }
}

async fn unit_test(ctx: &RunCtx, id: &NodeId, mut result: NodeResult) -> Finished {
    let started_at = ctx.planner.host().now();
    let outcome = checks::unit::run(ctx, id).await;
    result.execute = Some(Timing {
        started_at,
        completed_at: ctx.planner.host().now(),
    });
    match outcome {
        Err(error) => Finished::failed(result, error.into_diagnostics()),
        Ok(checks::unit::UnitOutcome {
            reused,
            verdict,
            difference,
            compiled,
        }) => {
            result.reused = reused;
            result.compiled = compiled;
            result.failures = Some(verdict.failures);
            result.status = if verdict.fails {
                NodeStatus::Fail
            } else {
                NodeStatus::Pass
            };
            result.diagnostics = difference.into_iter().collect();
            let verdict = (!verdict.fails).then_some(verdict);
            Finished {
                result,
                relation: None,
                verdict,
            }
        }
    }
}

fn blank(ctx: &RunCtx, id: &NodeId) -> NodeResult {
    let (what, label) = describe(ctx, id);
    NodeResult {
        id: id.clone(),
        what,
        label,
        status: NodeStatus::Success,
        reused: false,
        message: None,
        failures: None,
        rows: None,
        bytes: None,
        compile: None,
        execute: None,
        relation: ctx.graph.node(id).and_then(|node| node.relation.clone()),
        compiled: None,
        diagnostics: Vec::new(),
    }
}
