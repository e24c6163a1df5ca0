//! Projects are loaded as they are written, and every fault of their files is told with its place.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads its cases from files"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use headwater::error::Diagnostic;
use headwater::graph::{Graph, link};
use headwater::host::Host;
use headwater::jinja::{ClockContext, Renderer, YamlTemplates};
use headwater::project::node::Project;
use headwater::project::selector::{IndirectSelection, SelectionRequest, select};
use headwater::project::{LoadOptions, load};
use serde_json::{Map, Value, json};

fn host(folder: &Path) -> Host {
    let now = "2024-05-06T07:08:09Z".parse::<DateTime<Utc>>().unwrap();
    Host::fixed(now, BTreeMap::new(), folder.to_path_buf())
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn load_fixture(name: &str) -> (Project, Vec<Diagnostic>) {
    let host = host(&fixture(name));
    let templates = YamlTemplates::new(clock(), &host);
    let (project, diagnostics) = load(&host, &LoadOptions::default(), &templates);
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
        (
            doc.id.to_string(),
            json!({"original_file_path": doc.original_file_path}),
        )
    });
    let groups = project.groups.values().map(|group| {
        (
            group.id.to_string(),
            json!({"original_file_path": group.original_file_path}),
        )
    });
    nodes
        .chain(sources)
        .chain(exposures)
        .chain(unit_tests)
        .chain(docs)
        .chain(groups)
        .collect()
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
    let differing: Vec<_> = golden
        .iter()
        .filter(|(id, names)| found[*id] != **names)
        .collect();
    assert_eq!(differing, []);
}

fn clock() -> ClockContext {
    ClockContext {
        run_started_at: "2024-05-06T07:08:09Z".parse().unwrap(),
        invocation_id: "00000000-0000-4000-8000-000000000000".to_owned(),
        command: "build".to_owned(),
        flags: Map::new(),
        selected_resources: Vec::new(),
    }
}

fn link_fixture(name: &str) -> (Graph, Vec<Diagnostic>) {
    let host = host(&fixture(name));
    let templates = YamlTemplates::new(clock(), &host);
    let (project, mut diagnostics) = load(&host, &LoadOptions::default(), &templates);
    let project = project.expect("a project");
    let (renderer, faults) = Renderer::new(&project, clock(), &host);
    diagnostics.extend(faults);
    let (graph, faults) = link(project, &renderer);
    diagnostics.extend(faults);
    (graph, diagnostics)
}

#[test]
fn a_project_is_linked() {
    let (graph, diagnostics) = link_fixture("projects/shop");
    assert_eq!(diagnostics, []);
    let lines: Vec<String> = graph
        .order
        .iter()
        .map(|id| {
            let relation = graph.relation(id).map(ToString::to_string).unwrap_or_default();
            let parents: Vec<&str> = graph
                .parents(id)
                .iter()
                .map(headwater::names::NodeId::as_str)
                .collect();
            format!("{id} [{relation}] <- {}", parents.join(", "))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// Reads a line of `selections.txt`: the flags of a command line.
fn request(line: &str) -> SelectionRequest {
    let mut request = SelectionRequest {
        facts: BTreeMap::from([(
            "state:modified".to_owned(),
            BTreeSet::from(["model.shop.stg_orders".into()]),
        )]),
        ..SelectionRequest::default()
    };
    let mut flag = "";
    for word in line.split_whitespace() {
        match flag {
            _ if word.starts_with("--") => flag = word,
            "--select" => request.select.push(word.to_owned()),
            "--exclude" => request.exclude.push(word.to_owned()),
            "--selector" => request.selector = Some(word.to_owned()),
            "--resource-type" => request.resource_types.push(word.to_owned()),
            "--indirect-selection" => {
                request.indirect = IndirectSelection::parse(word).expect("a known word");
            }
            _ => panic!("`{flag}` is no flag of a selection"),
        }
    }
    request
}

#[test]
fn selections_mean_what_they_mean_to_dbt() {
    let (graph, _) = link_fixture("projects/shop");
    let cases = std::fs::read_to_string(fixture("projects/shop/selections.txt")).unwrap();
    let mut told = String::new();
    for line in cases.lines() {
        let (selected, diagnostics) = select(&graph, &graph.project.selectors, &request(line));
        told.extend([line, "\n"]);
        for id in selected {
            told.extend(["    ", id.as_str(), "\n"]);
        }
        told.push_str(&show(&diagnostics));
    }
    insta::assert_snapshot!(told);
}

/// Diagnostics as a terminal shows them, about.
fn show(diagnostics: &[Diagnostic]) -> String {
    let mut shown = String::new();
    for diagnostic in diagnostics {
        shown.extend([diagnostic.to_string().as_str(), "\n"]);
        shown.extend(diagnostic.notes.iter().map(|note| format!("    note: {note}\n")));
        shown.extend(diagnostic.hints.iter().map(|hint| format!("    hint: {hint}\n")));
    }
    shown
}

/// Every folder of `fixtures/diagnostics` with a `dbt_project.yml` and a `files` or `graph` at its name's start.
#[test]
fn every_fault_is_told_with_its_place() {
    let cases = std::fs::read_dir(fixture("diagnostics"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut cases: Vec<String> = cases.map(|name| name.into_string().unwrap()).collect();
    cases.retain(|name| name.starts_with("files_") || name.starts_with("graph_"));
    cases.sort();
    assert!(cases.len() > 10);
    for case in cases {
        let host = host(&fixture(&format!("diagnostics/{case}")));
        let templates = YamlTemplates::new(clock(), &host);
        let (project, mut diagnostics) = load(&host, &LoadOptions::default(), &templates);
        if let Some(project) = project.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) {
            let (renderer, faults) = Renderer::new(&project, clock(), &host);
            diagnostics.extend(faults);
            diagnostics.extend(link(project, &renderer).1);
        }
        for diagnostic in &diagnostics {
            assert!(diagnostic.code.page().is_some(), "{} has a page", diagnostic.code);
        }
        insta::assert_snapshot!(case, show(&diagnostics));
    }
}

#[test]
fn the_bundled_project_has_no_faults() {
    let host = host(Path::new(env!("CARGO_MANIFEST_DIR")));
    let templates = YamlTemplates::new(clock(), &host);
    let (project, diagnostics) = load(&host, &LoadOptions::default(), &templates);
    assert_eq!(show(&diagnostics), "");
    let project = project.expect("a project in `sql`");
    assert!(project.target.warehouse.ends_with("/warehouse"));
    let (renderer, faults) = Renderer::new(&project, clock(), &host);
    assert_eq!(show(&faults), "");
    let (graph, faults) = link(project, &renderer);
    assert_eq!(show(&faults), "");
    assert!(
        graph
            .nodes
            .values()
            .any(|linked| linked.alias == "contact_audiences_xa")
    );
}
