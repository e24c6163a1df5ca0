//! Versioned models: one description, several files.

use std::cmp::Ordering;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::generic_tests::{self, TestTarget};
use super::patches::{describe, missing};
use super::python_text::str_of;
use super::{DescribedColumn, NodeIndex, PropertiesFile, Scope};
use super::{read_column, read_columns, tests_of, title};
use crate::error::{Diagnostic, codes};
use crate::names::NodeId;
use crate::project::config_layers;
use crate::project::fields::Fields;
use crate::project::node::{NodeKind, Version};
use crate::project::package::Parts;
use crate::project::yaml::Yaml;

const VERSION: &[&str] = &[
    "access",
    "columns",
    "config",
    "constraints",
    "data_tests",
    "defined_in",
    "deprecation_date",
    "description",
    "docs",
    "tests",
    "v",
];

/// Applies the description of a model to the file of each of its versions.
pub(super) fn apply(
    name: &str,
    model: &Fields<'_>,
    (scope, file): (&Scope<'_>, &PropertiesFile),
    (parts, index): (&mut Parts, &mut NodeIndex),
    out: &mut Vec<Diagnostic>,
) {
    let versions: Vec<(Fields<'_>, Value)> = model
        .list("versions", out)
        .iter()
        .filter_map(|yaml| {
            let what = format!("a version of {}", title("model", model.yaml()));
            let fields = Fields::of(yaml, what, VERSION, out)?;
            fields.required_text("v", out)?;
            let v = fields.get("v")?.to_value();
            Some((fields, v))
        })
        .collect();
    let latest = model.get("latest_version").map(Yaml::to_value).or_else(|| {
        versions
            .iter()
            .map(|(_, v)| v)
            .max_by(|a, b| compare(a, b))
            .cloned()
    });
    let Some(latest) = latest else { return };
    if !versions.iter().any(|(_, v)| *v == latest) {
        out.push(
            Diagnostic::error(
                codes::MISSING_KEY,
                format!(
                    "`latest_version` of model `{name}` is {}, which is none of its versions",
                    str_of(&latest)
                ),
            )
            .at(model
                .get("latest_version")
                .map_or_else(|| model.yaml().span(), Yaml::span)),
        );
    }
    let columns = read_columns(model, out);
    for (version, v) in &versions {
        let place = find(name, version, v, (&latest, index), out);
        let Some(place) = place else {
            let file_name = file_name(name, version, v, out);
            out.push(missing(NodeKind::Model, &file_name, version, index));
            continue;
        };
        let described = columns_of(version, &columns, out);
        let version_of = Version {
            version: v.clone(),
            latest: latest.clone(),
        };
        let entry = Entry {
            name,
            model,
            version,
            version_of,
        };
        entry.apply((parts, place), &described, (scope, file), out);
    }
}

struct Entry<'e, 'y> {
    name: &'e str,
    model: &'e Fields<'y>,
    version: &'e Fields<'y>,
    version_of: Version,
}

impl Entry<'_, '_> {
    fn apply(
        &self,
        (parts, place): (&mut Parts, usize),
        described: &[DescribedColumn<'_>],
        (scope, file): (&Scope<'_>, &PropertiesFile),
        out: &mut Vec<Diagnostic>,
    ) {
        let suffix = format!("v{}", str_of(&self.version_of.version));
        let Some(node) = parts.nodes.get_mut(place) else {
            return;
        };
        node.id = NodeId::new(format!("model.{}.{}.{suffix}", scope.name(), self.name));
        self.name.clone_into(&mut node.name);
        if let Some(last) = node.fqn.last_mut() {
            self.name.clone_into(last);
        }
        node.fqn.push(suffix);
        node.config = scope.config_layers(NodeKind::Model, &node.fqn);
        let columns: IndexMap<_, _> = described
            .iter()
            .map(|d| (d.column.name.clone(), d.column.clone()))
            .collect();
        describe(node, self.model, columns, (scope, file), out);
        config_layers::merge(&mut node.config.properties, self.version_config(out));
        if let Some(description) = self.version.text("description", out) {
            node.description = description;
        }
        if self.version.get("constraints").is_some() {
            node.constraints = self
                .version
                .list("constraints", out)
                .iter()
                .map(Yaml::to_value)
                .collect();
        }
        node.deprecation_date = self
            .version
            .text("deprecation_date", out)
            .or(node.deprecation_date.take());
        node.version = Some(self.version_of.clone());
        let target = self.target(node.id.clone());
        let own = self.tests(out);
        let tests = generic_tests::read_all(&target, (described, &own), (scope, file), out);
        parts.nodes.extend(tests);
    }

    fn version_config(&self, out: &mut Vec<Diagnostic>) -> Map<String, Value> {
        let mut config = self.version.map("config", out);
        for key in ["access", "docs"] {
            if let Some(value) = self.version.get(key) {
                config.insert(key.to_owned(), value.to_value());
            }
        }
        config
    }

    fn target(&self, attached: NodeId) -> TestTarget {
        let v = str_of(&self.version_of.version);
        TestTarget {
            name: format!("{}_v{v}", self.name),
            prefix: "",
            call: format!("ref('{}', version='{v}')", self.name),
            attached,
            tags: Vec::new(),
        }
    }

    /// The version's own tests of the table as a whole, or else the model's.
    fn tests(&self, out: &mut Vec<Diagnostic>) -> Vec<&Yaml> {
        let has_own = self.version.is_written("data_tests") || self.version.is_written("tests");
        tests_of(if has_own { self.version } else { self.model }, out)
    }
}

fn file_name(name: &str, version: &Fields<'_>, v: &Value, out: &mut Vec<Diagnostic>) -> String {
    version
        .text("defined_in", out)
        .unwrap_or_else(|| format!("{name}_v{}", str_of(v)))
}

fn find(
    name: &str,
    version: &Fields<'_>,
    v: &Value,
    (latest, index): (&Value, &NodeIndex),
    out: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let by_file = index.get(NodeKind::Model, &file_name(name, version, v, out));
    by_file.or_else(|| index.get(NodeKind::Model, name).filter(|_| v == latest))
}

/// The model's columns as a version takes them: all, or those of `include` without those of `exclude`, and its own.
fn columns_of<'y>(
    version: &Fields<'y>,
    model: &[DescribedColumn<'y>],
    out: &mut Vec<Diagnostic>,
) -> Vec<DescribedColumn<'y>> {
    let mut chosen: Option<Vec<&DescribedColumn<'y>>> = None;
    let mut own = Vec::new();
    for yaml in version.list("columns", out) {
        let is_choice = yaml
            .as_mapping()
            .is_some_and(|m| m.entry("include").is_some() || m.entry("exclude").is_some());
        if !is_choice {
            own.extend(read_column(yaml, version.what(), out));
            continue;
        }
        let what = format!("`columns` of {}", version.what());
        if let Some(choice) = Fields::of(yaml, what, &["exclude", "include"], out) {
            let include = choice.texts("include", out);
            let exclude = choice.texts("exclude", out);
            let all = include.is_empty() || include.iter().any(|name| name == "*" || name == "all");
            let wanted = |name: &String| (all || include.contains(name)) && !exclude.contains(name);
            chosen = Some(model.iter().filter(|d| wanted(&d.column.name)).collect());
        }
    }
    let own_names: Vec<String> = own.iter().map(|d| d.column.name.clone()).collect();
    let mut columns: Vec<DescribedColumn<'y>> = chosen
        .unwrap_or_else(|| model.iter().collect())
        .into_iter()
        .filter(|d| !own_names.contains(&d.column.name))
        .map(|d| DescribedColumn {
            column: d.column.clone(),
            tests: d.tests.clone(),
        })
        .collect();
    columns.extend(own);
    columns
}

/// The order of versions: numbers by value, everything else as text.
pub(crate) fn compare(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| {
        value
            .as_f64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => str_of(a).cmp(&str_of(b)),
    }
}
