//! What a properties file says of a model, seed, snapshot, analysis or singular test.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::generic_tests::{self, TestTarget};
use super::versions;
use super::{NodeIndex, PropertiesFile, Scope, patch_path, read_columns, tests_of, title};
use crate::error::{Diagnostic, codes};
use crate::project::config::is_setting;
use crate::project::config_layers;
use crate::project::fields::Fields;
use crate::project::node::{Column, Node, NodeKind};
use crate::project::package::Parts;
use crate::project::yaml::{Mapping, Yaml};

const MODEL: &[&str] = &[
    "access",
    "columns",
    "config",
    "constraints",
    "data_tests",
    "deprecation_date",
    "description",
    "docs",
    "group",
    "latest_version",
    "meta",
    "name",
    "quote_columns",
    "relation",
    "tags",
    "tests",
    "time_spine",
    "versions",
];

/// Keys beside `config` that configure as well.
const SHORTHANDS: &[&str] = &["access", "docs", "group", "meta", "tags"];

/// Applies one entry of a section to the node it names, and adds its tests.
pub(super) fn apply(
    kind: NodeKind,
    yaml: &Yaml,
    (scope, file): (&Scope<'_>, &PropertiesFile),
    (parts, index): (&mut Parts, &mut NodeIndex),
    out: &mut Vec<Diagnostic>,
) {
    let what = title(kind.resource_type(), yaml);
    let faults_before = out.len();
    let Some(fields) = Fields::of(yaml, what, MODEL, out) else {
        return;
    };
    hint_at_config(yaml, out.get_mut(faults_before..).unwrap_or_default());
    let Some(name) = fields.required_text("name", out) else {
        return;
    };
    if kind == NodeKind::Model && !fields.list("versions", out).is_empty() {
        versions::apply(&name, &fields, (scope, file), (parts, index), out);
        return;
    }
    let Some(place) = index.get(kind, &name) else {
        out.push(missing(kind, &name, &fields, index));
        return;
    };
    let described = read_columns(&fields, out);
    let Some(node) = parts.nodes.get_mut(place) else {
        return;
    };
    if let Some(first) = node.patch_span.as_ref().filter(|_| node.patch_path.is_some()) {
        out.push(
            Diagnostic::error(
                codes::DUPLICATE_NAME,
                format!("{} is described twice", fields.what()),
            )
            .at(yaml.span())
            .note(format!("the first: {first}")),
        );
        return;
    }
    let columns = described
        .iter()
        .map(|d| (d.column.name.clone(), d.column.clone()))
        .collect();
    describe(node, &fields, columns, (scope, file), out);
    let target = TestTarget {
        call: format!("ref('{name}')"),
        name,
        prefix: "",
        attached: node.id.clone(),
        tags: Vec::new(),
    };
    let own = tests_of(&fields, out);
    let tests = generic_tests::read_all(&target, (&described, &own), (scope, file), out);
    parts.nodes.extend(tests);
}

/// Writes what the properties say into the node.
pub(super) fn describe(
    node: &mut Node,
    fields: &Fields<'_>,
    columns: IndexMap<String, Column>,
    (scope, file): (&Scope<'_>, &PropertiesFile),
    out: &mut Vec<Diagnostic>,
) {
    node.description = fields.text("description", out).unwrap_or_default();
    node.columns = columns;
    node.patch_path = Some(patch_path(scope, file));
    node.patch_span = Some(fields.yaml().span());
    node.constraints = fields
        .list("constraints", out)
        .iter()
        .map(Yaml::to_value)
        .collect();
    node.deprecation_date = fields.text("deprecation_date", out);
    let config = configuration(fields, out);
    config_layers::merge(&mut node.config.properties, config);
}

/// `config` and the keys beside it that configure as well.
pub(super) fn configuration(fields: &Fields<'_>, out: &mut Vec<Diagnostic>) -> Map<String, Value> {
    let mut config = Map::new();
    config_layers::merge(&mut config, fields.map("config", out));
    for key in SHORTHANDS {
        if let Some(value) = fields.get(key) {
            let mut layer = Map::new();
            layer.insert((*key).to_owned(), value.to_value());
            config_layers::merge(&mut config, layer);
        }
    }
    config
}

/// The warning that properties describe nothing.
pub(super) fn missing(kind: NodeKind, name: &str, fields: &Fields<'_>, index: &NodeIndex) -> Diagnostic {
    let others = [NodeKind::Model, NodeKind::Seed, NodeKind::Snapshot];
    let kind_name = kind.resource_type();
    let diagnostic = Diagnostic::warning(
        codes::UNKNOWN_RESOURCE,
        format!("there is no {kind_name} `{name}` to describe"),
    )
    .at(fields
        .get("name")
        .map_or_else(|| fields.yaml().span(), Yaml::span));
    match others
        .iter()
        .find(|other| **other != kind && index.get(**other, name).is_some())
    {
        Some(other) => {
            let section = other.resource_type();
            diagnostic.hint(format!(
                "`{name}` is a {section}: describe it under `{section}s:`"
            ))
        }
        None => diagnostic.nearest(name, index.names(kind)),
    }
}

/// A key such as `materialized` beside `config` is one that belongs into it.
fn hint_at_config(yaml: &Yaml, faults: &mut [Diagnostic]) {
    for (key, entry) in yaml.as_mapping().into_iter().flat_map(Mapping::iter) {
        if MODEL.contains(&key) || !is_setting(key) {
            continue;
        }
        let span = entry.key.span();
        if let Some(fault) = faults.iter_mut().find(|fault| fault.span.as_ref() == Some(&span)) {
            fault.hints = vec![format!("move `{key}` under `config:`")];
        }
    }
}
