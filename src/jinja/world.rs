//! What templates may ask of the world while they are rendered to be run.

use serde_json::{Value, json};

use crate::error::Diagnostic;
use crate::names::{NodeId, RelationName};

/// What a `ref` or a `source` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A relation.
    Relation(RelationName),
    /// The name of a common table expression: an ephemeral model's.
    Cte(String),
}

/// What kind of relation is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    /// A table.
    Table,
    /// A view.
    View,
    /// A source's data.
    External,
    /// A seed.
    Seed,
}

impl RelationKind {
    /// dbt's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table | Self::Seed => "table",
            Self::View => "view",
            Self::External => "external",
        }
    }
}

/// A column of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnType {
    /// Its name.
    pub name: String,
    /// Its SQL type.
    pub data_type: String,
}

/// What a query gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueryTable {
    /// Names and SQL types, in order.
    pub columns: Vec<(String, String)>,
    /// Rows, each with a value for each column.
    pub rows: Vec<Vec<Value>>,
}

/// Why the world did not answer.
#[derive(Debug, Clone)]
pub enum WorldError {
    /// These nodes must be built first.
    NotBuilt(Vec<NodeId>),
    /// It cannot be answered.
    Failed(Diagnostic),
}

/// Answers what templates ask under `execute`.
pub trait World: Send + Sync {
    /// What `ref(package, name, version=…)` stands for.
    ///
    /// # Errors
    /// When there is no such node, or it may not be referred to.
    fn resolve_ref(
        &self,
        package: Option<&str>,
        name: &str,
        version: Option<&Value>,
    ) -> Result<Reference, WorldError>;

    /// What `source(source, table)` stands for.
    ///
    /// # Errors
    /// When there is no such source.
    fn resolve_source(&self, source: &str, table: &str) -> Result<Reference, WorldError>;

    /// Runs a query.
    ///
    /// # Errors
    /// When what it reads is not built, or it fails.
    fn run_query(&self, sql: &str) -> Result<QueryTable, WorldError>;

    /// The columns of a relation, in order; none when it is not there.
    ///
    /// # Errors
    /// When it is not built.
    fn columns(&self, relation: &RelationName) -> Result<Vec<ColumnType>, WorldError>;

    /// What kind of relation there is of a name, if any.
    ///
    /// # Errors
    /// When that is not known yet.
    fn relation(&self, name: &RelationName) -> Result<Option<RelationKind>, WorldError>;

    /// The relations of a schema.
    ///
    /// # Errors
    /// When they are not known yet.
    fn relations_in(&self, schema: &str) -> Result<Vec<(RelationName, RelationKind)>, WorldError>;

    /// The schemas.
    ///
    /// # Errors
    /// When they are not known yet.
    fn schemas(&self) -> Result<Vec<String>, WorldError>;

    /// dbt's `graph`: nodes, sources and exposures as the manifest describes them, by id.
    fn graph(&self) -> Value {
        json!({"nodes": {}, "sources": {}, "exposures": {}})
    }
}
