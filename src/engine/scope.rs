//! What the names in a query stand for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::TableReference;

use super::extract::ExtractTable;
use super::planner::PlannedQuery;
use crate::names::RelationName;

/// A table that Headwater has written: immutable Parquet files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTable {
    /// The files, as absolute paths.
    pub files: Vec<PathBuf>,
    /// The columns that the files hold.
    pub schema: SchemaRef,
}

/// What a relation is made of.
#[derive(Debug, Clone)]
pub enum TableSource {
    /// Files that Headwater has written.
    Parquet(StoredTable),
    /// Files that somebody else has written.
    Extract(ExtractTable),
    /// Rows in memory.
    Memory {
        /// The columns.
        schema: SchemaRef,
        /// The rows.
        batches: Vec<RecordBatch>,
    },
    /// A query that is inlined where the name is used.
    View(PlannedQuery),
    /// No rows: what is planned against before it is built.
    Empty(SchemaRef),
}

impl TableSource {
    /// The columns of the relation.
    pub fn schema(&self) -> SchemaRef {
        match self {
            Self::Parquet(table) => Arc::clone(&table.schema),
            Self::Extract(table) => table.schema(),
            Self::Memory { schema, .. } | Self::Empty(schema) => Arc::clone(schema),
            Self::View(query) => query.schema(),
        }
    }
}

/// The relations that a query may name.
///
/// Names are found without regard to case, by one, two or three parts; what is left out is the scope's own database
/// and schema, and where that finds nothing, any database that has the schema and the table. A clone shares the table
/// of names until one of the two is changed.
#[derive(Debug, Clone)]
pub struct Scope {
    database: String,
    schema: String,
    relations: Arc<BTreeMap<Key, (RelationName, TableSource)>>,
}

/// A relation's name in lower case: identifier, schema, database, so that the ways to abbreviate it are ranges.
type Key = (String, String, String);

impl Scope {
    /// Makes an empty scope with the database and schema of names that leave them out.
    pub fn new(database: impl Into<String>, schema: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            schema: schema.into(),
            relations: Arc::default(),
        }
    }

    /// Says what a name stands for from now on.
    pub fn insert(&mut self, name: RelationName, source: TableSource) {
        Arc::make_mut(&mut self.relations).insert(key(&name), (name, source));
    }

    /// Forgets a name.
    pub fn remove(&mut self, name: &RelationName) -> Option<TableSource> {
        Arc::make_mut(&mut self.relations)
            .remove(&key(name))
            .map(|(_, source)| source)
    }

    /// What a full name stands for.
    pub fn get(&self, name: &RelationName) -> Option<&TableSource> {
        self.relations.get(&key(name)).map(|(_, source)| source)
    }

    /// Every relation, in the order of their identifiers.
    pub fn relations(&self) -> impl Iterator<Item = (&RelationName, &TableSource)> {
        self.relations.values().map(|(name, source)| (name, source))
    }

    pub(super) fn find(&self, reference: &TableReference) -> Option<(&RelationName, &TableSource)> {
        let table = reference.table().to_lowercase();
        let schema = reference.schema().unwrap_or(&self.schema).to_lowercase();
        let database = reference.catalog().unwrap_or(&self.database).to_lowercase();
        let exact = (table, schema, database);
        let found = self.relations.get(&exact).or_else(|| {
            let (table, schema, _) = &exact;
            if reference.schema().is_none() || reference.catalog().is_some() {
                return None;
            }
            let start = (table.clone(), schema.clone(), String::new());
            self.relations
                .range(start..)
                .next()
                .filter(|((t, s, _), _)| t == table && s == schema)
                .map(|(_, entry)| entry)
        });
        found.map(|(name, source)| (name, source))
    }
}

fn key(name: &RelationName) -> Key {
    (
        name.identifier.to_lowercase(),
        name.schema.to_lowercase(),
        name.database.to_lowercase(),
    )
}
