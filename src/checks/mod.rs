//! Tests of data and of logic: no failing rows means that all is well.

mod nulls;
pub mod unit;
mod unit_rows;
mod verdict;

pub use nulls::NullCounts;
pub use verdict::Thresholds;

use crate::engine::json_rows;
use crate::error::{Code, Diagnostic, Error, Result, Severity, Span, codes};
use crate::graph::GraphNode;
use crate::graph::plan::PlannedNode;
use crate::materialize::RunCtx;
use crate::report::NodeStatus;
use crate::warehouse::Verdict;

/// Runs a data test.
///
/// # Errors
/// The fault of its SQL.
pub async fn judge(
    ctx: &RunCtx,
    node: &GraphNode,
    planned: &PlannedNode,
    thresholds: &Thresholds,
    nulls: &NullCounts,
) -> Result<Verdict> {
    if let Some(failures) = nulls.of(ctx, node).await {
        let is_found = failures > 0;
        return Ok(Verdict {
            version: planned.version.clone(),
            failures,
            warns: is_found,
            fails: is_found,
        });
    }
    let sql = thresholds.verdict_query(&planned.compiled);
    let fault = |fault: crate::engine::SqlFault| {
        Error::from(
            fault
                .into_diagnostic()
                .at_maybe(place(node))
                .note(format!("in test `{}`", node.node.name)),
        )
    };
    let resolved = ctx.planner.catalog().plan_again(&sql).map_err(fault)?;
    let batches = ctx.engine.rows(&resolved.query, None).await.map_err(fault)?;
    let row = batches.iter().flat_map(json_rows).next().unwrap_or_default();
    let flag = |index: usize| {
        row.get(index)
            .and_then(serde_json::Value::as_bool)
            .unwrap_or(true)
    };
    Ok(Verdict {
        version: planned.version.clone(),
        failures: row
            .first()
            .and_then(serde_json::Value::as_i64)
            .unwrap_or_default(),
        warns: flag(1),
        fails: flag(2),
    })
}

/// Tells that a test found something.
pub fn told(
    ctx: &RunCtx,
    node: &GraphNode,
    planned: &PlannedNode,
    (verdict, status): (&Verdict, NodeStatus),
) -> Diagnostic {
    let (code, severity): (Code, Severity) = match status {
        NodeStatus::Warn => (codes::TEST_WARNS, Severity::Warning),
        _ => (codes::TEST_FAILED, Severity::Error),
    };
    let rows = if verdict.failures == 1 { "row" } else { "rows" };
    let message = format!(
        "test `{}` found {} failing {rows}",
        node.node.name, verdict.failures
    );
    let mut diagnostic = Diagnostic {
        severity,
        ..Diagnostic::error(code, message)
    };
    diagnostic = diagnostic.at_maybe(place(node));
    if !planned.compiled.is_empty() {
        let path = ctx.graph.compiled_path(&node.node);
        diagnostic = diagnostic.note(format!("compiled to {}", path.display()));
    }
    diagnostic.hint(format!(
        "`headwater show --select {}` lists the rows",
        node.node.name
    ))
}

fn place(node: &GraphNode) -> Option<Span> {
    node.node
        .patch_span
        .clone()
        .or_else(|| Some(Span::file(&node.node.original_file_path)))
}
