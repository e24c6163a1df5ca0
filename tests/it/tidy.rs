//! The rules of the house that no compiler knows: layers, sizes, pages, forgotten files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use headwater::error::codes;
use regex::Regex;
use serde_json::Value;

use crate::support::{Workspace, repository};

/// The modules of `src`; each imports from layers above its own line only.
const LAYERS: &[&[&str]] = &[
    &["error", "names", "time"],
    &["host", "report"],
    &["bundle", "project", "warehouse"],
    &["engine", "jinja"],
    &["graph"],
    &["materialize"],
    &["checks"],
    &["run", "sync"],
    &["artifacts"],
    &["cli"],
];

/// The layers of the bundled project's models; each reads its own and those before it.
const MODEL_LAYERS: [&str; 4] = ["staging", "integration", "warehouse", "cdp"];

/// A company carries the stage and the value that its events end in.
const READS_UPWARDS: (&str, &str) = (
    "model.headwater_cdp.companies_dim",
    "model.headwater_cdp.customer_events_xa",
);

/// How many lines a file has at most.
const MAX_LINES: usize = 600;

#[test]
fn modules_import_lower_layers_only() {
    let import = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    let layer_of = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let mut faults = Vec::new();
    for (path, text) in files("src", "rs") {
        let module = path.split(['/', '.']).nth(1).unwrap();
        if matches!(module, "lib" | "main") {
            continue;
        }
        let own = layer_of(module).unwrap_or_else(|| panic!("`{module}` has a layer"));
        for (index, line) in code_lines(&text) {
            for found in import.captures_iter(line) {
                let imported = found.get(1).unwrap().as_str();
                let is_lower = layer_of(imported).is_some_and(|layer| layer < own);
                if imported != module && !is_lower {
                    faults.push(format!("{path}:{index}: `{module}` imports `{imported}`"));
                }
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn only_the_engine_knows_its_library() {
    let outsiders: Vec<String> = files("src", "rs")
        .into_iter()
        .filter(|(path, _)| !path.starts_with("src/engine/"))
        .filter(|(_, text)| code_lines(text).any(|(_, line)| line.contains("datafusion::")))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(outsiders, Vec::<String>::new());
}

#[test]
fn every_module_says_what_it_is() {
    for folder in ["src", "tests", "fixtures/generate"] {
        for (path, text) in files(folder, "rs") {
            assert!(text.starts_with("//! "), "{path} begins with its doc");
        }
    }
}

#[test]
fn files_fit_in_a_head() {
    for (folder, extension) in [
        ("src", "rs"),
        ("src", "sql"),
        ("fixtures/generate", "rs"),
        ("sql", "sql"),
    ] {
        for (path, text) in files(folder, extension) {
            let n_lines = text.lines().count();
            assert!(
                n_lines <= MAX_LINES,
                "{path} has {n_lines} lines, {MAX_LINES} at most"
            );
        }
    }
}

#[test]
fn every_code_has_a_page_and_a_use() {
    let constant = Regex::new(r#"pub const ([A-Z_]+): Code = Code\("(HW\d{4})"\);"#).unwrap();
    let (tables, users): (Vec<_>, Vec<_>) = files("src", "rs")
        .into_iter()
        .partition(|(path, _)| path.starts_with("src/error/codes/"));
    let used: String = users.into_iter().map(|(_, text)| text).collect();
    let mut numbers = BTreeSet::new();
    for (path, text) in tables {
        for found in constant.captures_iter(&text) {
            let (name, number) = (&found[1], &found[2]);
            assert!(numbers.insert(number.to_owned()), "{number} stands for one thing");
            let page = codes::pages().find(|page| page.code.as_str() == number);
            assert!(page.is_some(), "{number} of {path} has a page");
            let use_of = Regex::new(&format!(r"\b{name}\b")).unwrap();
            assert!(use_of.is_match(&used), "`{name}` of {path} is used");
        }
    }
    assert_eq!(numbers.len(), codes::pages().count());
}

#[test]
fn no_test_file_is_forgotten() {
    let files: BTreeMap<String, String> = files("tests/it", "rs").into_iter().collect();
    for path in files.keys().filter(|path| *path != "tests/it/main.rs") {
        let path = Path::new(path);
        let is_folder = path.file_name().is_some_and(|name| name == "mod.rs");
        let module = if is_folder { path.parent().unwrap() } else { path };
        let parent = module.parent().unwrap().display().to_string();
        let candidates = [
            format!("{parent}/main.rs"),
            format!("{parent}/mod.rs"),
            format!("{parent}.rs"),
        ];
        let name = module.file_stem().unwrap().to_string_lossy();
        let line = Regex::new(&format!(r"(?m)^(pub(\([a-z]+\))? )?mod {name};$")).unwrap();
        let is_named = candidates
            .iter()
            .filter_map(|file| files.get(file))
            .any(|text| line.is_match(text));
        assert!(is_named, "{} has its `mod`", path.display());
    }
}

#[test]
fn models_read_downwards() {
    let workspace = Workspace::bundled();
    workspace.headwater(&["parse"]).succeeds();
    let manifest = workspace.json("sql/target/manifest.json");
    let nodes = manifest["nodes"].as_object().unwrap();
    let mut faults = Vec::new();
    for (id, node) in nodes.iter().filter(|(_, node)| node["resource_type"] == "model") {
        let own = layer_of_model(node);
        for parent in node["depends_on"]["nodes"].as_array().unwrap() {
            let parent = parent.as_str().unwrap();
            let is_lawful = match nodes.get(parent) {
                None => parent.starts_with("source.") && own == Some(0),
                Some(node) if node["resource_type"] == "seed" => true,
                Some(node) if node["resource_type"] == "snapshot" => own == Some(MODEL_LAYERS.len() - 1),
                Some(node) => layer_of_model(node) <= own,
            };
            if own.is_none() || !(is_lawful || (id.as_str(), parent) == READS_UPWARDS) {
                faults.push(format!("{id} reads {parent}"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn syncs_read_the_tables_for_customers_only() {
    let model = Regex::new(r"(?m)^\s+(?:- )?model: (\S+)$").unwrap();
    let mut n_syncs = 0;
    for (path, text) in files("sql/syncs", "yml") {
        for found in model.captures_iter(&text) {
            n_syncs += 1;
            let file = repository().join(format!("sql/models/cdp/{}.sql", &found[1]));
            assert!(
                file.is_file(),
                "{path} reads `{}`, which is not in models/cdp",
                &found[1]
            );
        }
    }
    assert!(n_syncs > 0);
}

#[test]
fn nothing_private_is_in_the_repository() {
    let patterns = [
        r"(AKIA|ASIA)[0-9A-Z]{16}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"\b(gh[pousr]|sk_live|xox[bap])[_-][A-Za-z0-9]{16,}",
        r#"(^|[\s"'`(=:])/(work|root|home)/[a-z]"#,
    ];
    let patterns: Vec<Regex> = patterns
        .iter()
        .map(|pattern| Regex::new(pattern).unwrap())
        .collect();
    let mut faults = Vec::new();
    for path in everything() {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            if patterns.iter().any(|pattern| pattern.is_match(line)) {
                faults.push(format!("{}:{}: {line}", path.display(), index + 1));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

fn layer_of_model(node: &Value) -> Option<usize> {
    let path = node["original_file_path"].as_str().unwrap();
    let folder = path.strip_prefix("models/")?.split('/').next()?;
    MODEL_LAYERS.iter().position(|layer| *layer == folder)
}

/// The lines that are no comments, with their numbers.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Every file of a kind below a folder, by its path from the repository.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let is_wanted = |path: &PathBuf| path.extension().is_some_and(|found| found == extension);
    let paths = below(&repository().join(folder)).into_iter().filter(is_wanted);
    paths
        .map(|path| {
            let shown = path.strip_prefix(repository()).unwrap().display().to_string();
            (shown, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// Every file of the repository but what builds leave behind.
fn everything() -> Vec<PathBuf> {
    below(repository())
}

fn below(folder: &Path) -> Vec<PathBuf> {
    const LEFT_BEHIND: [&str; 6] = [".git", "target", "warehouse", "exports", "logs", "__pycache__"];
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            let is_module = entry.path().starts_with(repository().join("src"))
                || entry.path().starts_with(repository().join("sql/models"));
            is_module || !LEFT_BEHIND.contains(&name.as_ref())
        })
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}
