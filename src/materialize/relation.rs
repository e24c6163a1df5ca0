//! Tables, views, ephemeral models and seeds.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{Materialization, RunCtx, relation_of, store};
use crate::error::{Diagnostic, Error, Result};
use crate::graph::GraphNode;
use crate::graph::plan::PlannedNode;
use crate::warehouse::{PublishedRelation, RelationKind, StoredTable};

/// Parquet files of a query's rows.
#[derive(Debug, Clone, Copy)]
pub struct Table;

/// A query that is read as a table.
#[derive(Debug, Clone, Copy)]
pub struct View;

/// A query that becomes part of those that read it.
#[derive(Debug, Clone, Copy)]
pub struct Ephemeral;

/// Parquet files of a CSV file's rows.
#[derive(Debug, Clone, Copy)]
pub struct Seed;

type Made<'a> = BoxFuture<'a, Result<Option<PublishedRelation>>>;

impl Materialization for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn validate(&self, _node: &GraphNode) -> Vec<Diagnostic> {
        Vec::new()
    }

    fn materialize<'a>(&'a self, ctx: &'a RunCtx, node: &'a GraphNode, planned: &'a PlannedNode) -> Made<'a> {
        async move {
            let resolved = ctx
                .planner
                .catalog()
                .plan_again(&planned.compiled)
                .map_err(|fault| ctx.planner.locate(node, &planned.places, fault))?;
            store(ctx, node, planned, (&resolved.query, &planned.version))
                .await
                .map(Some)
        }
        .boxed()
    }
}

impl Materialization for View {
    fn name(&self) -> &'static str {
        "view"
    }

    fn validate(&self, _node: &GraphNode) -> Vec<Diagnostic> {
        Vec::new()
    }

    fn materialize<'a>(&'a self, ctx: &'a RunCtx, node: &'a GraphNode, planned: &'a PlannedNode) -> Made<'a> {
        async move {
            Ok(Some(PublishedRelation {
                name: relation_of(node)?,
                node: node.node.id.clone(),
                kind: RelationKind::View,
                table: StoredTable {
                    version: planned.version.clone(),
                    files: Vec::new(),
                },
                sql: Some(ctx.planner.standing_alone(&planned.id, &planned.compiled)),
                inputs: None,
                fresh: true,
            }))
        }
        .boxed()
    }
}

impl Materialization for Ephemeral {
    fn name(&self) -> &'static str {
        "ephemeral"
    }

    fn validate(&self, _node: &GraphNode) -> Vec<Diagnostic> {
        Vec::new()
    }

    fn materialize<'a>(
        &'a self,
        _ctx: &'a RunCtx,
        _node: &'a GraphNode,
        _planned: &'a PlannedNode,
    ) -> Made<'a> {
        async { Ok(None) }.boxed()
    }
}

impl Materialization for Seed {
    fn name(&self) -> &'static str {
        "seed"
    }

    fn validate(&self, _node: &GraphNode) -> Vec<Diagnostic> {
        Vec::new()
    }

    fn materialize<'a>(&'a self, ctx: &'a RunCtx, node: &'a GraphNode, planned: &'a PlannedNode) -> Made<'a> {
        async move {
            let name = relation_of(node)?;
            let resolved = ctx
                .planner
                .catalog()
                .plan_again(&format!("select * from {}", name.quoted()))
                .map_err(|fault| Error::from(fault.into_diagnostic()))?;
            let mut made = store(ctx, node, planned, (&resolved.query, &planned.version)).await?;
            made.kind = RelationKind::Seed;
            Ok(Some(made))
        }
        .boxed()
    }
}
