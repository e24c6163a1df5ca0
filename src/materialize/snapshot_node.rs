//! The snapshot materialization: from a node's configuration to the next version of its table.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::snapshot::{SnapshotInputs, SnapshotRule, Strategy, next_version};
use super::{Materialization, RunCtx, relation_of, store};
use crate::engine::arrow::datatypes::Schema;
use crate::error::{Diagnostic, Error, Result, Span, codes};
use crate::graph::GraphNode;
use crate::graph::plan::PlannedNode;
use crate::graph::version::VersionBuilder;
use crate::project::config::{CheckColumns, MetaColumns};
use crate::warehouse::{PublishedRelation, RelationKind};

/// Parquet files that remember how rows changed.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot;

impl Materialization for Snapshot {
    fn name(&self) -> &'static str {
        "snapshot"
    }

    fn validate(&self, node: &GraphNode) -> Vec<Diagnostic> {
        rule(node, &[]).err().into_iter().collect()
    }

    fn materialize<'a>(
        &'a self,
        ctx: &'a RunCtx,
        node: &'a GraphNode,
        planned: &'a PlannedNode,
    ) -> BoxFuture<'a, Result<Option<PublishedRelation>>> {
        async move { make(ctx, node, planned).await.map(Some) }.boxed()
    }
}

async fn make(ctx: &RunCtx, node: &GraphNode, planned: &PlannedNode) -> Result<PublishedRelation> {
    let name = relation_of(node)?;
    let catalog = ctx.planner.catalog();
    let located = |fault| Error::from(ctx.planner.locate(node, &planned.places, fault));
    let present = column_names(&catalog.plan(&planned.compiled).map_err(located)?.query.schema());
    let former = ctx.published.as_ref().and_then(|build| build.relation(&name));
    let former_columns = match former {
        Some(former) => {
            // Planning made the name stand for the table to come; its history is in the one that is published.
            ctx.planner.built(&name, &former.table);
            let columns = catalog.columns(&name).map_err(located)?;
            columns.map(|schema| column_names(&schema)).unwrap_or_default()
        }
        None => Vec::new(),
    };
    let rule = rule(node, &present)?;
    let quoted = name.quoted();
    let now = format!(
        "cast('{}' as timestamp)",
        ctx.planner.as_of().format("%Y-%m-%d %H:%M:%S%.6f")
    );
    let sql = next_version(
        &rule,
        SnapshotInputs {
            query: &planned.compiled,
            columns: &present,
            former: former.map(|_| (quoted.as_str(), former_columns.as_slice())),
            now: &now,
        },
    );
    let query = catalog
        .plan(&sql)
        .map_err(|fault| Error::from(fault.into_diagnostic()))?
        .query;
    let before = former.map_or("none", |relation| relation.table.version.as_str());
    let version = VersionBuilder::new("snapshot")
        .part(&planned.version)
        .part(before)
        .part(&now)
        .finish();
    let mut made = store(ctx, node, planned, (&query, &version)).await?;
    made.kind = RelationKind::Snapshot;
    made.inputs = Some(planned.version.clone());
    Ok(made)
}

fn column_names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// Reads the rule from the configuration; `columns` are those of the present rows, for `check_cols: all`.
fn rule(node: &GraphNode, columns: &[String]) -> Result<SnapshotRule, Diagnostic> {
    let config = &node.config;
    let fault = |message: &str, hint: &str| {
        Diagnostic::error(
            codes::SNAPSHOT_RULE,
            format!("snapshot `{}` {message}", node.node.name),
        )
        .at(node
            .node
            .patch_span
            .clone()
            .unwrap_or_else(|| Span::file(&node.node.original_file_path)))
        .hint(hint)
    };
    if config.unique_key.is_empty() {
        return Err(fault(
            "has no `unique_key`",
            "name the columns that identify a row: `unique_key: id`",
        ));
    }
    let strategy = match (config.strategy.as_deref(), &config.updated_at) {
        (Some("timestamp"), Some(updated_at)) => Strategy::Timestamp {
            updated_at: updated_at.clone(),
        },
        (Some("timestamp"), None) => {
            return Err(fault(
                "has no `updated_at`",
                "strategy `timestamp` needs the column: `updated_at: modified_at`",
            ));
        }
        (Some("check"), updated_at) => Strategy::Check {
            columns: check_columns(node, columns).ok_or_else(|| {
                fault(
                    "has no `check_cols`",
                    "name the columns to compare, or say `check_cols: all`",
                )
            })?,
            updated_at: updated_at.clone(),
        },
        (other, _) => {
            let message = format!("has the unknown strategy `{}`", other.unwrap_or("none"));
            return Err(fault(&message, "strategies are `timestamp` and `check`"));
        }
    };
    Ok(SnapshotRule {
        unique_key: config.unique_key.clone(),
        strategy,
        hard_deletes: config.hard_deletes,
        meta: MetaColumns::of(config),
        valid_to_current: config.dbt_valid_to_current.clone(),
    })
}

fn check_columns(node: &GraphNode, columns: &[String]) -> Option<Vec<String>> {
    match &node.config.check_cols {
        CheckColumns::Absent => None,
        CheckColumns::All => Some(
            columns
                .iter()
                .filter(|column| !node.config.unique_key.contains(column))
                .cloned()
                .collect(),
        ),
        CheckColumns::Columns(some) => Some(some.clone()),
    }
}
