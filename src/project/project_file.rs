//! `dbt_project.yml`: names, paths, variables, configuration trees and hooks of one package.

use std::path::Path;

use serde_json::{Map, Value};

use super::fields::Fields;
use super::node::TemplateText;
use super::templates::{TextContext, template_text};
use super::yaml::{Content, Yaml};
use crate::error::Diagnostic;
use crate::host::Host;

/// The file's name.
pub(super) const FILE_NAME: &str = "dbt_project.yml";

const KNOWN: &[&str] = &[
    "analyses",
    "analysis-paths",
    "asset-paths",
    "clean-targets",
    "config-version",
    "data_tests",
    "dbt-cloud",
    "dispatch",
    "docs-paths",
    "exposures",
    "flags",
    "function-paths",
    "functions",
    "log-path",
    "macro-paths",
    "macros",
    "metrics",
    "model-paths",
    "models",
    "name",
    "on-run-end",
    "on-run-start",
    "packages",
    "packages-install-path",
    "profile",
    "query-comment",
    "quoting",
    "require-dbt-version",
    "restrict-access",
    "saved-queries",
    "seed-paths",
    "seeds",
    "semantic-models",
    "snapshot-paths",
    "snapshots",
    "source-paths",
    "data-paths",
    "sources",
    "sync-paths",
    "target-path",
    "test-paths",
    "tests",
    "unit_tests",
    "vars",
    "version",
];

/// Keys whose Jinja is not rendered while the file is read.
const RAW: &[&str] = &[
    "on-run-end",
    "on-run-start",
    "post-hook",
    "post_hook",
    "pre-hook",
    "pre_hook",
    "query-comment",
    "sql_header",
    "vars",
];

/// What `dbt_project.yml` says.
#[derive(Debug, Clone)]
pub(super) struct ProjectFile {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) paths: Paths,
    pub(super) vars: Map<String, Value>,
    pub(super) trees: Trees,
    pub(super) on_run_start: Vec<TemplateText>,
    pub(super) on_run_end: Vec<TemplateText>,
    pub(super) dispatch: Vec<Value>,
    pub(super) flags: Map<String, Value>,
    pub(super) target_path: Option<String>,
    pub(super) clean_targets: Vec<String>,
    pub(super) packages_folder: String,
}

/// The folders of each kind of file, relative to the package's.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    pub(super) models: Vec<String>,
    pub(super) seeds: Vec<String>,
    pub(super) snapshots: Vec<String>,
    pub(super) tests: Vec<String>,
    pub(super) analyses: Vec<String>,
    pub(super) macros: Vec<String>,
    pub(super) docs: Vec<String>,
    pub(super) syncs: Vec<String>,
}

/// The configuration trees.
#[derive(Debug, Clone, Default)]
pub(super) struct Trees {
    pub(super) models: Option<Yaml>,
    pub(super) seeds: Option<Yaml>,
    pub(super) snapshots: Option<Yaml>,
    pub(super) tests: Option<Yaml>,
    pub(super) sources: Option<Yaml>,
    pub(super) exposures: Option<Yaml>,
    pub(super) unit_tests: Option<Yaml>,
}

/// Reads the YAML of a package's `dbt_project.yml`; `shown` is the file's name in messages.
pub(super) fn read(host: &Host, path: &Path, shown: &Path, out: &mut Vec<Diagnostic>) -> Option<Yaml> {
    match host.read_text(path) {
        Ok(text) => {
            let (yaml, mut faults) = super::yaml::parse(&text, shown);
            out.append(&mut faults);
            yaml
        }
        Err(e) => {
            out.extend(e.into_diagnostics());
            None
        }
    }
}

/// The top-level texts that are needed before a target is chosen: `name` and `profile`.
pub(super) fn heading(
    yaml: &Yaml,
    context: &TextContext<'_>,
    out: &mut Vec<Diagnostic>,
) -> (String, Option<String>) {
    let mut text = |key: &str| {
        let value = context.render(yaml.as_mapping()?.get(key)?, &[], out);
        super::fields::scalar_text(&value)
    };
    (text("name").unwrap_or_default(), text("profile"))
}

/// The variables, which are never rendered.
pub(super) fn vars(yaml: &Yaml) -> Map<String, Value> {
    yaml.as_mapping()
        .and_then(|mapping| mapping.get("vars"))
        .and_then(Yaml::as_mapping)
        .map(super::yaml::Mapping::to_map)
        .unwrap_or_default()
}

/// Gives the file its meaning; `None` when it has no name to be called by.
pub(super) fn interpret(
    yaml: &Yaml,
    context: &TextContext<'_>,
    out: &mut Vec<Diagnostic>,
) -> Option<ProjectFile> {
    let rendered = context.render(yaml, RAW, out);
    let fields = Fields::of(&rendered, format!("`{FILE_NAME}`"), KNOWN, out)?;
    let name = fields.required_text("name", out)?;
    let tree = |key: &str| fields.get(key).cloned();
    let trees = Trees {
        models: tree("models"),
        seeds: tree("seeds"),
        snapshots: tree("snapshots"),
        tests: tree("data_tests").or_else(|| tree("tests")),
        sources: tree("sources"),
        exposures: tree("exposures"),
        unit_tests: tree("unit_tests"),
    };
    Some(ProjectFile {
        name,
        version: fields.text("version", out),
        paths: paths(&fields, out),
        vars: vars(yaml),
        trees,
        on_run_start: hooks(fields.get("on-run-start")),
        on_run_end: hooks(fields.get("on-run-end")),
        dispatch: fields.list("dispatch", out).iter().map(Yaml::to_value).collect(),
        flags: fields.map("flags", out),
        target_path: fields.text("target-path", out),
        clean_targets: fields.texts("clean-targets", out),
        packages_folder: fields
            .text("packages-install-path", out)
            .unwrap_or_else(|| "dbt_packages".to_owned()),
    })
}

fn paths(fields: &Fields<'_>, out: &mut Vec<Diagnostic>) -> Paths {
    let mut folders = |keys: &[&str], default: &str| {
        let found = keys
            .iter()
            .map(|key| fields.texts(key, out))
            .find(|found| !found.is_empty());
        found.unwrap_or_else(|| vec![default.to_owned()])
    };
    let models = folders(&["model-paths", "source-paths"], "models");
    let seeds = folders(&["seed-paths", "data-paths"], "seeds");
    let snapshots = folders(&["snapshot-paths"], "snapshots");
    let tests = folders(&["test-paths"], "tests");
    let analyses = folders(&["analysis-paths"], "analyses");
    let macros = folders(&["macro-paths"], "macros");
    let syncs = folders(&["sync-paths"], "syncs");
    let mut docs = fields.texts("docs-paths", out);
    if docs.is_empty() {
        docs = [&models, &seeds, &snapshots, &analyses, &macros, &tests]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
    }
    Paths {
        models,
        seeds,
        snapshots,
        tests,
        analyses,
        macros,
        docs,
        syncs,
    }
}

fn hooks(value: Option<&Yaml>) -> Vec<TemplateText> {
    let Some(value) = value else { return Vec::new() };
    let items = value.as_list().unwrap_or(std::slice::from_ref(value));
    items
        .iter()
        .filter_map(|item| match &item.content {
            Content::Text(text) => Some(template_text(item, text)),
            Content::Mapping(mapping) => match mapping.get("sql").map(|sql| (&sql.content, sql)) {
                Some((Content::Text(text), sql)) => Some(template_text(sql, text)),
                _ => None,
            },
            _ => None,
        })
        .collect()
}
