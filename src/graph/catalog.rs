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
/// catalog changes as the run goes on: what was planned becomes stored. A view is planned once for each state of what
/// it reads.
#[derive(Debug)]
pub struct Catalog {
    engine: Arc<Engine>,
    database: String,
    schema: String,
    known: RwLock<Relations>,
    schemas: RwLock<BTreeMap<PathBuf, SchemaRef>>,
    views: RwLock<BTreeMap<Key, PlannedView>>,
}

type Key = (String, String, String);

/// What is known, each with the number of the change that made it known.
#[derive(Debug, Default)]
struct Relations {
    by_name: BTreeMap<Key, (RelationName, Known, u64)>,
    n_changes: u64,
}

/// A relation as it was found.
#[derive(Debug, Clone)]
struct Found {
    key: Key,
    name: RelationName,
    known: Known,
    change: u64,
}

/// A view that was planned, and the state of everything it reads, itself included.
#[derive(Debug, Clone)]
struct PlannedView {
    resolved: Resolved,
    state: Vec<(Key, u64)>,
}

/// A query that stands, and the relations below it that are not built yet.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The query.
    pub query: PlannedQuery,
    /// The tables it would read that are only planned.
    pub unbuilt: BTreeSet<RelationName>,
}

/// What a planned query depends on, gathered while it is planned.
#[derive(Debug, Default)]
struct Below {
    unbuilt: BTreeSet<RelationName>,
    state: Vec<(Key, u64)>,
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
            views: RwLock::default(),
        }
    }

    /// Says what a relation stands for from now on.
    pub fn define(&self, name: RelationName, known: Known) {
        let mut relations = self.known.write();
        relations.n_changes += 1;
        let change = relations.n_changes;
        relations.by_name.insert(key(&name), (name, known, change));
    }

    /// Says that a relation stands for a query.
    pub fn define_view(&self, name: RelationName, sql: &str) {
        self.define(name, Known::View(Arc::from(sql)));
    }

    /// Forgets a relation.
    pub fn forget(&self, name: &RelationName) {
        self.known.write().by_name.remove(&key(name));
    }

    /// What a relation stands for.
    pub fn get(&self, name: &RelationName) -> Option<Known> {
        self.known
            .read()
            .by_name
            .get(&key(name))
            .map(|(_, known, _)| known.clone())
    }

    /// The names of all relations.
    pub fn names(&self) -> Vec<RelationName> {
        self.known
            .read()
            .by_name
            .values()
            .map(|(name, _, _)| name.clone())
            .collect()
    }

    /// Plans a query against the relations as they are now.
    ///
    /// # Errors
    /// The fault of the query, or of a view it reads.
    pub fn plan(&self, sql: &str) -> QueryResult<Resolved> {
        let mut below = Below::default();
        let scope = self.scope(sql, &mut Vec::new(), &mut below)?;
        Ok(Resolved {
            query: self.engine.plan(sql, &scope)?,
            unbuilt: below.unbuilt,
        })
    }

    /// Plans a query that has been planned before, against the relations as they are now.
    ///
    /// # Errors
    /// As [`Catalog::plan`]; faults that were looked for before are not looked for again.
    pub fn plan_again(&self, sql: &str) -> QueryResult<Resolved> {
        let mut below = Below::default();
        let scope = self.scope(sql, &mut Vec::new(), &mut below)?;
        Ok(Resolved {
            query: self.engine.plan_again(sql, &scope)?,
            unbuilt: below.unbuilt,
        })
    }

    /// The columns of a relation; `None` when there is no such relation.
    ///
    /// # Errors
    /// The fault of a view, or of a file that cannot be read.
    pub fn columns(&self, name: &RelationName) -> QueryResult<Option<SchemaRef>> {
        let parts = [
            name.database.clone(),
            name.schema.clone(),
            name.identifier.clone(),
        ];
        let Some(found) = self.find(&parts) else {
            return Ok(None);
        };
        let source = self.source(&found, &mut Vec::new(), &mut Below::default())?;
        Ok(Some(source.schema()))
    }

    /// What the names in a query stand for.
    fn scope(&self, sql: &str, path: &mut Vec<Key>, below: &mut Below) -> QueryResult<Scope> {
        let mut scope = Scope::new(&self.database, &self.schema);
        for reference in engine::relations_named_in(sql)? {
            let Some(found) = self.find(&reference) else {
                continue;
            };
            let source = self.source(&found, path, below)?;
            scope.insert(found.name, source);
        }
        Ok(scope)
    }

    fn source(&self, found: &Found, path: &mut Vec<Key>, below: &mut Below) -> QueryResult<TableSource> {
        below.state.push((found.key.clone(), found.change));
        Ok(match &found.known {
            Known::Extract(table) => TableSource::Extract(table.clone()),
            Known::Rows(rows) => rows.clone(),
            Known::Absent(schema) => TableSource::Empty(Arc::clone(schema)),
            Known::Planned(schema) => {
                below.unbuilt.insert(found.name.clone());
                TableSource::Empty(Arc::clone(schema))
            }
            Known::Stored(files) => self.stored(files)?,
            Known::View(sql) => self.view(found, sql, path, below)?,
        })
    }

    /// A view as a source: as it was planned before, when nothing that it reads has changed since.
    fn view(
        &self,
        found: &Found,
        sql: &str,
        path: &mut Vec<Key>,
        below: &mut Below,
    ) -> QueryResult<TableSource> {
        if path.contains(&found.key) {
            let message = format!("view `{}` reads itself", found.name);
            return Err(SqlFault::new(codes::VIEW_READS_ITSELF, message));
        }
        let planned = if let Some(planned) = self.planned_view(&found.key) {
            planned
        } else {
            path.push(found.key.clone());
            let mut inner = Below {
                state: vec![(found.key.clone(), found.change)],
                ..Below::default()
            };
            let scope = self.scope(sql, path, &mut inner)?;
            path.pop();
            // A view has been looked at as a node of its own.
            let query = self.engine.plan_again(sql, &scope)?;
            let resolved = Resolved {
                query,
                unbuilt: inner.unbuilt,
            };
            let planned = PlannedView {
                resolved,
                state: inner.state,
            };
            self.views.write().insert(found.key.clone(), planned.clone());
            planned
        };
        below.unbuilt.extend(planned.resolved.unbuilt);
        below.state.extend(planned.state);
        Ok(TableSource::View(planned.resolved.query))
    }

    fn planned_view(&self, key: &Key) -> Option<PlannedView> {
        let planned = self.views.read().get(key).cloned()?;
        let known = self.known.read();
        let is_current =
            |(key, change): &(Key, u64)| known.by_name.get(key).is_some_and(|(_, _, now)| now == change);
        planned.state.iter().all(is_current).then_some(planned)
    }

    fn stored(&self, files: &[PathBuf]) -> QueryResult<TableSource> {
        let first = files.first().cloned().unwrap_or_default();
        let remembered = self.schemas.read().get(&first).cloned();
        let schema = if let Some(schema) = remembered {
            schema
        } else {
            let schema = engine::stored_schema(&first)?;
            self.schemas.write().insert(first, Arc::clone(&schema));
            schema
        };
        Ok(TableSource::Parquet(engine::StoredTable {
            files: files.to_vec(),
            schema,
        }))
    }

    /// Finds what a name of one to three parts means, as [`Scope`] does.
    fn find(&self, reference: &[String]) -> Option<Found> {
        let mut parts = reference.iter().rev().map(|part| part.to_lowercase());
        let identifier = parts.next()?;
        let given_schema = parts.next();
        let given_database = parts.next();
        let schema = given_schema.clone().unwrap_or_else(|| self.schema.to_lowercase());
        let database = given_database
            .clone()
            .unwrap_or_else(|| self.database.to_lowercase());
        let relations = self.known.read();
        let exact = (identifier.clone(), schema.clone(), database);
        let entry = relations.by_name.get_key_value(&exact).or_else(|| {
            let anywhere = given_schema.is_some() && given_database.is_none();
            relations
                .by_name
                .range((identifier.clone(), schema.clone(), String::new())..)
                .next()
                .filter(|((i, s, _), _)| anywhere && *i == identifier && *s == schema)
        });
        entry.map(|(key, (name, known, change))| Found {
            key: key.clone(),
            name: name.clone(),
            known: known.clone(),
            change: *change,
        })
    }
}

fn key(name: &RelationName) -> Key {
    (
        name.identifier.to_lowercase(),
        name.schema.to_lowercase(),
        name.database.to_lowercase(),
    )
}
