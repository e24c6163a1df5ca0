//! DataFusion's errors in our words, at their place in the SQL.

mod arguments;
mod runtime;
mod text;
mod tokens;

use std::fmt;
use std::path::Path;

use datafusion::arrow::datatypes::Schema;
use datafusion::common::{Column, DataFusionError, SchemaError};

use super::planner::ScopeNames;
use crate::error::{Code, Diagnostic, codes, nearest};
use tokens::Tokens;

pub(super) use runtime::{extract_fault, nothing_there};

/// What the parser says of SQL that holds no statement.
pub(super) const NO_STATEMENT: &str = "there is no statement";
/// What the parser says of SQL that holds several.
pub(super) const MANY_STATEMENTS: &str = "there is more than one statement";

/// A place in the SQL that was given.
///
/// # Units
/// Lines and columns count from 1; columns and widths count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
}

/// What is wrong with a query, or went wrong while it ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFault {
    /// The code whose page `headwater explain` opens.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// Where, in the SQL that was given.
    pub position: Option<Position>,
    /// Further facts.
    pub notes: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
}

impl SqlFault {
    /// Starts a fault.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            position: None,
            notes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize, width: usize) -> Self {
        self.position = Some(Position { line, column, width });
        self
    }

    #[must_use]
    fn at_maybe(mut self, position: Option<Position>) -> Self {
        self.position = position.or(self.position);
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a piece of advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    fn nearest<'a>(self, wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(wanted, names) {
            Some(name) => self.hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// The fault as a diagnostic without a place, for the caller to map [`SqlFault::position`] to the author's file.
    pub fn into_diagnostic(self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.code, self.message);
        diagnostic.notes = self.notes;
        diagnostic.hints = self.hints;
        diagnostic
    }
}

impl fmt::Display for SqlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.code, self.message)?;
        match self.position {
            Some(at) => write!(f, " (line {}, column {})", at.line, at.column),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SqlFault {}

/// Translates an error of DataFusion's.
pub(super) fn fault(error: DataFusionError, sql: &str, names: Option<&ScopeNames<'_>>) -> SqlFault {
    let tokens = Tokens::of(sql);
    let (span, error) = unwrapped(error);
    let found = translated(&error, &tokens, names);
    let located = span.map(|span| tokens.covering(span));
    match (found.position, located) {
        (None, Some(position)) => found.at_maybe(position),
        _ => found,
    }
}

/// The error inside the wrappings that DataFusion puts around it, and the place that one of them names.
fn unwrapped(error: DataFusionError) -> (Option<datafusion::common::Span>, DataFusionError) {
    match error {
        DataFusionError::Diagnostic(diagnostic, inner) => {
            let (span, inner) = unwrapped(*inner);
            (diagnostic.span.or(span), inner)
        }
        DataFusionError::Context(_, inner) => unwrapped(*inner),
        DataFusionError::Collection(mut all) if !all.is_empty() => unwrapped(all.swap_remove(0)),
        DataFusionError::Shared(inner) => match std::sync::Arc::try_unwrap(inner) {
            Ok(inner) => unwrapped(inner),
            Err(shared) => (None, DataFusionError::Shared(shared)),
        },
        other => (None, other),
    }
}

fn translated(error: &DataFusionError, tokens: &Tokens<'_>, names: Option<&ScopeNames<'_>>) -> SqlFault {
    match error {
        DataFusionError::SchemaError(schema, _) => schema_fault(schema, tokens),
        DataFusionError::SQL(parser, _) => text::syntax(parser, tokens),
        DataFusionError::Plan(message) | DataFusionError::NotImplemented(message) => {
            text::planning(message, tokens, names)
        }
        DataFusionError::Shared(inner) => translated(inner, tokens, names),
        DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner) => {
            translated(inner, tokens, names)
        }
        other => runtime::fault(other, tokens),
    }
}

fn schema_fault(error: &SchemaError, tokens: &Tokens<'_>) -> SqlFault {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => column_not_found(field, valid_fields, tokens),
        SchemaError::AmbiguousReference { field } => SqlFault::new(
            codes::AMBIGUOUS_COLUMN,
            format!("column `{}` is in more than one of the tables", field.name),
        )
        .at_maybe(tokens.column(field))
        .hint(format!("name the table: `table_name.{}`", field.name)),
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => duplicate(name).at_maybe(tokens.last_word(name)),
    }
}

fn column_not_found(field: &Column, valid: &[Column], tokens: &Tokens<'_>) -> SqlFault {
    let mut known: Vec<&str> = Vec::new();
    for column in valid {
        let in_table = match (&field.relation, &column.relation) {
            (Some(wanted), Some(has)) => wanted.table() == has.table(),
            _ => true,
        };
        if in_table && !known.contains(&column.name.as_str()) {
            known.push(&column.name);
        }
    }
    let fault = match &field.relation {
        Some(relation) if known.is_empty() => SqlFault::new(
            codes::COLUMN_NOT_FOUND,
            format!(
                "`{}.{}` names no table of this query",
                relation.table(),
                field.name
            ),
        ),
        Some(relation) => SqlFault::new(
            codes::COLUMN_NOT_FOUND,
            format!("column `{}` not found in `{}`", field.name, relation.table()),
        ),
        None => SqlFault::new(
            codes::COLUMN_NOT_FOUND,
            format!("column `{}` not found", field.name),
        ),
    };
    let mut fault = fault
        .at_maybe(tokens.column(field))
        .nearest(&field.name, known.iter().copied());
    if fault.hints.is_empty() && !known.is_empty() {
        fault = fault.note(format!("the columns here are: {}", listed(&known)));
    }
    fault
}

/// The first of a list of names, for a note.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let rest = names.len().saturating_sub(SHOWN);
    if rest == 0 {
        shown.join(", ")
    } else {
        format!("{} and {rest} more", shown.join(", "))
    }
}

fn duplicate(name: &str) -> SqlFault {
    SqlFault::new(
        codes::DUPLICATE_COLUMN,
        format!("the result has more than one column `{name}`"),
    )
    .hint("give one of them another name with `as`")
}

/// Refuses a result in which two columns have one name.
pub(super) fn duplicate_columns(schema: &Schema, sql: &str) -> Result<(), SqlFault> {
    let mut seen = std::collections::BTreeSet::new();
    for field in schema.fields() {
        if !seen.insert(field.name()) {
            let tokens = Tokens::of(sql);
            return Err(duplicate(field.name()).at_maybe(tokens.last_word(field.name())));
        }
    }
    Ok(())
}

/// Tells a panic of DataFusion's.
pub(super) fn panicked() -> SqlFault {
    SqlFault::new(
        codes::INTERNAL,
        "the engine met a state that it believes to be impossible",
    )
}

/// Refuses what DataFusion would take without doing it.
pub(super) fn unsupported(what: &str, sql: &str) -> SqlFault {
    let word = what.split_whitespace().next().unwrap_or(what);
    SqlFault::new(codes::SQL_UNSUPPORTED, format!("`{what}` is not supported"))
        .at_maybe(Tokens::of(sql).text(word))
}

/// Refuses a window function where there are no windows yet.
pub(super) fn window_in_where(function: &str, sql: &str) -> SqlFault {
    SqlFault::new(
        codes::GROUPING,
        format!("the window function `{function}` stands in `where`"),
    )
    .at_maybe(Tokens::of(sql).call(function))
    .hint("filter by a window function in `qualify`")
}

/// Refuses a statement that is not a query.
pub(super) fn not_a_query(sql: &str) -> SqlFault {
    SqlFault::new(codes::NOT_A_QUERY, "this is a statement, where a query is wanted")
        .at_maybe(Tokens::of(sql).first())
        .hint("a model is one `select`; what to do with its rows is said in its config")
}

/// The names in a folder, for a hint.
fn extract_folder_names(parent: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}
