//! Calls with the wrong arguments.

use super::SqlFault;
use super::text::{between, cleaned, sql_type};
use super::tokens::Tokens;
use crate::error::codes;

/// Tells a call whose arguments are too few, too many or of the wrong types.
pub(super) fn fault(message: &str, tokens: &Tokens<'_>) -> Option<SqlFault> {
    let name = between(message, "Function '", "'").or_else(|| {
        message
            .strip_prefix('\'')?
            .split_once("' does not support zero arguments")
            .map(|(name, _)| name)
    })?;
    let fault = |text: String| SqlFault::new(codes::FUNCTION_ARGUMENTS, text).at_maybe(tokens.call(name));
    if let Some((_, inner)) = message.split_once("user-defined coercion failed with: ") {
        let inner = cleaned(inner);
        let said = if inner.contains("takes") {
            inner.replacen(name, &format!("`{name}`"), 1)
        } else {
            format!("`{name}` does not take these arguments together")
        };
        return Some(with_types(fault(said), message));
    }
    if message.contains("zero arguments") {
        return Some(fault(format!("`{name}` takes arguments, none given")));
    }
    let received =
        between(message, "received String (DataType: ", ")").or_else(|| between(message, "(DataType: ", ")"));
    if let Some(data_type) = received {
        return Some(
            fault(format!("`{name}` does not take a {}", sql_type(data_type))).hint("cast the argument"),
        );
    }
    let numbers = between(message, "expects ", " arguments but received ");
    if let Some(wanted) = numbers {
        let rest = message
            .split_once(" arguments but received ")
            .map_or("", |(_, rest)| rest);
        let given = rest
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap_or_default();
        let plural = if wanted == "1" { "" } else { "s" };
        return Some(fault(format!(
            "`{name}` takes {wanted} argument{plural}, {given} given"
        )));
    }
    Some(with_types(
        fault(format!("`{name}` does not take these arguments")),
        message,
    ))
}

/// Adds the types that were given, which stand at a message's end: `argument types 'lower(Utf8, Utf8)'`.
fn with_types(fault: SqlFault, message: &str) -> SqlFault {
    let Some(call) = between(message, "argument types '", "'") else {
        return fault;
    };
    let Some((_, types)) = call.trim_end_matches(')').split_once('(') else {
        return fault;
    };
    let types = types.trim_start_matches('[').trim_end_matches(']');
    if types.is_empty() {
        return fault;
    }
    let shown: Vec<String> = split_types(types).into_iter().map(sql_type).collect();
    fault.note(format!("the arguments are {}", shown.join(", ")))
}

/// Cuts `List(Utf8, nullable), Int64` at the commas between types.
fn split_types(types: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, character) in types.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.extend(types.get(start..at).map(str::trim));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(types.get(start..).map(str::trim));
    parts
}
