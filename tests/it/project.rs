//! Projects are loaded as they are written, and every fault of their files is told with its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use headwater::error::Diagnostic;
use headwater::host::Host;
use headwater::project::node::{Project, Target, TemplateText};
use headwater::project::{LoadOptions, TextTemplates, load};
use serde_json::{Map, Value, json};

/// Renders YAML texts with nothing but `var`, `env_var` and `target`.
struct PlainTemplates;

impl TextTemplates for PlainTemplates {
    fn render(
        &self,
        text: &TemplateText,
        vars: &Map<String, Value>,
        target: Option<&Target>,
    ) -> Result<Value, Diagnostic> {
        let mut environment = minijinja::Environment::new();
        let vars = vars.clone();
        environment.add_function("var", move |name: &str, default: Option<minijinja::Value>| {
            let found = vars.get(name).map(|value| minijinja::Value::from(minijinja::value::Serde(value)));
            found.or(default).unwrap_or_default()
        });
        environment.add_function("env_var", |_: &str, default: Option<minijinja::Value>| default.unwrap_or_default());
        let context = json!({"target": {"name": target.map(|target| target.name.clone())}});
        let whole = text.text.trim();
        let inner = whole.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        let value = match inner.filter(|inner| !inner.contains("}}")) {
            Some(expression) => environment
                .compile_expression(expression)
                .and_then(|expression| expression.eval(minijinja::value::Serde(context.clone())))
                .map(|value| serde_json::to_value(value).unwrap()),
            None => environment.render_str(&text.text, minijinja::value::Serde(context.clone())).map(Value::String),
        };
        value.map_err(|e| Diagnostic::error(headwater::error::codes::YAML_SYNTAX, e.to_string()))
    }
}

fn host(folder: &Path) -> Host {
    let now = "2024-05-06T07:08:09Z".parse::<DateTime<Utc>>().unwrap();
    Host::fixed(now, BTreeMap::new(), folder.to_path_buf())
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn load_fixture(name: &str) -> (Project, Vec<Diagnostic>) {
    let (project, diagnostics) = load(&host(&fixture(name)), &LoadOptions::default(), &PlainTemplates);
    (project.expect("a project"), diagnostics)
}

/// Every name of the project, in the shape of `dbt_names.json`.
fn names(project: &Project) -> BTreeMap<String, Value> {
    let nodes = project.nodes.values().map(|node| {
        let names = json!({
            "fqn": node.fqn,
            "path": node.path,
            "original_file_path": node.original_file_path,
            "checksum": node.checksum,
        });
        (node.id.to_string(), names)
    });
    let sources = project.sources.values().map(|source| {
        let names = json!({
            "fqn": source.fqn,
            "path": source.original_file_path,
            "original_file_path": source.original_file_path,
        });
        (source.id.to_string(), names)
    });
    let exposures = project.exposures.values().map(|exposure| {
        let names = json!({"fqn": exposure.fqn, "original_file_path": exposure.original_file_path});
        (exposure.id.to_string(), names)
    });
    let unit_tests = project.unit_tests.values().map(|test| {
        let names = json!({"fqn": test.fqn, "original_file_path": test.original_file_path});
        (test.id.to_string(), names)
    });
    let docs = project.docs.values().map(|doc| {
        (doc.id.to_string(), json!({"original_file_path": doc.original_file_path}))
    });
    let groups = project.groups.values().map(|group| {
        (group.id.to_string(), json!({"original_file_path": group.original_file_path}))
    });
    nodes.chain(sources).chain(exposures).chain(unit_tests).chain(docs).chain(groups).collect()
}

/// The golden file holds what dbt-core 1.10.23 calls the same project's parts.
#[test]
fn everything_has_the_name_that_dbt_gives_it() {
    let (project, diagnostics) = load_fixture("projects/shop");
    assert_eq!(diagnostics, []);
    let golden = std::fs::read_to_string(fixture("projects/shop/dbt_names.json")).unwrap();
    let golden: BTreeMap<String, Value> = serde_json::from_str(&golden).unwrap();
    let found = names(&project);
    let ids = |names: &BTreeMap<String, Value>| names.keys().cloned().collect::<Vec<_>>().join("\n");
    assert_eq!(ids(&found), ids(&golden));
    let differing: Vec<_> = golden.iter().filter(|(id, names)| found[*id] != **names).collect();
    assert_eq!(differing, []);
}
