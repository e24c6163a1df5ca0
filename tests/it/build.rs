//! Builds of the bundled project: what the tables hold, what is built again, and that the same inputs give the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::table::{Table, files};
use crate::support::{Outcome, Workspace, blessing, repository};

/// The tables that others use, and how many columns their keys have.
const GOLDEN: [(&str, usize); 4] = [
    ("customer_events_xa", 1),
    ("contact_web_interests_xa", 1),
    ("contact_segments_xa", 1),
    ("contact_audiences_xa", 1),
];

/// `HEADWATER_BLESS=1 cargo test golden` writes the golden files anew.
#[test]
fn the_tables_are_the_golden_ones() {
    let mut differing = Vec::new();
    for (model, n_key) in GOLDEN {
        let table = Table::of_parquet(
            &Workspace::built()
                .path()
                .join("warehouse/current/cdp")
                .join(model),
        );
        let path = repository().join(format!("fixtures/golden/{model}.csv"));
        if blessing() {
            table.write_csv(&path);
        }
        let golden = Table::of_csv(&path);
        assert!(!golden.rows.is_empty(), "{model} has rows");
        let difference = table.first_difference(&golden, n_key);
        differing.extend(difference.map(|difference| format!("{model}: {difference}")));
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn the_summary_shows_the_four_tables() {
    let workspace = Workspace::copy_of(Workspace::built().path());
    let summary = workspace.build().stderr;
    for (model, _) in GOLDEN {
        let path = format!("warehouse/current/cdp/{model}");
        assert!(
            summary.lines().any(|line| line.ends_with(&path)),
            "{model} is in\n{summary}"
        );
    }
}

/// The columns of the interests come from a seed: its rows are in the order of the file, loaded or stored.
#[test]
fn what_is_published_is_shown_and_rendered_as_it_was_built() {
    let workspace = Workspace::copy_of(Workspace::built().path());
    for (model, _) in GOLDEN {
        let arguments = [
            "show", "--select", model, "--limit", "-1", "--output", "json", "--quiet",
        ];
        let shown: Value = serde_json::from_str(&workspace.headwater(&arguments).succeeds().stdout).unwrap();
        let published = Table::of_parquet(&workspace.path().join("warehouse/current/cdp").join(model));
        assert_eq!(
            shown["show"].as_array().unwrap().len(),
            published.rows.len(),
            "{model}"
        );

        let path = format!("sql/target/compiled/headwater_cdp/models/cdp/{model}.sql");
        let built = workspace.read(&path);
        let compiled = workspace
            .headwater(&["compile", "--select", model, "--quiet"])
            .succeeds()
            .stdout;
        assert_eq!(compiled.trim(), built.trim(), "{model}");
    }
}

#[test]
fn nothing_changed_means_nothing_built() {
    let workspace = Workspace::copy_of(Workspace::built().path());
    let before = (
        workspace.published(),
        fingerprints(&workspace.path().join("warehouse")),
    );
    let built = built_nodes(&workspace, &[]);
    assert_eq!(built, BTreeSet::new());
    let after = (
        workspace.published(),
        fingerprints(&workspace.path().join("warehouse")),
    );
    assert_eq!(before, after);
}

#[test]
fn a_changed_seed_builds_what_depends_on_it() {
    let workspace = Workspace::copy_of(Workspace::built().path());
    workspace.edit(
        "sql/seeds/page_categories.csv",
        "attribution",
        "podcast_listening",
    );
    let dependent = listed(&workspace, "page_categories+");
    let built = built_nodes(
        &workspace,
        &["--exclude", "resource_type:test", "resource_type:unit_test"],
    );
    assert!(built.contains("seed.headwater_cdp.page_categories"), "{built:?}");
    assert!(
        built.is_subset(&dependent),
        "{:?}",
        built.difference(&dependent).collect::<Vec<_>>()
    );
}

#[test]
fn another_instant_builds_what_reads_the_clock() {
    let workspace = Workspace::copy_of(Workspace::built().path());
    let before = versions(&workspace.published());
    let built = built_nodes(
        &workspace,
        &[
            "--as-of",
            "2026-07-02",
            "--exclude",
            "resource_type:test",
            "resource_type:unit_test",
        ],
    );
    let after = versions(&workspace.published());
    assert!(
        built.contains("model.headwater_cdp.contact_web_interests_xa"),
        "{built:?}"
    );
    let changed = |name: &str| before[name] != after[name];
    assert!(
        changed("cdp.contact_web_interests_xa"),
        "visits are counted back from the instant"
    );
    for still in [
        "seeds.exchange_rates",
        "seeds.page_categories",
        "integration.int_companies",
    ] {
        assert!(!changed(still), "{still} reads no clock");
    }
}

/// Elsewhere, from scratch, on one thread, from the data that is carried in the program.
#[test]
fn a_new_project_gives_the_same_bytes() {
    let workspace = Workspace::empty();
    workspace.headwater(&["init", "consultancy"]).succeeds();
    let arguments = [
        "build",
        "--project-dir",
        "consultancy/sql",
        "--threads",
        "1",
        "--exclude",
        "resource_type:test",
        "resource_type:unit_test",
    ];
    workspace.headwater(&arguments).succeeds();
    let found = parquet_bytes(&workspace.path().join("consultancy"));
    let expected = parquet_bytes(Workspace::built().path());
    assert!(found.keys().eq(expected.keys()), "{:?}", found.keys());
    let differing: Vec<&String> = found
        .keys()
        .filter(|name| found[*name] != expected[*name])
        .collect();
    assert_eq!(differing, Vec::<&String>::new());
}

/// The models, seeds and snapshots that a build made.
fn built_nodes(workspace: &Workspace, flags: &[&str]) -> BTreeSet<String> {
    let arguments = [&["build", "--log-format", "json"], flags].concat();
    let Outcome { stderr, .. } = workspace.headwater(&arguments).succeeds();
    let results = stderr
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    results
        .filter(|event| event["info"]["name"] == "NodeFinished" && event["data"]["status"] == "ok")
        .map(|event| event["data"]["unique_id"].as_str().unwrap().to_owned())
        .collect()
}

fn listed(workspace: &Workspace, selector: &str) -> BTreeSet<String> {
    let arguments = [
        "list",
        "--select",
        selector,
        "--output",
        "json",
        "--output-keys",
        "unique_id",
    ];
    let lines = workspace.headwater(&arguments).succeeds().stdout;
    let ids = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    ids.map(|entry| entry["unique_id"].as_str().unwrap().to_owned())
        .collect()
}

/// The version of every published relation.
fn versions(build: &Value) -> BTreeMap<String, String> {
    let relations = build["relations"].as_array().unwrap();
    relations
        .iter()
        .map(|relation| {
            let name = |part: &str| relation["name"][part].as_str().unwrap().to_owned();
            let version = relation["table"]["version"].to_string();
            (format!("{}.{}", name("schema"), name("identifier")), version)
        })
        .collect()
}

/// Every file below a folder, with its size and time.
fn fingerprints(folder: &Path) -> BTreeMap<String, String> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    entries
        .filter(|entry| {
            entry.file_type().is_file() && !entry.file_name().to_string_lossy().starts_with("lock")
        })
        .map(|entry| {
            let found = entry.metadata().unwrap();
            let told = format!("{} {:?}", found.len(), found.modified().unwrap());
            (entry.path().display().to_string(), told)
        })
        .collect()
}

/// The bytes of every published Parquet file.
fn parquet_bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let current = folder.join("warehouse/current");
    let tables = walkdir::WalkDir::new(&current)
        .follow_links(true)
        .min_depth(2)
        .max_depth(2);
    let paths = tables.into_iter().flat_map(|table| files(table.unwrap().path()));
    paths
        .map(|path| {
            let name = path.strip_prefix(&current).unwrap().display().to_string();
            (name, fs::read(path).unwrap())
        })
        .collect()
}
