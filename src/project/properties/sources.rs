//! Sources: tables that are there already, and where their data lies.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::generic_tests::{self, TestTarget};
use super::{PropertiesFile, Scope, read_columns, tests_of, title};
use crate::error::{Diagnostic, Span, codes};
use crate::names::NodeId;
use crate::project::config_layers;
use crate::project::fields::Fields;
use crate::project::node::SourceTable;
use crate::project::package::Parts;
use crate::project::yaml::Yaml;

const SOURCE: &[&str] = &[
    "config",
    "data_tests",
    "database",
    "description",
    "freshness",
    "loaded_at_field",
    "loaded_at_query",
    "loader",
    "meta",
    "name",
    "overrides",
    "quoting",
    "schema",
    "tables",
    "tags",
    "tests",
    "catalog",
];

const TABLE: &[&str] = &[
    "columns",
    "config",
    "data_tests",
    "description",
    "docs",
    "external",
    "freshness",
    "identifier",
    "loaded_at_field",
    "loaded_at_query",
    "loader",
    "meta",
    "name",
    "quoting",
    "tags",
    "tests",
];

/// Adds the tables of a source and their tests.
pub(super) fn read(
    yaml: &Yaml,
    (scope, file): (&Scope<'_>, &PropertiesFile),
    parts: &mut Parts,
    out: &mut Vec<Diagnostic>,
) {
    let Some(source) = Fields::of(yaml, title("source", yaml), SOURCE, out) else {
        return;
    };
    let Some(name) = source.required_text("name", out) else {
        return;
    };
    if source.get("overrides").is_some() {
        out.push(
            Diagnostic::warning(
                codes::UNSUPPORTED,
                format!("`overrides` of source `{name}` is not applied"),
            )
            .at(yaml.span())
            .hint("configure the other package's source under `sources:` in `dbt_project.yml`"),
        );
        return;
    }
    let mut seen: HashMap<String, Span> = HashMap::new();
    for yaml in source.list("tables", out) {
        let what = format!("{} of source `{name}`", title("table", yaml));
        let Some(table) = Fields::of(yaml, what, TABLE, out) else {
            continue;
        };
        let Some(table_name) = table.required_text("name", out) else {
            continue;
        };
        if let Some(first) = seen.insert(table_name.clone(), yaml.span()) {
            out.push(
                Diagnostic::error(
                    codes::DUPLICATE_NAME,
                    format!("source `{name}` has two tables named `{table_name}`"),
                )
                .at(yaml.span())
                .note(format!("the first: {first}")),
            );
            continue;
        }
        let entry = Entry {
            source: &source,
            table: &table,
            names: (&name, &table_name),
        };
        entry.add((scope, file), parts, out);
    }
}

struct Entry<'e, 'y> {
    source: &'e Fields<'y>,
    table: &'e Fields<'y>,
    names: (&'e str, &'e str),
}

impl Entry<'_, '_> {
    fn add(
        &self,
        (scope, file): (&Scope<'_>, &PropertiesFile),
        parts: &mut Parts,
        out: &mut Vec<Diagnostic>,
    ) {
        let (source_name, name) = self.names;
        let mut fqn = scope.fqn_prefix(&file.inner);
        fqn.extend([source_name.to_owned(), name.to_owned()]);
        let config = self.config(scope, &fqn, out);
        let described = read_columns(self.table, out);
        let either = |key: &str, out: &mut Vec<Diagnostic>| {
            self.table.text(key, out).or_else(|| self.source.text(key, out))
        };
        let schema = self
            .source
            .text("schema", out)
            .unwrap_or_else(|| source_name.to_owned());
        let identifier = self
            .table
            .text("identifier", out)
            .unwrap_or_else(|| name.to_owned());
        let meta = object(config.get("meta"));
        let id = NodeId::new(format!("source.{}.{source_name}.{name}", scope.name()));
        let tags = config_layers::texts(config.get("tags"));
        let own = tests_of(self.table, out);
        let target = self.target(&id, &tags);
        parts.nodes.extend(generic_tests::read_all(
            &target,
            (&described, &own),
            (scope, file),
            out,
        ));
        parts.sources.push(SourceTable {
            id,
            package: scope.name().to_owned(),
            source_name: source_name.to_owned(),
            name: name.to_owned(),
            database: self.source.text("database", out),
            external_location: location(&config, &meta).map(|pattern| {
                pattern
                    .replace("{schema}", &schema)
                    .replace("{name}", name)
                    .replace("{identifier}", &identifier)
            }),
            schema,
            identifier,
            source_description: self.source.text("description", out).unwrap_or_default(),
            description: self.table.text("description", out).unwrap_or_default(),
            loader: either("loader", out).unwrap_or_default(),
            optional: meta.get("optional") == Some(&Value::Bool(true)),
            columns: described
                .into_iter()
                .map(|d| (d.column.name.clone(), d.column))
                .collect(),
            loaded_at_field: either("loaded_at_field", out).or_else(|| {
                config
                    .get("loaded_at_field")
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            }),
            freshness: self.freshness(&config),
            config,
            meta,
            tags,
            fqn,
            original_file_path: file.original.clone(),
            span: Some(self.table.yaml().span()),
        });
    }

    /// All layers merged: the trees, the source, the table; and for another package's source the root's trees again.
    fn config(&self, scope: &Scope<'_>, fqn: &[String], out: &mut Vec<Diagnostic>) -> Map<String, Value> {
        let mut config = config_layers::along_path(scope.file.trees.sources.as_ref(), fqn);
        for fields in [self.source, self.table] {
            config_layers::merge(&mut config, fields.map("config", out));
            for key in ["meta", "tags", "loaded_at_query"] {
                if let Some(value) = fields.get(key) {
                    let mut layer = Map::new();
                    layer.insert(key.to_owned(), value.to_value());
                    config_layers::merge(&mut config, layer);
                }
            }
        }
        let tree = scope.overrides.and_then(|trees| trees.sources.as_ref());
        config_layers::merge(&mut config, config_layers::along_path(tree, fqn));
        config.entry("enabled").or_insert(Value::Bool(true));
        config
    }

    /// The table's rule over the source's, key by key; `freshness: null` of a table turns it off.
    fn freshness(&self, config: &Map<String, Value>) -> Option<Value> {
        if self.table.is_written("freshness") && self.table.get("freshness").is_none() {
            return None;
        }
        let mut merged = object(config.get("freshness"));
        for fields in [self.source, self.table] {
            if let Some(yaml) = fields.get("freshness").and_then(Yaml::as_mapping) {
                merged.extend(yaml.to_map());
            }
        }
        let has_rule = ["warn_after", "error_after"]
            .iter()
            .any(|key| merged.get(*key).is_some_and(|v| !v.is_null()));
        has_rule.then(|| Value::Object(merged))
    }

    fn target(&self, id: &NodeId, tags: &[String]) -> TestTarget {
        let (source_name, name) = self.names;
        TestTarget {
            name: format!("{source_name}_{name}"),
            prefix: "source_",
            call: format!("source('{source_name}', '{name}')"),
            attached: id.clone(),
            tags: tags.to_vec(),
        }
    }
}

/// Where dbt-duckdb's spelling says the data lies: `config.external_location`, or `external_location` of `meta`.
fn location(config: &Map<String, Value>, meta: &Map<String, Value>) -> Option<String> {
    config
        .get("external_location")
        .or_else(|| meta.get("external_location"))
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}
