//! What each selection method matches.

use std::cmp::Ordering;
use std::path::Path;

use serde_json::Value;

use super::grammar::{Criterion, Method, syntax};
use super::pattern::{has_wildcard, matches};
use super::{Facets, SelectionFacts};
use crate::error::Diagnostic;
use crate::project::compare_versions;

const RESOURCE_TYPES: &[&str] = &[
    "analysis",
    "exposure",
    "group",
    "macro",
    "metric",
    "model",
    "operation",
    "saved_query",
    "seed",
    "semantic_model",
    "snapshot",
    "source",
    "test",
    "unit_test",
];

/// A criterion, made ready to look at members.
pub(super) struct Matcher<'c> {
    criterion: &'c Criterion,
    root_package: &'c str,
    facts: &'c SelectionFacts,
}

impl<'c> Matcher<'c> {
    /// Checks the criterion's value.
    pub(super) fn new(
        criterion: &'c Criterion,
        root_package: &'c str,
        facts: &'c SelectionFacts,
    ) -> Result<Self, Diagnostic> {
        let matcher = Self {
            criterion,
            root_package,
            facts,
        };
        matcher.check().map(|()| matcher)
    }

    fn check(&self) -> Result<(), Diagnostic> {
        let criterion = self.criterion;
        let value = criterion.value.as_str();
        let one_of = |words: &[&'static str]| {
            if words.contains(&value) {
                return Ok(());
            }
            let list: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            Err(syntax(
                &criterion.raw,
                &format!("the value must be one of {}", list.join(", ")),
            )
            .nearest(value, words.iter().copied()))
        };
        let at_most = |parts: usize| {
            if value.split('.').count() <= parts {
                return Ok(());
            }
            Err(syntax(
                &criterion.raw,
                &format!("the value has more than {parts} parts"),
            ))
        };
        match criterion.method {
            Method::ResourceType => one_of(RESOURCE_TYPES),
            Method::TestType => one_of(&["data", "generic", "schema", "singular", "unit"]),
            Method::Version => one_of(&["latest", "none", "old", "prerelease"]),
            Method::Source => at_most(3),
            Method::Exposure | Method::UnitTest => at_most(2),
            Method::Config if criterion.arguments.is_empty() => Err(syntax(
                &criterion.raw,
                "say which config: `config.materialized:table`",
            )),
            Method::State | Method::Result | Method::SourceStatus
                if !self.facts.contains_key(&self.fact()) =>
            {
                Err(
                    syntax(&criterion.raw, &format!("nothing is known of `{}`", self.fact()))
                        .hint("name a folder with the artifacts of an earlier run with `--state`")
                        .nearest(&self.fact(), self.facts.keys().map(String::as_str)),
                )
            }
            _ => Ok(()),
        }
    }

    fn fact(&self) -> String {
        let method = match self.criterion.method {
            Method::State => "state",
            Method::Result => "result",
            _ => "source_status",
        };
        format!("{method}:{}", self.criterion.value)
    }

    /// Whether a member is what the criterion looks for.
    pub(super) fn matches(&self, member: &Facets<'_>) -> bool {
        let value = self.criterion.value.as_str();
        let kind = member.resource_type();
        let is_node = !matches!(kind, "source" | "exposure" | "unit_test");
        match self.criterion.method {
            Method::Fqn => kind != "source" && self.matches_fqn(member),
            Method::Tag => member.tags.iter().any(|tag| matches(value, tag)),
            Method::Group => is_node && member.group.is_some_and(|group| matches(value, group)),
            Method::Access => kind == "model" && member.access == Some(value),
            Method::Source => kind == "source" && self.matches_source(member),
            Method::Exposure => kind == "exposure" && self.matches_named(member),
            Method::UnitTest => kind == "unit_test" && self.matches_named(member),
            Method::Path => self.matches_path(member),
            Method::File => matches_file(value, member.original_file_path),
            Method::Package => matches(
                if value == "this" { self.root_package } else { value },
                member.package,
            ),
            Method::Config => member.config.is_some_and(|config| {
                let at = |found: &'_ Value, part: &String| found.get(part).cloned();
                let (first, rest) = self.criterion.arguments.split_first().unzip();
                let start = first.and_then(|first| config.get(first)).cloned();
                let found = rest
                    .into_iter()
                    .flatten()
                    .fold(start, |found, part| at(&found?, part));
                found.is_some_and(|found| self.matches_config(&found))
            }),
            Method::ResourceType => kind == value,
            Method::TestName => match kind {
                "test" => member.generic_test.is_some_and(|name| matches(value, name)),
                "unit_test" => matches(value, member.name),
                _ => false,
            },
            Method::TestType => match (kind, member.generic_test) {
                ("test", Some(_)) => matches!(value, "generic" | "schema" | "data"),
                ("test", None) => matches!(value, "singular" | "data"),
                ("unit_test", _) => value == "unit",
                _ => false,
            },
            Method::Version => kind == "model" && matches_version(value, member),
            Method::State | Method::Result | Method::SourceStatus => self
                .facts
                .get(&self.fact())
                .is_some_and(|ids| ids.contains(member.id)),
            Method::Metric | Method::SavedQuery | Method::SemanticModel => false,
        }
    }

    fn matches_fqn(&self, member: &Facets<'_>) -> bool {
        let value = self.criterion.value.as_str();
        let is_versioned = member.version.is_some();
        let unscoped = member.fqn.get(1..).unwrap_or_default();
        is_named(member.fqn, value, is_versioned) || is_named(unscoped, value, is_versioned)
    }

    fn matches_source(&self, member: &Facets<'_>) -> bool {
        let parts: Vec<&str> = self.criterion.value.split('.').collect();
        let (package, source, table) = match parts.as_slice() {
            [source] => ("*", *source, "*"),
            [source, table] => ("*", *source, *table),
            [package, source, table] => (*package, *source, *table),
            _ => return false,
        };
        matches(package, member.package)
            && member.source.is_some_and(|name| matches(source, name))
            && matches(table, member.name)
    }

    fn matches_named(&self, member: &Facets<'_>) -> bool {
        match self.criterion.value.split_once('.') {
            Some((package, name)) => matches(package, member.package) && matches(name, member.name),
            None => matches(&self.criterion.value, member.name),
        }
    }

    /// A path matches the file, the properties file, and everything below a folder.
    fn matches_path(&self, member: &Facets<'_>) -> bool {
        let wanted = self
            .criterion
            .value
            .trim_start_matches("./")
            .trim_end_matches('/');
        let matches_one = |path: &Path| {
            let depth = wanted.split('/').count();
            let start: Vec<_> = path
                .components()
                .take(depth)
                .map(|c| c.as_os_str().to_string_lossy())
                .collect();
            start.len() == depth
                && wanted
                    .split('/')
                    .zip(&start)
                    .all(|(pattern, part)| matches(pattern, part))
                || wanted.contains("**") && matches(&wanted.replace("**", "*"), &path.to_string_lossy())
        };
        if matches_one(member.original_file_path) {
            return true;
        }
        let patch = member
            .patch_path
            .and_then(|path| path.split_once("://"))
            .map(|(_, path)| Path::new(path));
        patch.is_some_and(|path| path.components().count() == wanted.split('/').count() && matches_one(path))
    }

    fn matches_config(&self, found: &Value) -> bool {
        match found {
            Value::Array(items) => items.iter().any(|item| self.matches_setting(item)),
            other => self.matches_setting(other),
        }
    }

    fn matches_setting(&self, found: &Value) -> bool {
        let value = self.criterion.value.as_str();
        match found {
            Value::String(text) if self.criterion.arguments.iter().any(|part| part == "severity") => {
                text.eq_ignore_ascii_case(value)
            }
            Value::String(text) => text == value,
            Value::Bool(flag) => value.eq_ignore_ascii_case(if *flag { "true" } else { "false" }),
            Value::Number(number) => number.to_string() == value,
            _ => false,
        }
    }
}

/// dbt's rule for names: the last part alone, or the first parts with dots between them, wildcards at the end.
fn is_named(fqn: &[String], wanted: &str, is_versioned: bool) -> bool {
    let parts: Vec<&str> = wanted.split('.').collect();
    let last_two = |parts: &[&str]| {
        parts
            .get(parts.len().saturating_sub(2)..)
            .unwrap_or_default()
            .join("_")
    };
    if is_versioned {
        let own: Vec<&str> = fqn.iter().map(String::as_str).collect();
        let is_model = fqn
            .len()
            .checked_sub(2)
            .and_then(|place| fqn.get(place))
            .is_some_and(|name| name == wanted);
        if is_model || last_two(&own) == last_two(&parts) {
            return true;
        }
    } else if fqn.last().is_some_and(|name| name == wanted) {
        return true;
    }
    let flat: Vec<&str> = fqn.iter().flat_map(|part| part.split('.')).collect();
    if flat.len() < parts.len() {
        return false;
    }
    for (place, part) in parts.iter().enumerate() {
        if has_wildcard(part) {
            let rest = |all: &[&str]| all.get(place..).unwrap_or_default().join(".");
            return matches(&rest(&parts), &rest(&flat));
        }
        if flat.get(place) != Some(part) {
            return false;
        }
    }
    true
}

fn matches_file(wanted: &str, path: &Path) -> bool {
    let is =
        |part: Option<&std::ffi::OsStr>| part.is_some_and(|part| matches(wanted, &part.to_string_lossy()));
    is(path.file_name()) || is(path.file_stem())
}

fn matches_version(wanted: &str, member: &Facets<'_>) -> bool {
    let order = member
        .version
        .map(|version| compare_versions(&version.version, &version.latest));
    match wanted {
        "latest" => order == Some(Ordering::Equal),
        "prerelease" => order == Some(Ordering::Greater),
        "old" => order == Some(Ordering::Less),
        _ => order.is_none(),
    }
}
