//! Properties files: what the YAML beside models, seeds, snapshots, tests and macros says.

mod exposures;
mod generic_tests;
mod patches;
mod python_text;
mod sources;
mod unit_tests;
mod versions;

pub(crate) use versions::compare as compare_versions;

use std::collections::HashMap;

use super::fields::Fields;
use super::node::{Column, MacroPatch, NodeKind};
use super::package::{FoundFile, Parts, Scope, declared_snapshot};
use super::yaml::Yaml;
use crate::error::{Diagnostic, codes};

/// A properties file and where it lies.
type PropertiesFile = FoundFile;

const SECTIONS: &[&str] = &[
    "analyses",
    "anchors",
    "data_tests",
    "exposures",
    "functions",
    "groups",
    "macros",
    "metrics",
    "models",
    "saved_queries",
    "seeds",
    "semantic_models",
    "snapshots",
    "sources",
    "tests",
    "unit_tests",
    "version",
];

/// Sections that belong to dbt's semantic layer: read by others, not by a build.
const IGNORED: &[&str] = &["functions", "metrics", "saved_queries", "semantic_models"];

/// Keys whose Jinja is rendered later, if at all.
const RAW: &[&str] = &[
    "arguments",
    "data_tests",
    "depends_on",
    "description",
    "expect",
    "given",
    "overrides",
    "post-hook",
    "post_hook",
    "pre-hook",
    "pre_hook",
    "relation",
    "sql_header",
    "tests",
];

/// Reads a package's properties files and applies them to its nodes, which are those of `parts` from `first` on.
pub(super) fn read(scope: &Scope<'_>, parts: &mut Parts, first: usize, out: &mut Vec<Diagnostic>) {
    let paths = &scope.file.paths;
    let folders: Vec<String> = [
        &paths.models,
        &paths.seeds,
        &paths.snapshots,
        &paths.analyses,
        &paths.macros,
        &paths.tests,
    ]
    .into_iter()
    .flatten()
    .cloned()
    .collect();
    let files: Vec<(PropertiesFile, Yaml)> = scope
        .files(&folders, &["yml", "yaml"])
        .into_iter()
        .filter_map(|file| Some((file.clone(), read_file(scope, &file, out)?)))
        .collect();
    for (file, yaml) in &files {
        declare_snapshots(scope, file, yaml, parts, out);
    }
    let mut index = NodeIndex::of(parts, first);
    for (file, yaml) in &files {
        read_sections(scope, (file, yaml), parts, &mut index, out);
    }
    unit_tests::multiply(scope, parts);
}

fn read_file(scope: &Scope<'_>, file: &PropertiesFile, out: &mut Vec<Diagnostic>) -> Option<Yaml> {
    let text = scope.read(file, out)?;
    let (yaml, mut faults) = super::yaml::parse(&text, &file.shown);
    out.append(&mut faults);
    let yaml = yaml.filter(|yaml| !yaml.is_null())?;
    Some(scope.text.render(&yaml, RAW, out))
}

/// Where each node of the package is in `Parts::nodes`.
pub(super) struct NodeIndex {
    places: HashMap<(NodeKind, String), usize>,
}

impl NodeIndex {
    fn of(parts: &Parts, first: usize) -> Self {
        let places = parts
            .nodes
            .iter()
            .enumerate()
            .skip(first)
            .map(|(place, node)| ((node.kind, node.name.clone()), place))
            .collect();
        Self { places }
    }

    fn get(&self, kind: NodeKind, name: &str) -> Option<usize> {
        self.places.get(&(kind, name.to_owned())).copied()
    }

    fn names(&self, kind: NodeKind) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self
            .places
            .keys()
            .filter(|(found, _)| *found == kind)
            .map(|(_, name)| name.as_str())
            .collect();
        names.sort_unstable();
        names.into_iter()
    }
}

fn declare_snapshots(
    scope: &Scope<'_>,
    file: &PropertiesFile,
    yaml: &Yaml,
    parts: &mut Parts,
    out: &mut Vec<Diagnostic>,
) {
    let section = yaml
        .as_mapping()
        .and_then(|top| top.get("snapshots"))
        .and_then(Yaml::as_list);
    for snapshot in section.into_iter().flatten() {
        let Some(mapping) = snapshot.as_mapping() else {
            continue;
        };
        let (Some(name), Some(relation)) = (
            mapping.get("name").and_then(Yaml::as_text),
            mapping.get("relation"),
        ) else {
            continue;
        };
        match relation.as_text() {
            Some(text) => {
                let at = relation.mark.content_line();
                let mut node = declared_snapshot(scope, name, (text, at), file);
                node.patch_span = Some(snapshot.span());
                parts.nodes.push(node);
            }
            None => out.push(super::fields::wrong_type(
                relation,
                &format!("`relation` of snapshot `{name}`"),
                "a text such as `ref('orders')`",
            )),
        }
    }
}

fn read_sections(
    scope: &Scope<'_>,
    (file, yaml): (&PropertiesFile, &Yaml),
    parts: &mut Parts,
    index: &mut NodeIndex,
    out: &mut Vec<Diagnostic>,
) {
    let what = format!("`{}`", file.shown.display());
    let Some(fields) = Fields::of(yaml, what, SECTIONS, out) else {
        return;
    };
    let ctx = (scope, file);
    for source in fields.list("sources", out) {
        sources::read(source, ctx, parts, out);
    }
    for model in fields.list("models", out) {
        patches::apply(NodeKind::Model, model, ctx, (parts, index), out);
    }
    for seed in fields.list("seeds", out) {
        patches::apply(NodeKind::Seed, seed, ctx, (parts, index), out);
    }
    for snapshot in fields.list("snapshots", out) {
        patches::apply(NodeKind::Snapshot, snapshot, ctx, (parts, index), out);
    }
    for analysis in fields.list("analyses", out) {
        patches::apply(NodeKind::Analysis, analysis, ctx, (parts, index), out);
    }
    for test in fields
        .list("data_tests", out)
        .iter()
        .chain(fields.list("tests", out))
    {
        patches::apply(NodeKind::Test, test, ctx, (parts, index), out);
    }
    for definition in fields.list("macros", out) {
        parts.macro_patches.extend(macro_patch(definition, ctx, out));
    }
    for exposure in fields.list("exposures", out) {
        parts.exposures.extend(exposures::read(exposure, ctx, out));
    }
    for group in fields.list("groups", out) {
        parts.groups.extend(exposures::read_group(group, ctx, out));
    }
    for test in fields.list("unit_tests", out) {
        parts.unit_tests.extend(unit_tests::read(test, ctx, out));
    }
    for section in IGNORED {
        if let Some(found) = fields.get(section) {
            parts
                .ignored_sections
                .entry((*section).to_owned())
                .or_insert_with(|| found.span());
        }
    }
}

fn macro_patch(
    yaml: &Yaml,
    (scope, file): (&Scope<'_>, &PropertiesFile),
    out: &mut Vec<Diagnostic>,
) -> Option<MacroPatch> {
    const KNOWN: &[&str] = &["arguments", "config", "description", "docs", "meta", "name"];
    let fields = Fields::of(yaml, title("macro", yaml), KNOWN, out)?;
    Some(MacroPatch {
        name: fields.required_text("name", out)?,
        package: scope.name().to_owned(),
        description: fields.text("description", out).unwrap_or_default(),
        arguments: fields.list("arguments", out).iter().map(Yaml::to_value).collect(),
        patch_path: patch_path(scope, file),
    })
}

fn patch_path(scope: &Scope<'_>, file: &PropertiesFile) -> String {
    format!("{}://{}", scope.name(), file.original.display())
}

/// A thing's kind and name, for messages: ``model `orders` ``.
fn title(kind: &str, yaml: &Yaml) -> String {
    let name = yaml
        .as_mapping()
        .and_then(|mapping| mapping.get("name"))
        .and_then(Yaml::as_text);
    name.map_or_else(|| format!("a {kind}"), |name| format!("{kind} `{name}`"))
}

const COLUMN: &[&str] = &[
    "config",
    "constraints",
    "data_tests",
    "data_type",
    "description",
    "docs",
    "granularity",
    "meta",
    "name",
    "policy_tags",
    "quote",
    "tags",
    "tests",
];

/// A column and the tests that hang on it.
struct DescribedColumn<'y> {
    column: Column,
    tests: Vec<&'y Yaml>,
}

fn read_column<'y>(yaml: &'y Yaml, owner: &str, out: &mut Vec<Diagnostic>) -> Option<DescribedColumn<'y>> {
    let what = format!("{} of {owner}", title("column", yaml));
    let fields = Fields::of(yaml, what, COLUMN, out)?;
    let config = fields.map("config", out);
    let mut meta = fields.map("meta", out);
    if let Some(serde_json::Value::Object(more)) = config.get("meta") {
        meta.extend(more.clone());
    }
    let mut tags = fields.texts("tags", out);
    match config.get("tags") {
        Some(serde_json::Value::String(tag)) => tags.push(tag.clone()),
        Some(serde_json::Value::Array(more)) => {
            tags.extend(
                more.iter()
                    .filter_map(serde_json::Value::as_str)
                    .map(str::to_owned),
            );
        }
        _ => {}
    }
    Some(DescribedColumn {
        column: Column {
            name: fields.required_text("name", out)?,
            description: fields.text("description", out).unwrap_or_default(),
            data_type: fields.text("data_type", out),
            quote: fields.flag("quote", out),
            constraints: fields
                .list("constraints", out)
                .iter()
                .map(Yaml::to_value)
                .collect(),
            meta,
            tags,
            span: Some(yaml.span()),
        },
        tests: tests_of(&fields, out),
    })
}

/// The columns of a thing, told twice where one stands twice.
fn read_columns<'y>(fields: &Fields<'y>, out: &mut Vec<Diagnostic>) -> Vec<DescribedColumn<'y>> {
    let mut columns: Vec<DescribedColumn<'y>> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for yaml in fields.list("columns", out) {
        let Some(column) = read_column(yaml, fields.what(), out) else {
            continue;
        };
        if seen.insert(column.column.name.clone(), columns.len()).is_some() {
            out.push(
                Diagnostic::warning(
                    codes::DUPLICATE_NAME,
                    format!(
                        "column `{}` stands twice in {}",
                        column.column.name,
                        fields.what()
                    ),
                )
                .at(yaml.span()),
            );
        }
        columns.push(column);
    }
    columns
}

/// The tests under `tests` and `data_tests`.
fn tests_of<'y>(fields: &Fields<'y>, out: &mut Vec<Diagnostic>) -> Vec<&'y Yaml> {
    fields
        .list("data_tests", out)
        .iter()
        .chain(fields.list("tests", out))
        .collect()
}
