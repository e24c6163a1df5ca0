//! What templates are told while they are rendered to be run: the graph's names and the catalog's relations.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Graph;
use super::catalog::{Catalog, Known};
use crate::engine::arrow::datatypes::Schema;
use crate::engine::{self, Engine, SqlFault};
use crate::error::{Diagnostic, Span};
use crate::jinja::{ColumnType, QueryTable, RefCall, Reference, RelationKind, SourceCall, World, WorldError};
use crate::names::{NodeId, RelationName};

/// Names and relations, as the run has them now.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunWorld<'a> {
    pub(super) graph: &'a Graph,
    pub(super) catalog: &'a Catalog,
    pub(super) engine: &'a Arc<Engine>,
    pub(super) makers: &'a BTreeMap<RelationName, NodeId>,
    /// The package of the node that is rendered: a bare `ref` looks there first.
    pub(super) package: &'a str,
    /// Stand-ins for what the node reads: the rows that a unit test gives.
    pub(super) stand_ins: &'a BTreeMap<NodeId, RelationName>,
}

impl RunWorld<'_> {
    fn reference(&self, id: &NodeId) -> Reference {
        match self.stand_ins.get(id).or_else(|| self.graph.relation(id)) {
            Some(relation) => Reference::Relation(relation.clone()),
            None => Reference::Cte(super::plan::ephemeral_name(id)),
        }
    }

    fn maker(&self, relation: &RelationName) -> Vec<NodeId> {
        self.makers.get(relation).cloned().into_iter().collect()
    }
}

impl World for RunWorld<'_> {
    fn resolve_ref(
        &self,
        package: Option<&str>,
        name: &str,
        version: Option<&Value>,
    ) -> Result<Reference, WorldError> {
        let call = RefCall {
            package: package.map(str::to_owned),
            name: name.to_owned(),
            version: version.cloned(),
            span: Span::file(""),
        };
        let found = self.graph.resolve_ref(self.package, &call);
        found.map_err(nowhere).map(|id| self.reference(id))
    }

    fn resolve_source(&self, source: &str, table: &str) -> Result<Reference, WorldError> {
        let call = SourceCall {
            source: source.to_owned(),
            table: table.to_owned(),
            span: Span::file(""),
        };
        let found = self.graph.resolve_source(self.package, &call);
        found.map_err(nowhere).map(|id| self.reference(id))
    }

    fn run_query(&self, sql: &str) -> Result<QueryTable, WorldError> {
        let resolved = self.catalog.plan(sql).map_err(failed)?;
        if !resolved.unbuilt.is_empty() {
            return Err(WorldError::NotBuilt(
                resolved
                    .unbuilt
                    .iter()
                    .flat_map(|name| self.maker(name))
                    .collect(),
            ));
        }
        let batches = block_on(self.engine.rows(&resolved.query, None)).map_err(failed)?;
        let schema = resolved.query.schema();
        let columns = schema
            .fields()
            .iter()
            .map(|f| (f.name().clone(), engine::type_name(f.data_type())))
            .collect();
        let rows = batches.iter().flat_map(engine::json_rows).collect();
        Ok(QueryTable { columns, rows })
    }

    fn columns(&self, relation: &RelationName) -> Result<Vec<ColumnType>, WorldError> {
        match self.catalog.columns(relation).map_err(failed)? {
            Some(schema) => Ok(column_types(&schema)),
            None if self.makers.contains_key(relation) => Err(WorldError::NotBuilt(self.maker(relation))),
            None => Ok(Vec::new()),
        }
    }

    fn relation(&self, name: &RelationName) -> Result<Option<RelationKind>, WorldError> {
        Ok(self.catalog.get(name).and_then(|known| kind(&known)))
    }

    fn relations_in(&self, schema: &str) -> Result<Vec<(RelationName, RelationKind)>, WorldError> {
        let named = self
            .catalog
            .names()
            .into_iter()
            .filter(|name| name.schema.eq_ignore_ascii_case(schema));
        Ok(named
            .filter_map(|name| Some((name.clone(), kind(&self.catalog.get(&name)?)?)))
            .collect())
    }

    fn schemas(&self) -> Result<Vec<String>, WorldError> {
        let mut schemas: Vec<String> = self.catalog.names().into_iter().map(|name| name.schema).collect();
        schemas.sort();
        schemas.dedup();
        Ok(schemas)
    }
}

/// Waits for a future from within a template, which is not asynchronous.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

fn kind(known: &Known) -> Option<RelationKind> {
    match known {
        Known::Absent(_) => None,
        Known::Extract(_) => Some(RelationKind::External),
        Known::View(_) => Some(RelationKind::View),
        Known::Rows(_) | Known::Stored(_) | Known::Planned(_) => Some(RelationKind::Table),
    }
}

fn column_types(schema: &Schema) -> Vec<ColumnType> {
    let column = |field: &engine::arrow::datatypes::FieldRef| ColumnType {
        name: field.name().clone(),
        data_type: engine::type_name(field.data_type()),
    };
    schema.fields().iter().map(column).collect()
}

/// The template engine knows the place of the call.
fn nowhere(diagnostic: Diagnostic) -> WorldError {
    WorldError::Failed(Diagnostic {
        span: None,
        ..diagnostic
    })
}

fn failed(fault: SqlFault) -> WorldError {
    WorldError::Failed(fault.into_diagnostic())
}
