//! The few things that syncs ask of the engine, said once.

use super::redact::Redactor;
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

/// A fault of the engine as an error; what it says of the data is masked.
pub(super) fn failed(fault: SqlFault) -> Error {
    let mut diagnostic = fault.into_diagnostic();
    let redactor = Redactor::default();
    diagnostic.message = redactor.text(&diagnostic.message);
    for note in &mut diagnostic.notes {
        *note = redactor.text(note);
    }
    diagnostic.into()
}

/// A text as SQL writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
