//! `audiences.yml`: named conditions over contacts, beside `dbt_project.yml`.

use std::collections::HashMap;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::Value;

use super::fields::{Fields, unknown_key};
use super::templates::is_template;
use super::yaml::Yaml;
use crate::error::{Diagnostic, Span, codes};
use crate::host::Host;

const FILE_NAME: &str = "audiences.yml";
const KNOWN: &[&str] = &["condition", "description", "name"];

/// The list that `var('audiences')` gives, and where each condition was written.
pub(super) struct Audiences {
    pub(super) list: Vec<Value>,
    pub(super) origins: IndexMap<String, Span>,
}

/// Reads `audiences.yml` of the project's folder; `None` when there is none.
pub(super) fn read(host: &Host, root: &Path, out: &mut Vec<Diagnostic>) -> Option<Audiences> {
    let path = root.join(FILE_NAME);
    if !host.exists(&path) {
        return None;
    }
    let yaml = super::project_file::read(host, &path, Path::new(FILE_NAME), out)?;
    let file = Fields::of(&yaml, format!("`{FILE_NAME}`"), &["audiences", "version"], out)?;
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut audiences = Audiences {
        list: Vec::new(),
        origins: IndexMap::new(),
    };
    for item in file.list("audiences", out) {
        let Some((name, condition)) = check(item, out) else {
            continue;
        };
        if let Some(first) = seen.get(&name) {
            out.push(
                Diagnostic::error(codes::DUPLICATE_NAME, format!("two audiences are named `{name}`"))
                    .at(item.span())
                    .note(format!("the first: {first}")),
            );
            continue;
        }
        seen.insert(name, item.span());
        if let Some(text) = condition.as_text() {
            audiences
                .origins
                .entry(text.to_owned())
                .or_insert_with(|| condition.mark.content_span());
        }
        audiences.list.push(item.to_value());
    }
    Some(audiences)
}

/// The name and the condition of an audience, if they can be used.
fn check<'y>(item: &'y Yaml, out: &mut Vec<Diagnostic>) -> Option<(String, &'y Yaml)> {
    let title = item
        .as_mapping()
        .and_then(|map| map.get("name"))
        .and_then(Yaml::as_text)
        .unwrap_or_default();
    let what = if title.is_empty() {
        "an audience".to_owned()
    } else {
        format!("audience `{title}`")
    };
    // An unknown key here is most likely a condition that would be lost, so it is an error.
    if let Some(mapping) = item.as_mapping() {
        for (key, entry) in mapping.iter().filter(|(key, _)| !KNOWN.contains(key)) {
            let warning = unknown_key(key, entry, &what, KNOWN);
            out.push(Diagnostic {
                severity: crate::error::Severity::Error,
                ..warning
            });
        }
    }
    let known: Vec<&str> = item
        .as_mapping()
        .into_iter()
        .flat_map(|m| m.iter().map(|(key, _)| key))
        .collect();
    let fields = Fields::of(item, what.clone(), &known, out)?;
    let name = fields.required_text("name", out)?;
    let text = fields.required_text("condition", out)?;
    let condition = fields.get("condition")?;
    if !is_identifier(&name) {
        out.push(
            Diagnostic::error(
                codes::AUDIENCE_INVALID,
                format!("`{name}` cannot be the name of an audience"),
            )
            .at(fields.get("name").map_or_else(|| item.span(), Yaml::span))
            .hint("its column is `in_<name>`: take lower-case letters, digits and `_`, a letter first"),
        );
        return None;
    }
    if let Some(fault) = fault_of(&text, condition) {
        out.push(
            Diagnostic::error(
                codes::AUDIENCE_INVALID,
                format!("the condition of audience `{name}` {fault}"),
            )
            .at(condition.span())
            .hint("a condition is one SQL expression over the columns of `contact_audiences_xa`"),
        );
        return None;
    }
    Some((name, condition))
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Why a text cannot be a condition, if it cannot.
fn fault_of(text: &str, condition: &Yaml) -> Option<&'static str> {
    if text.trim().is_empty() {
        Some("is empty")
    } else if condition.as_text().is_none() {
        Some("is not a SQL condition")
    } else if is_template(text) {
        Some("holds Jinja, which is not rendered here")
    } else if text.contains(';') && !text.contains('\'') {
        Some("holds a `;`")
    } else {
        None
    }
}
