//! What every relation stands for at this moment of a run: planned, built before, or just built.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::engine::arrow::datatypes::SchemaRef;
use crate::engine::{self, Engine, ExtractTable, PlannedQuery, QueryResult, Scope, SqlFault, TableSource};
use crate::error::codes;
use crate::names::RelationName;

/// What is known of a relation.
#[derive(Debug, Clone)]
pub enum Known {
    /// Source data.
    Extract(ExtractTable),
    /// An optional source table whose file is not there: no rows of the declared columns.
    Absent(SchemaRef),
    /// Rows in memory: a seed that is planned, the rows of a unit test.
    Rows(TableSource),
    /// Parquet files in the store.
    Stored(Vec<PathBuf>),
    /// A query; it stands for its text, so that it always reads the present state of what it names.
    View(Arc<str>),
    /// A table that will be built: its columns.
    Planned(SchemaRef),
}

/// The relations of a run, by name.
///
/// A query is planned against the relations that it names, and against those that the views among them name. The
/// catalog changes as the run goes on: what was planned becomes stored.
#[derive(Debug)]
pub struct Catalog {
    engine: Arc<Engine>,
    database: String,
    schema: String,
    known: RwLock<BTreeMap<Key, (RelationName, Known)>>,
    schemas: RwLock<BTreeMap<PathBuf, SchemaRef>>,
}

type Key = (String, String, String);

/// A query that stands, and the relations below it that are not built yet.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The query.
    pub query: PlannedQuery,
    /// The tables it would read that are only planned.
    pub unbuilt: BTreeSet<RelationName>,
}

impl Catalog {
    /// Makes an empty catalog with the database and schema that short names mean.
    pub fn new(engine: Arc<Engine>, database: &str, schema: &str) -> Self {
        Self {
            engine,
            database: database.to_owned(),
            schema: schema.to_owned(),
            known: RwLock::default(),
            schemas: RwLock::default(),
        }
    }

    /// Says what a relation stands for from now on.
    pub fn define(&self, name: RelationName, known: Known) {
        self.known.write().insert(key(&name), (name, known));
    }

    /// Says that a relation stands for a query.
    pub fn define_view(&self, name: RelationName, sql: &str) {
        self.define(name, Known::View(Arc::from(sql)));
    }

    /// Forgets a relation.
    pub fn forget(&self, name: &RelationName) {
        self.known.write().remove(&key(name));
    }

    /// What a relation stands for.
    pub fn get(&self, name: &RelationName) -> Option<Known> {
        self.known.read().get(&key(name)).map(|(_, known)| known.clone())
    }

    /// The names of all relations.
    pub fn names(&self) -> Vec<RelationName> {
        self.known.read().values().map(|(name, _)| name.clone()).collect()
    }

    /// Plans a query against the relations as they are now.
    ///
    /// # Errors
    /// The fault of the query, or of a view it reads.
    pub fn plan(&self, sql: &str) -> QueryResult<Resolved> {
        self.plan_within(sql, &mut Vec::new())
    }

    /// The columns of a relation; `None` when there is no such relation.
    ///
    /// # Errors
    /// The fault of a view, or of a file that cannot be read.
    pub fn columns(&self, name: &RelationName) -> QueryResult<Option<SchemaRef>> {
        let Some(known) = self.get(name) else {
            return Ok(None);
        };
        let (source, _) = self.source(&known, &mut Vec::new())?;
        Ok(Some(source.schema()))
    }

    fn plan_within(&self, sql: &str, path: &mut Vec<RelationName>) -> QueryResult<Resolved> {
        let mut scope = Scope::new(&self.database, &self.schema);
        let mut unbuilt = BTreeSet::new();
        for reference in engine::relations_named_in(sql)? {
            let Some((name, known)) = self.find(&reference) else {
                continue;
            };
            if path.contains(&name) {
                let message = format!("view `{name}` reads itself");
                return Err(SqlFault::new(codes::VIEW_READS_ITSELF, message));
            }
            path.push(name.clone());
            let (source, missing) = self.source(&known, path)?;
            path.pop();
            if matches!(known, Known::Planned(_)) {
                unbuilt.insert(name.clone());
            }
            unbuilt.extend(missing);
            scope.insert(name, source);
        }
        Ok(Resolved {
            query: self.engine.plan(sql, &scope)?,
            unbuilt,
        })
    }

    fn source(
        &self,
        known: &Known,
        path: &mut Vec<RelationName>,
    ) -> QueryResult<(TableSource, BTreeSet<RelationName>)> {
        Ok(match known {
            Known::Extract(table) => (TableSource::Extract(table.clone()), BTreeSet::new()),
            Known::Rows(rows) => (rows.clone(), BTreeSet::new()),
            Known::Planned(schema) | Known::Absent(schema) => {
                (TableSource::Empty(Arc::clone(schema)), BTreeSet::new())
            }
            Known::Stored(files) => (self.stored(files)?, BTreeSet::new()),
            Known::View(sql) => {
                let resolved = self.plan_within(sql, path)?;
                (TableSource::View(resolved.query), resolved.unbuilt)
            }
        })
    }

    fn stored(&self, files: &[PathBuf]) -> QueryResult<TableSource> {
        let first = files.first().cloned().unwrap_or_default();
        let remembered = self.schemas.read().get(&first).cloned();
        let schema = match remembered {
            Some(schema) => schema,
            None => {
                let schema = engine::stored_schema(&first)?;
                self.schemas.write().insert(first, Arc::clone(&schema));
                schema
            }
        };
        Ok(TableSource::Parquet(engine::StoredTable {
            files: files.to_vec(),
            schema,
        }))
    }

    /// Finds what a name of one to three parts means, as [`Scope`] does.
    fn find(&self, reference: &[String]) -> Option<(RelationName, Known)> {
        let mut parts = reference.iter().rev().map(|part| part.to_lowercase());
        let identifier = parts.next()?;
        let given_schema = parts.next();
        let given_database = parts.next();
        let schema = given_schema.clone().unwrap_or_else(|| self.schema.to_lowercase());
        let database = given_database
            .clone()
            .unwrap_or_else(|| self.database.to_lowercase());
        let known = self.known.read();
        known
            .get(&(identifier.clone(), schema.clone(), database))
            .or_else(|| {
                let anywhere = given_schema.is_some() && given_database.is_none();
                known
                    .range((identifier.clone(), schema.clone(), String::new())..)
                    .next()
                    .filter(|((i, s, _), _)| anywhere && *i == identifier && *s == schema)
                    .map(|(_, entry)| entry)
            })
            .cloned()
    }
}

fn key(name: &RelationName) -> Key {
    (
        name.identifier.to_lowercase(),
        name.schema.to_lowercase(),
        name.database.to_lowercase(),
    )
}
