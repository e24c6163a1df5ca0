//! Materializations: what becomes of a planned node.
//!
//! Nothing is written in place. Each materialization makes a new version in the store, or says which SQL a view is;
//! publishing comes later, for all of them at once.

mod relation;
pub mod snapshot;
mod snapshot_node;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::engine::{Durability, Engine, PlannedQuery, RowOrder, WriteOptions};
use crate::error::{Diagnostic, Error, Result, codes};
use crate::graph::plan::{PlannedNode, Planner};
use crate::graph::{Graph, GraphNode};
use crate::names::RelationName;
use crate::project::node::NodeKind;
use crate::warehouse::{Build, PublishedRelation, RelationKind, StoredTable, TableFile, Warehouse};

pub use relation::{Ephemeral, Seed, Table, View};
pub use snapshot_node::Snapshot;

/// What materializations work with.
#[derive(Debug)]
pub struct RunCtx {
    /// The graph.
    pub graph: Arc<Graph>,
    /// The planner.
    pub planner: Planner,
    /// The engine.
    pub engine: Arc<Engine>,
    /// The warehouse.
    pub warehouse: Warehouse,
    /// What was published when the run began.
    pub published: Option<Build>,
}

/// Makes a relation of a planned node.
pub trait Materialization: Debug + Send + Sync {
    /// The name that `materialized` gives it.
    fn name(&self) -> &'static str;

    /// What is wrong with the node's configuration; pure, before anything runs.
    fn validate(&self, node: &GraphNode) -> Vec<Diagnostic>;

    /// Makes the relation.
    ///
    /// # Errors
    /// The fault of the query, at the author's place, or of the disk.
    fn materialize<'a>(
        &'a self,
        ctx: &'a RunCtx,
        node: &'a GraphNode,
        planned: &'a PlannedNode,
    ) -> BoxFuture<'a, Result<Option<PublishedRelation>>>;
}

/// The materializations there are, by name.
#[derive(Debug, Clone)]
pub struct Registry(BTreeMap<&'static str, Arc<dyn Materialization>>);

impl Default for Registry {
    fn default() -> Self {
        let all: [Arc<dyn Materialization>; 5] = [
            Arc::new(Table),
            Arc::new(View),
            Arc::new(Ephemeral),
            Arc::new(Seed),
            Arc::new(Snapshot),
        ];
        Self(all.into_iter().map(|one| (one.name(), one)).collect())
    }
}

impl Registry {
    /// Finds the materialization of a node.
    ///
    /// # Errors
    /// `HW0403` when there is none of that name.
    pub fn of(&self, node: &GraphNode) -> Result<&Arc<dyn Materialization>> {
        let wanted = standard_name(&node.config.materialized);
        self.0.get(wanted).ok_or_else(|| {
            Diagnostic::error(
                codes::UNKNOWN_MATERIALIZATION,
                format!("there is no materialization `{wanted}`"),
            )
            .at(crate::error::Span::file(&node.node.original_file_path))
            .nearest(wanted, self.0.keys().copied())
            .into()
        })
    }
}

/// An incremental model is built whole and a materialized view as a table: the rows are the same.
fn standard_name(materialized: &str) -> &str {
    match materialized {
        "incremental" | "materialized_view" => "table",
        other => other,
    }
}

/// Writes a query into the store as a version of a relation.
async fn store(
    ctx: &RunCtx,
    node: &GraphNode,
    planned: &PlannedNode,
    (query, version): (&PlannedQuery, &str),
) -> Result<PublishedRelation> {
    let name = relation_of(node)?;
    let workbench = ctx.warehouse.workbench()?;
    // Publishing makes it durable, for all tables at once.
    let options = WriteOptions {
        durability: Durability::Later,
        row_order: if node.node.kind == NodeKind::Seed {
            RowOrder::AsRead
        } else {
            RowOrder::Settled
        },
        sort_by: node.sort_keys(),
    };
    let written = match ctx.engine.write_parquet(query, &workbench, &options).await {
        Ok(written) => written,
        Err(fault) => {
            ctx.planner.host().remove(&workbench)?;
            return Err(ctx.planner.locate(node, &planned.places, fault).into());
        }
    };
    let files = written
        .files
        .into_iter()
        .map(|file| TableFile {
            name: file.name,
            rows: file.rows,
            bytes: file.bytes,
        })
        .collect();
    let table = StoredTable {
        version: version.to_owned(),
        files,
    };
    ctx.warehouse.keep(&workbench, &name, &table)?;
    Ok(PublishedRelation {
        name,
        node: node.node.id.clone(),
        kind: RelationKind::Table,
        table,
        sql: None,
        inputs: None,
        fresh: true,
    })
}

fn relation_of(node: &GraphNode) -> Result<RelationName> {
    node.relation
        .clone()
        .ok_or_else(|| Error::Internal(format!("`{}` has no relation", node.node.id)))
}

/// The folder a version's files lie in.
pub fn files_of(warehouse: &Warehouse, relation: &PublishedRelation) -> Vec<PathBuf> {
    let folder = warehouse.version_folder(&relation.name, &relation.table.version);
    relation
        .table
        .files
        .iter()
        .map(|file| folder.join(&file.name))
        .collect()
}
