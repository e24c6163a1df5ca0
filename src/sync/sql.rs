//! The few things that syncs ask of the engine, said once.

use crate::engine::{Engine, PlannedQuery, Scope, SqlFault};
use crate::error::{Error, Result};
use crate::names::RelationName;

/// The database and schema of a sync's own relations.
const DATABASE: &str = "headwater";
const SCHEMA: &str = "sync";

/// An empty scope.
pub(super) fn scope() -> Scope {
    Scope::new(DATABASE, SCHEMA)
}

/// The name of one of a sync's own relations.
pub(super) fn relation(name: &str) -> RelationName {
    RelationName::new(DATABASE, SCHEMA, name)
}

/// Plans a query of our own.
pub(super) fn plan(engine: &Engine, sql: &str, scope: &Scope) -> Result<PlannedQuery> {
    engine.plan(sql, scope).map_err(failed)
}

/// A fault of the engine as an error.
pub(super) fn failed(fault: SqlFault) -> Error {
    fault.into_diagnostic().into()
}

/// A text as SQL writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
