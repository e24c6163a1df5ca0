//! Projects that Headwater has never seen, from the command line to the tables and artifacts.
//!
//! A case is a folder of `fixtures/projects` with a file `steps.txt`: one command a line, after the exit status it
//! must have, or `overlay FOLDER`, which lays the folder's files over the project's. What the last command leaves is
//! compared with the snapshots in the folder `expected`: every published table as CSV, the names and keys of the
//! artifacts, and what a failing command says.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The instant of every build.
const AS_OF: &str = "2025-01-10T00:00:00Z";

fn projects() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects")
}

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(projects()).unwrap();
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("steps.txt").exists())
        .collect();
    cases.sort();
    assert!(
        !cases.is_empty(),
        "no folder of `fixtures/projects` has a `steps.txt`"
    );
    cases
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(place).unwrap();
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn headwater(project: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headwater"))
        .args(arguments)
        .current_dir(project)
        .env_clear()
        .env("HEADWATER_NOW", AS_OF)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

/// Takes the steps; gives what the last one said on stderr.
fn follow(steps: &str, project: &Path) -> String {
    let mut said = String::new();
    for step in steps.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = step.split_whitespace().collect();
        if let ["overlay", folder] = words.as_slice() {
            copy(&project.join(folder), project);
            continue;
        }
        let output = headwater(project, &words[1..]);
        said = String::from_utf8(output.stderr).unwrap();
        let status = output.status.code().unwrap().to_string();
        assert_eq!(
            status,
            words[0],
            "`headwater {}` said:\n{said}",
            words[1..].join(" ")
        );
    }
    said
}

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The rows of a table as CSV, sorted, under a header in the table's order.
fn csv(project: &Path, relation: &str) -> String {
    let query = format!("select * from {relation}");
    let output = headwater(
        project,
        &[
            "show", "--inline", &query, "--limit", "-1", "--output", "json", "--quiet",
        ],
    );
    assert!(
        output.status.success(),
        "{relation}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = shown["show"].as_array().unwrap();
    let header: Vec<&String> = rows
        .first()
        .map(|row| row.as_object().unwrap().keys().collect())
        .unwrap_or_default();
    let line = |values: Vec<String>| {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(values).unwrap();
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    };
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| line(header.iter().map(|column| cell(&row[column.as_str()])).collect()))
        .collect();
    lines.sort();
    format!(
        "{}{}",
        line(header.into_iter().cloned().collect()),
        lines.concat()
    )
}

/// What the artifacts hold, without what changes from run to run: each entry with the names of its keys, its parents,
/// its relation, its status.
fn outline(project: &Path) -> String {
    let manifest = json_file(&project.join("target/manifest.json"));
    let results = json_file(&project.join("target/run_results.json"));
    let mut lines = Vec::new();
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for section in [
        "nodes",
        "sources",
        "exposures",
        "unit_tests",
        "groups",
        "disabled",
    ] {
        for (id, entry) in manifest[section].as_object().unwrap() {
            let entry = entry.as_array().map_or(entry, |list| &list[0]);
            let kind = entry["resource_type"].as_str().unwrap().to_owned();
            keys.entry(kind)
                .or_default()
                .extend(entry.as_object().unwrap().keys().cloned());
            let parents = entry["depends_on"]["nodes"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let parents: Vec<&str> = parents.iter().map(|parent| parent.as_str().unwrap()).collect();
            let relation = entry["relation_name"].as_str().unwrap_or("-");
            lines.push(format!("{section} {id} {relation} <- [{}]", parents.join(", ")));
        }
    }
    for (kind, keys) in keys {
        let names: Vec<String> = keys.into_iter().collect();
        lines.push(format!("keys of a {kind}: {}", names.join(" ")));
    }
    let mut ended: Vec<String> = results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            format!(
                "result {} {} {}",
                result["unique_id"].as_str().unwrap(),
                result["status"].as_str().unwrap(),
                result["failures"]
            )
        })
        .collect();
    ended.sort();
    lines.extend(ended);
    lines.join("\n")
}

/// What is published, by its name in the warehouse.
fn published(project: &Path) -> Vec<String> {
    let manifest = project.join("target/manifest.json");
    if !manifest.exists() || !project.join("warehouse/current").exists() {
        return Vec::new();
    }
    let manifest = json_file(&manifest);
    let nodes = manifest["nodes"].as_object().unwrap().values();
    let made =
        nodes.filter(|node| ["model", "seed", "snapshot"].contains(&node["resource_type"].as_str().unwrap()));
    let mut relations: Vec<String> = made
        .filter_map(|node| node["relation_name"].as_str())
        .map(str::to_owned)
        .collect();
    relations.sort();
    relations
}

fn check(case: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    copy(case, &project);
    let steps = std::fs::read_to_string(case.join("steps.txt")).unwrap();
    let said = follow(&steps, &project);
    let fails = !steps
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap()
        .starts_with('0');

    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(case.join("expected"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        if fails {
            insta::assert_snapshot!("said", said);
            return;
        }
        let warnings: BTreeSet<&str> = said.lines().filter(|line| line.starts_with("warning[")).collect();
        let warnings: Vec<&str> = warnings.into_iter().collect();
        insta::assert_snapshot!("warnings", warnings.join("\n"));
        insta::assert_snapshot!("artifacts", outline(&project));
        for relation in published(&project) {
            let name = relation.replace('"', "");
            insta::assert_snapshot!(
                name.split_once('.').unwrap().1.to_owned(),
                csv(&project, &relation)
            );
        }
    });
}

#[test]
fn strangers_are_built_as_expected() {
    for case in cases() {
        check(&case);
    }
}
