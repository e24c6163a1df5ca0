//! Faults that DataFusion tells as text only.

use datafusion::sql::sqlparser::parser::ParserError;

use super::tokens::Tokens;
use super::{MANY_STATEMENTS, NO_STATEMENT, SqlFault};
use crate::engine::planner::ScopeNames;
use crate::error::codes;

/// A query that cannot be parsed.
pub(super) fn syntax(error: &ParserError, tokens: &Tokens<'_>) -> SqlFault {
    let message = match error {
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
        ParserError::RecursionLimitExceeded => {
            return SqlFault::new(codes::SYNTAX, "the query is nested too deeply")
                .hint("break it into common table expressions or several models");
        }
    };
    let (text, place) = split_place(message);
    let fault = SqlFault::new(codes::SYNTAX, text);
    match place {
        Some((line, column)) => fault.at_maybe(Some(tokens.starting(line, column))),
        None => fault.at_maybe(Some(tokens.end())),
    }
}

/// Cuts ` at Line: 1, Column: 7` from the end of a message.
fn split_place(message: &str) -> (&str, Option<(u64, u64)>) {
    let Some((text, place)) = message.rsplit_once(" at Line: ") else {
        return (message, None);
    };
    let numbers = place.split_once(", Column: ").and_then(|(line, column)| {
        let digits = column.trim().trim_end_matches(|c: char| !c.is_ascii_digit());
        Some((line.trim().parse().ok()?, digits.parse().ok()?))
    });
    (text, numbers)
}

/// A query that was parsed and cannot be planned.
pub(super) fn planning(message: &str, tokens: &Tokens<'_>, names: Option<&ScopeNames<'_>>) -> SqlFault {
    if message == NO_STATEMENT || message == MANY_STATEMENTS {
        return SqlFault::new(codes::NOT_A_QUERY, message).at_maybe(Some(tokens.end()));
    }
    let first_line = message.lines().next().unwrap_or_default();
    if let Some(name) = between(first_line, "table '", "' not found") {
        return table_not_found(name, tokens, names);
    }
    if let Some(name) = between(first_line, "Invalid function '", "'") {
        return function_not_found(name, tokens, names);
    }
    SqlFault::new(codes::CANNOT_PLAN, first_line)
}

fn table_not_found(name: &str, tokens: &Tokens<'_>, names: Option<&ScopeNames<'_>>) -> SqlFault {
    let short = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    let fault = SqlFault::new(codes::TABLE_NOT_FOUND, format!("table `{name}` not found"))
        .at_maybe(tokens.table(name).or_else(|| tokens.word(short)));
    match names {
        Some(names) => fault.nearest(
            short,
            names.scope.relations().map(|(relation, _)| relation.identifier.as_str()),
        ),
        None => fault,
    }
}

fn function_not_found(name: &str, tokens: &Tokens<'_>, names: Option<&ScopeNames<'_>>) -> SqlFault {
    use datafusion::logical_expr::planner::ContextProvider as _;
    let fault = SqlFault::new(codes::FUNCTION_NOT_FOUND, format!("function `{name}` not found"))
        .at_maybe(tokens.call(name));
    let Some(names) = names else {
        return fault;
    };
    let mut known = names.udf_names();
    known.extend(names.udaf_names());
    known.extend(names.udwf_names());
    known.sort();
    fault.nearest(name, known.iter().map(String::as_str))
}

/// The text between two marks.
pub(super) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = text.split_once(start)?.1;
    Some(rest.split_once(end)?.0)
}
