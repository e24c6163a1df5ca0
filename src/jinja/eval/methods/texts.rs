//! Methods of texts where projects need more than minijinja has.

use minijinja::Value;
use minijinja::value::{Tuple, ValueKind};

use super::missing;
use crate::jinja::eval::Call;
use crate::jinja::fault::Outcome;
use crate::jinja::value::{List, text};

/// The longest padding.
const LONGEST_PADDING: usize = 10_000;

/// Calls a method of a text.
pub(super) fn method(receiver: &Value, name: &str, call: &Call) -> Option<Outcome> {
    let text = receiver.as_str()?;
    if let Some(outcome) = splitting(text, name, call).or_else(|| padding(text, name, call)) {
        return Some(outcome);
    }
    Some(match name {
        "startswith" | "endswith" => call.required(0, "prefix").map(|parts| {
            let candidates: Vec<String> = if parts.kind() == ValueKind::String {
                vec![text::display(parts)]
            } else {
                parts
                    .try_iter()
                    .into_iter()
                    .flatten()
                    .map(|part| text::display(&part))
                    .collect()
            };
            let fits = |part: &String| {
                if name == "startswith" {
                    text.starts_with(part.as_str())
                } else {
                    text.ends_with(part.as_str())
                }
            };
            Value::from(candidates.iter().any(fits))
        }),
        "index" => call.text(0, "sub").and_then(|sub| match text.find(&sub) {
            Some(at) => Ok(Value::from(text.get(..at).unwrap_or_default().chars().count())),
            None => Err(missing(call, "the text is not in it")),
        }),
        "swapcase" => Ok(Value::from(
            text.chars()
                .map(|c| {
                    if c.is_uppercase() {
                        c.to_ascii_lowercase()
                    } else {
                        c.to_ascii_uppercase()
                    }
                })
                .collect::<String>(),
        )),
        "casefold" => Ok(Value::from(text.to_lowercase())),
        "encode" | "decode" => Ok(receiver.clone()),
        "isidentifier" => Ok(Value::from(
            text.chars().all(|c| c.is_alphanumeric() || c == '_')
                && !text.starts_with(|c: char| c.is_ascii_digit()),
        )),
        _ => return None,
    })
}

/// Methods that join, cut and split.
fn splitting(text: &str, name: &str, call: &Call) -> Option<Outcome> {
    Some(match name {
        "join" => call.required(0, "iterable").map(|items| {
            let parts: Vec<String> = items
                .try_iter()
                .into_iter()
                .flatten()
                .map(|item| text::display(&item))
                .collect();
            Value::from(parts.join(text))
        }),
        "rsplit" => {
            let limit = call
                .arg(1, "maxsplit")
                .and_then(Value::as_usize)
                .map_or(usize::MAX, |limit| limit + 1);
            let mut parts: Vec<Value> = match call.args.first().map(text::display) {
                Some(separator) => text.rsplitn(limit, separator.as_str()).map(Value::from).collect(),
                None => text.split_whitespace().rev().map(Value::from).collect(),
            };
            parts.reverse();
            Ok(List::value(parts))
        }
        "removeprefix" => call
            .text(0, "prefix")
            .map(|prefix| Value::from(text.strip_prefix(&prefix).unwrap_or(text))),
        "removesuffix" => call
            .text(0, "suffix")
            .map(|suffix| Value::from(text.strip_suffix(&suffix).unwrap_or(text))),
        "partition" => call.text(0, "sep").map(|separator| {
            let (before, middle, after) = match text.split_once(&separator) {
                Some((before, after)) => (before, separator.as_str(), after),
                None => (text, "", ""),
            };
            Value::from(Tuple::new([before, middle, after].map(Value::from).to_vec()))
        }),
        _ => return None,
    })
}

/// Methods that make a text as wide as is wanted.
fn padding(text: &str, name: &str, call: &Call) -> Option<Outcome> {
    let missing = |width: i64| {
        let width = usize::try_from(width).unwrap_or_default();
        width.saturating_sub(text.chars().count()).min(LONGEST_PADDING)
    };
    Some(match name {
        "zfill" => call.integer(0, "width").map(|width| {
            let (sign, digits) = match text.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", text),
            };
            Value::from(format!("{sign}{}{digits}", "0".repeat(missing(width))))
        }),
        "ljust" | "rjust" | "center" => call.integer(0, "width").map(|width| {
            let fill = call.args.get(1).map_or_else(|| " ".to_owned(), text::display);
            let missing = missing(width);
            let before = match name {
                "ljust" => 0,
                "rjust" => missing,
                _ => missing / 2,
            };
            Value::from(format!(
                "{}{text}{}",
                fill.repeat(before),
                fill.repeat(missing - before)
            ))
        }),
        _ => return None,
    })
}
