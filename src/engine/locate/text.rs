//! Faults of planning that DataFusion tells as text only.

use std::str::FromStr as _;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::planner::ContextProvider as _;
use datafusion::sql::sqlparser::parser::ParserError;

use super::tokens::Tokens;
use super::{MANY_STATEMENTS, NO_STATEMENT, SqlFault, arguments, duplicate};
use crate::engine::dialect;
use crate::engine::planner::ScopeNames;
use crate::engine::types::type_name;
use crate::error::codes;

/// Type names that a mistyped one may have been meant to be.
const TYPES: &[&str] = &[
    "bigint",
    "boolean",
    "date",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "interval",
    "numeric",
    "real",
    "smallint",
    "string",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "varchar",
];

/// A query that cannot be parsed.
pub(super) fn syntax(error: &ParserError, tokens: &Tokens<'_>) -> SqlFault {
    let message = match error {
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
        ParserError::RecursionLimitExceeded => {
            return SqlFault::new(codes::SQL_SYNTAX, "the query is nested too deeply")
                .hint("break it into common table expressions or several models");
        }
    };
    let (text, place) = split_place(message);
    let position = match place {
        Some((line, column)) => tokens.starting(line, column),
        None => tokens.end(),
    };
    SqlFault::new(codes::SQL_SYNTAX, syntax_message(text)).at_maybe(Some(position))
}

/// The parser's `Expected: end of statement, found: x`, with its literals marked.
fn syntax_message(text: &str) -> String {
    let Some((expected, found)) = text
        .strip_prefix("Expected: ")
        .and_then(|rest| rest.rsplit_once(", found: "))
    else {
        let mut characters = text.chars();
        let first = characters.next().map(|c| c.to_lowercase().to_string());
        return first.unwrap_or_default() + characters.as_str();
    };
    let wanted = if expected.contains(' ') || expected.len() > 2 {
        expected.to_owned()
    } else {
        format!("`{expected}`")
    };
    match found {
        "EOF" => format!("the query ends where {wanted} is wanted"),
        found => format!("`{found}` stands where {wanted} is wanted"),
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
    if message.contains("does not satisfy") {
        return SqlFault::new(
            codes::INTERNAL,
            "the engine refused the plan that it had made for this query",
        )
        .hint("write the query another way, and report this one: it is not at fault");
    }
    if message == NO_STATEMENT || message == MANY_STATEMENTS {
        return SqlFault::new(codes::NOT_A_QUERY, message).at_maybe(Some(tokens.end()));
    }
    unknown_name(message, tokens, names)
        .or_else(|| grouping(message, tokens))
        .or_else(|| arguments::fault(message, tokens))
        .or_else(|| types(message, tokens))
        .or_else(|| counts(message, tokens))
        .unwrap_or_else(|| other(message, tokens))
}

fn unknown_name(message: &str, tokens: &Tokens<'_>, names: Option<&ScopeNames<'_>>) -> Option<SqlFault> {
    if let Some(name) = between(message, "table '", "' not found") {
        return Some(table_not_found(name, tokens, names));
    }
    if let Some(name) = between(message, "Invalid function '", "'") {
        return Some(function_not_found(name, tokens, names));
    }
    if let Some(name) = message.strip_prefix("Invalid qualifier ") {
        let fault = SqlFault::new(
            codes::TABLE_NOT_FOUND,
            format!("`{name}` names no table of this query"),
        );
        return Some(fault.at_maybe(tokens.word(name)));
    }
    if let Some(name) = message.strip_prefix("Unsupported SQL type ") {
        let fault = SqlFault::new(codes::TYPE_MISMATCH, format!("`{name}` is no type"));
        return Some(
            fault
                .at_maybe(tokens.word(name))
                .nearest(name, TYPES.iter().copied()),
        );
    }
    let position = between(message, "Cannot find column with position ", " in SELECT clause")?;
    let last = message.rsplit(" to ").next().unwrap_or_default();
    Some(
        SqlFault::new(
            codes::COLUMN_NOT_FOUND,
            format!("there is no column {position}: the `select` has {last}"),
        )
        .at_maybe(tokens.last_text(position)),
    )
}

fn table_not_found(name: &str, tokens: &Tokens<'_>, names: Option<&ScopeNames<'_>>) -> SqlFault {
    let short = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    let fault = SqlFault::new(codes::TABLE_NOT_FOUND, format!("table `{name}` not found"))
        .at_maybe(tokens.table(name).or_else(|| tokens.word(short)));
    let Some(names) = names else {
        return fault;
    };
    let known: Vec<String> = names
        .scope
        .relations()
        .map(|(relation, _)| relation.to_string())
        .collect();
    let same_name = known.iter().find(|known| known.rsplit('.').next() == Some(short));
    match same_name {
        Some(known) => fault.hint(format!("did you mean `{known}`?")),
        None => fault
            .nearest(
                short,
                names
                    .scope
                    .relations()
                    .map(|(relation, _)| relation.identifier.as_str()),
            )
            .hint("a model is read as `{{ ref('name') }}`, a source as `{{ source('name', 'table') }}`"),
    }
}

fn function_not_found(name: &str, tokens: &Tokens<'_>, names: Option<&ScopeNames<'_>>) -> SqlFault {
    let fault = SqlFault::new(codes::FUNCTION_NOT_FOUND, format!("function `{name}` not found"))
        .at_maybe(tokens.call(name));
    let Some(names) = names else {
        return fault;
    };
    let mut known = names.udf_names();
    known.extend(names.udaf_names());
    known.extend(names.udwf_names());
    known.extend(dialect::names().map(str::to_owned));
    known.sort();
    fault.nearest(name, known.iter().map(String::as_str))
}

fn grouping(message: &str, tokens: &Tokens<'_>) -> Option<SqlFault> {
    let fault = |text: String| SqlFault::new(codes::GROUPING, text);
    if let Some(column) = between(message, "column \"", "\" must appear in the GROUP BY") {
        let short = column.rsplit('.').next().unwrap_or(column);
        return Some(
            fault(format!(
                "column `{short}` is neither in `group by` nor inside an aggregate function"
            ))
            .at_maybe(tokens.word(short))
            .hint(format!(
                "add it to `group by`, or take one value: `any_value({short})`, `max({short})`"
            )),
        );
    }
    if let Some(references) = between(message, "HAVING clause references: ", " must appear") {
        let references = references.replace("Int64(", "").replace(')', "");
        return Some(
            fault(format!(
                "`having` uses `{references}`, which is neither in `group by` nor an aggregate"
            ))
            .at_maybe(tokens.text("having"))
            .hint("conditions on single rows belong in `where`"),
        );
    }
    if message.starts_with("Aggregate functions are not allowed in the WHERE") {
        return Some(
            fault("an aggregate function stands in `where`".to_owned())
                .at_maybe(tokens.text("where"))
                .hint("conditions on groups belong in `having`"),
        );
    }
    let nested = between(message, "cannot be nested: '", "' is nested")?;
    let name = nested.split('(').next().unwrap_or(nested);
    Some(
        fault(format!("the aggregate `{name}` stands inside another aggregate"))
            .at_maybe(tokens.call(name))
            .hint("aggregate in a subquery first"),
    )
}

fn types(message: &str, tokens: &Tokens<'_>) -> Option<SqlFault> {
    let fault = |text: String| SqlFault::new(codes::TYPE_MISMATCH, text);
    if let Some((_, rest)) = message.split_once("Cannot create filter with non-boolean predicate '") {
        let (predicate, found) = rest.split_once("' returning ")?;
        let short = predicate.rsplit('.').next().unwrap_or(predicate);
        return Some(
            fault(format!(
                "a condition must be boolean, and `{short}` is {}",
                sql_type(found)
            ))
            .at_maybe(tokens.last_word(short)),
        );
    }
    if message.starts_with("Expected LIMIT to be an integer") {
        return Some(fault("`limit` takes a whole number".to_owned()).at_maybe(tokens.text("limit")));
    }
    let operation =
        between(message, "Cannot coerce arithmetic expression ", " to valid types").or_else(|| {
            Some(
                message
                    .split_once("Cannot infer common argument type for ")?
                    .1
                    .split_once("operation ")?
                    .1,
            )
        })?;
    let (left, operator, right) = operands(operation)?;
    Some(
        fault(format!(
            "`{}` does not work between {} and {}",
            operator.to_lowercase(),
            sql_type(left),
            sql_type(right)
        ))
        .at_maybe(tokens.text(operator))
        .hint("cast one side"),
    )
}

/// `Utf8 + Int64` in its three parts; types may have spaces inside parentheses.
fn operands(operation: &str) -> Option<(&str, &str, &str)> {
    let mut depth = 0_i32;
    let mut spaces = Vec::new();
    for (at, character) in operation.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 => spaces.push(at),
            _ => {}
        }
    }
    let (first, last) = (*spaces.first()?, *spaces.last()?);
    Some((
        operation.get(..first)?,
        operation.get(first + 1..last)?.trim(),
        operation.get(last + 1..)?,
    ))
}

/// Arrow's name of a type as SQL's, in backticks.
pub(super) fn sql_type(arrow: &str) -> String {
    let name =
        DataType::from_str(arrow).map_or_else(|_| arrow.to_lowercase(), |data_type| type_name(&data_type));
    format!("`{name}`")
}

fn counts(message: &str, tokens: &Tokens<'_>) -> Option<SqlFault> {
    if message.contains("queries have different number of columns") {
        return Some(
            SqlFault::new(
                codes::COLUMN_COUNT,
                "the two sides of `union` have different numbers of columns",
            )
            .at_maybe(tokens.text("union")),
        );
    }
    if message.contains("subquery should only return one column") {
        return Some(SqlFault::new(
            codes::COLUMN_COUNT,
            "a subquery that stands for a value must have one column",
        ));
    }
    let rest = message
        .split_once("Projections require unique expression names")?
        .1;
    let quoted: Vec<&str> = rest.split('"').collect();
    let expression = quoted.get(3)?;
    let name = expression
        .rsplit_once(" AS ")
        .map_or(*expression, |(_, alias)| alias);
    Some(duplicate(name).at_maybe(tokens.last_word(name)))
}

/// What has no wording of its own: DataFusion's first sentence, without its debug output.
fn other(message: &str, tokens: &Tokens<'_>) -> SqlFault {
    if let Some(rest) = message.split_once("Unsupported ast node ") {
        let node = rest
            .1
            .split([' ', '(', '{'])
            .next()
            .unwrap_or_default()
            .to_lowercase();
        return SqlFault::new(codes::SQL_UNSUPPORTED, format!("`{node}` is not supported"))
            .at_maybe(tokens.word(&node));
    }
    let unsupported = [
        "not supported",
        "Unsupported",
        "not implemented",
        "does not support",
    ];
    let code = if unsupported.iter().any(|mark| message.contains(mark)) {
        codes::SQL_UNSUPPORTED
    } else {
        codes::CANNOT_PLAN
    };
    SqlFault::new(code, cleaned(message))
}

/// The first sentence of a message, in our case and without debug output.
pub(super) fn cleaned(message: &str) -> String {
    let mut text = message.lines().next().unwrap_or_default();
    for prefix in [
        "Error during planning: ",
        "Execution error: ",
        "Internal error: ",
        "External error: ",
        "Parquet error: ",
    ] {
        text = text.trim_start_matches(prefix);
    }
    for end in [" {", "(WindowFunction", ". No function matches", ".\u{a0}"] {
        text = text.split(end).next().unwrap_or(text);
    }
    let text = text.trim_end_matches(['.', ' ']);
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|c| c.to_lowercase().to_string())
        .unwrap_or_default();
    let is_acronym = text.chars().nth(1).is_some_and(char::is_uppercase);
    if is_acronym {
        text.to_owned()
    } else {
        first + characters.as_str()
    }
}

/// The text between two marks.
pub(super) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = text.split_once(start)?.1;
    Some(rest.split_once(end)?.0)
}
