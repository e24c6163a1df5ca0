//! All `not_null` tests of a relation in one scan.
//!
//! A project has one such test for nearly every column. Each by itself would plan and read its relation anew, so the
//! first that is run counts for all that are attached to the same relation.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::engine::json_rows;
use crate::graph::GraphNode;
use crate::materialize::RunCtx;
use crate::names::NodeId;

/// How many nulls each `not_null` test has found.
type Counts = BTreeMap<NodeId, i64>;

/// The counts of a run, by the node that is tested.
#[derive(Debug, Default)]
pub struct NullCounts(Mutex<BTreeMap<NodeId, Arc<OnceCell<Counts>>>>);

impl NullCounts {
    /// How many nulls a test finds; `None` for a test that has to be run by itself.
    pub(super) async fn of(&self, ctx: &RunCtx, node: &GraphNode) -> Option<i64> {
        node.plainly_tested_column(&["not_null"])?;
        let tested = &node.node.generic_test.as_ref()?.attached;
        let cell = Arc::clone(self.0.lock().entry(tested.clone()).or_default());
        let counts = cell
            .get_or_init(|| async { count(ctx, tested).await.unwrap_or_default() })
            .await;
        counts.get(&node.node.id).copied()
    }
}

/// Counts the nulls of every tested column; `None` when the query fails, so that each test tells its own fault.
async fn count(ctx: &RunCtx, tested: &NodeId) -> Option<Counts> {
    let tests: Vec<(&NodeId, &str)> = ctx
        .graph
        .children(tested)
        .iter()
        .filter_map(|id| ctx.graph.node(id))
        .filter(|node| {
            node.node
                .generic_test
                .as_ref()
                .is_some_and(|test| test.attached == *tested)
        })
        .filter_map(|node| Some((&node.node.id, node.plainly_tested_column(&["not_null"])?)))
        .collect();
    let counts: Vec<String> = tests
        .iter()
        .enumerate()
        .map(|(index, (_, column))| format!("count(case when {column} is null then 1 end) as nulls_{index}"))
        .collect();
    let sql = format!(
        "select {} from {}",
        counts.join(", "),
        ctx.graph.readable_name(tested).quoted()
    );
    let resolved = ctx.planner.catalog().plan_again(&sql).ok()?;
    let batches = ctx.engine.rows(&resolved.query, None).await.ok()?;
    let row = batches.iter().flat_map(json_rows).next()?;
    tests
        .into_iter()
        .zip(row)
        .map(|((id, _), value)| Some((id.clone(), value.as_i64()?)))
        .collect()
}
