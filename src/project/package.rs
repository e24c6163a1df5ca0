//! One package's files: models, seeds, snapshots, tests, analyses, macros, docs.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use sha2::{Digest as _, Sha256};

use super::blocks;
use super::config_layers;
use super::node::{
    ConfigLayers, DocBlock, Exposure, Group, MacroFile, MacroPatch, Node, NodeKind, TemplateText,
};
use super::node::{SourceTable, UnitTest};
use super::project_file::{FILE_NAME, ProjectFile, Trees};
use super::templates::TextContext;
use super::yaml::Yaml;
use crate::error::{Diagnostic, Span, codes};
use crate::host::Host;
use crate::names::NodeId;

/// A package that is being read.
pub(super) struct Scope<'a> {
    pub(super) host: &'a Host,
    pub(super) file: &'a ProjectFile,
    /// The package's folder.
    pub(super) root: &'a Path,
    /// The package's folder as messages show it; empty for the project itself.
    pub(super) shown: &'a Path,
    /// The trees of the root project, for another package.
    pub(super) overrides: Option<&'a Trees>,
    pub(super) text: TextContext<'a>,
    fixtures: OnceCell<Vec<FoundFile>>,
}

/// What the files of all packages hold.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) nodes: Vec<Node>,
    pub(super) sources: Vec<SourceTable>,
    pub(super) exposures: Vec<Exposure>,
    pub(super) unit_tests: Vec<UnitTest>,
    pub(super) groups: Vec<Group>,
    pub(super) docs: Vec<DocBlock>,
    pub(super) macro_files: Vec<MacroFile>,
    pub(super) macro_patches: Vec<MacroPatch>,
    /// The sections that are read by others alone, such as `metrics`, and where one stands first.
    pub(super) ignored_sections: IndexMap<String, Span>,
}

/// A file under one of the package's folders.
#[derive(Debug, Clone)]
pub(super) struct FoundFile {
    /// Absolute.
    pub(super) path: PathBuf,
    /// Relative to the folder of its kind.
    pub(super) inner: PathBuf,
    /// Relative to the package's folder.
    pub(super) original: PathBuf,
    /// As messages show it.
    pub(super) shown: PathBuf,
}

impl<'a> Scope<'a> {
    /// The scope of a package in the folder `root`, which messages show as `shown`.
    pub(super) fn new(
        host: &'a Host,
        file: &'a ProjectFile,
        (root, shown): (&'a Path, &'a Path),
        overrides: Option<&'a Trees>,
        text: TextContext<'a>,
    ) -> Self {
        Self {
            host,
            file,
            root,
            shown,
            overrides,
            text,
            fixtures: OnceCell::new(),
        }
    }

    /// The files that unit tests may take their rows from, looked for when the first asks.
    pub(super) fn fixtures(&self) -> &[FoundFile] {
        self.fixtures
            .get_or_init(|| self.files(&self.file.paths.tests, &["csv", "sql"]))
    }

    pub(super) fn name(&self) -> &str {
        &self.file.name
    }

    /// The files with one of the extensions under the folders, each once, in order.
    pub(super) fn files(&self, folders: &[String], extensions: &[&str]) -> Vec<FoundFile> {
        let mut found: IndexMap<PathBuf, FoundFile> = IndexMap::new();
        for folder in folders {
            let top = self.root.join(folder);
            for path in self.host.walk(&top) {
                let has_extension = path
                    .extension()
                    .is_some_and(|found| extensions.iter().any(|wanted| found.eq_ignore_ascii_case(wanted)));
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if !has_extension || name.starts_with(['#', '~']) {
                    continue;
                }
                let inner = path.strip_prefix(&top).unwrap_or(&path).to_path_buf();
                let original = path.strip_prefix(self.root).unwrap_or(&path).to_path_buf();
                let shown = self.shown.join(&original);
                found.entry(path.clone()).or_insert(FoundFile {
                    path,
                    inner,
                    original,
                    shown,
                });
            }
        }
        found.into_values().collect()
    }

    /// The text of a file; a file that cannot be read is told.
    pub(super) fn read(&self, file: &FoundFile, out: &mut Vec<Diagnostic>) -> Option<String> {
        match self.host.read_text(&file.path) {
            Ok(text) => Some(text),
            Err(e) => {
                out.extend(
                    e.into_diagnostics()
                        .into_iter()
                        .map(|d| d.at(Span::file(&file.shown))),
                );
                None
            }
        }
    }

    /// The package and the folders of a path: what every name below them begins with.
    pub(super) fn fqn_prefix(&self, inner: &Path) -> Vec<String> {
        let folders = inner.parent().into_iter().flat_map(Path::components);
        std::iter::once(self.name().to_owned())
            .chain(folders.map(|folder| folder.as_os_str().to_string_lossy().into_owned()))
            .collect()
    }

    /// The package and the folders of a properties file, its top one left out: what the names of the tests declared in
    /// it begin with.
    pub(super) fn declared_prefix(&self, original: &Path) -> Vec<String> {
        let inner: PathBuf = original.components().skip(1).collect();
        self.fqn_prefix(&inner)
    }

    /// What the trees of `dbt_project.yml` say of a node.
    pub(super) fn config_layers(&self, kind: NodeKind, fqn: &[String]) -> ConfigLayers {
        ConfigLayers {
            project: config_layers::along_path(tree(&self.file.trees, kind), fqn),
            overrides: config_layers::along_path(self.overrides.and_then(|trees| tree(trees, kind)), fqn),
            ..ConfigLayers::default()
        }
    }

    fn node(
        &self,
        kind: NodeKind,
        (name, fqn): (&str, Vec<String>),
        file: &FoundFile,
        contents: &str,
    ) -> Node {
        Node {
            id: NodeId::new(format!("{}.{}.{name}", kind.resource_type(), self.name())),
            kind,
            name: name.to_owned(),
            package: self.name().to_owned(),
            path: file.inner.clone(),
            original_file_path: file.original.clone(),
            config: self.config_layers(kind, &fqn),
            fqn,
            code: TemplateText {
                text: Arc::from(contents),
                file: file.shown.clone(),
                first_line: 1,
            },
            description: String::new(),
            columns: IndexMap::new(),
            patch_path: None,
            patch_span: None,
            checksum: checksum(contents),
            version: None,
            constraints: Vec::new(),
            deprecation_date: None,
            generic_test: None,
        }
    }
}

/// The tree that configures nodes of a kind.
pub(super) fn tree(trees: &Trees, kind: NodeKind) -> Option<&Yaml> {
    match kind {
        NodeKind::Model => trees.models.as_ref(),
        NodeKind::Seed => trees.seeds.as_ref(),
        NodeKind::Snapshot => trees.snapshots.as_ref(),
        NodeKind::Test => trees.tests.as_ref(),
        NodeKind::Analysis | NodeKind::Operation => None,
    }
}

/// dbt's checksum of a file: SHA-256 of its contents without surrounding white space.
fn checksum(contents: &str) -> String {
    hex::encode(Sha256::digest(contents.trim().as_bytes()))
}

/// Reads everything of a package but its properties files.
pub(super) fn read(scope: &Scope<'_>, parts: &mut Parts, out: &mut Vec<Diagnostic>) {
    let paths = &scope.file.paths;
    read_models(scope, parts, out);
    read_plain(scope, NodeKind::Seed, (&paths.seeds, "csv"), parts, out);
    read_plain(scope, NodeKind::Analysis, (&paths.analyses, "sql"), parts, out);
    read_snapshots(scope, parts, out);
    read_tests(scope, parts, out);
    for file in scope.files(&paths.macros, &["sql"]) {
        read_macros(scope, &file, parts, out);
    }
    for file in scope.files(&paths.docs, &["md"]) {
        if let Some(text) = scope.read(&file, out) {
            parts.docs.extend(
                blocks::docs(&text, &file.shown, out)
                    .into_iter()
                    .map(|block| DocBlock {
                        id: NodeId::new(format!("doc.{}.{}", scope.name(), block.name)),
                        name: block.name,
                        package: scope.name().to_owned(),
                        contents: block.contents.trim().to_owned(),
                        original_file_path: file.original.clone(),
                    }),
            );
        }
    }
    read_hooks(scope, parts);
}

fn read_models(scope: &Scope<'_>, parts: &mut Parts, out: &mut Vec<Diagnostic>) {
    let folders = &scope.file.paths.models;
    for file in scope.files(folders, &["py"]) {
        out.push(
            Diagnostic::warning(codes::UNSUPPORTED, "a Python model is not built")
                .at(Span::file(&file.shown))
                .hint("write it in SQL; what refers to it will not be found"),
        );
    }
    read_plain(scope, NodeKind::Model, (folders, "sql"), parts, out);
}

fn read_plain(
    scope: &Scope<'_>,
    kind: NodeKind,
    (folders, extension): (&[String], &str),
    parts: &mut Parts,
    out: &mut Vec<Diagnostic>,
) {
    for file in scope.files(folders, &[extension]) {
        let Some(text) = scope.read(&file, out) else {
            continue;
        };
        if kind == NodeKind::Model && blocks::may_hold(&text, "snapshot") {
            let found = blocks::snapshots(&text, &file.shown, &mut Vec::new());
            if !found.is_empty() {
                add_snapshots(scope, &file, &text, found, parts);
                continue;
            }
        }
        let name = file
            .path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut fqn = scope.fqn_prefix(&file.inner);
        if kind == NodeKind::Analysis {
            fqn.insert(1, "analysis".to_owned());
        }
        fqn.push(name.clone());
        let mut node = scope.node(kind, (&name, fqn), &file, &text);
        if kind == NodeKind::Analysis {
            node.path = Path::new("analysis").join(&file.inner);
        }
        parts.nodes.push(node);
    }
}

fn read_snapshots(scope: &Scope<'_>, parts: &mut Parts, out: &mut Vec<Diagnostic>) {
    for file in scope.files(&scope.file.paths.snapshots, &["sql"]) {
        let Some(text) = scope.read(&file, out) else {
            continue;
        };
        let blocks = blocks::snapshots(&text, &file.shown, out);
        if blocks.is_empty() && !text.trim().is_empty() && !blocks::may_hold(&text, "snapshot") {
            out.push(
                Diagnostic::warning(
                    codes::BLOCK_SYNTAX,
                    "a file of the snapshot folder without a snapshot",
                )
                .at(Span::file(&file.shown))
                .hint("put the query between `{% snapshot name %}` and `{% endsnapshot %}`"),
            );
        }
        add_snapshots(scope, &file, &text, blocks, parts);
    }
}

fn add_snapshots(
    scope: &Scope<'_>,
    file: &FoundFile,
    text: &str,
    found: Vec<blocks::Block>,
    parts: &mut Parts,
) {
    for block in found {
        let mut fqn = scope.fqn_prefix(&file.inner);
        fqn.push(
            file.path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        );
        fqn.push(block.name.clone());
        let mut node = scope.node(NodeKind::Snapshot, (&block.name, fqn), file, text);
        node.code = TemplateText {
            text: Arc::from(block.contents),
            file: file.shown.clone(),
            first_line: block.first_line,
        };
        parts.nodes.push(node);
    }
}

/// A snapshot that a properties file declares with `relation`; as in dbt, its checksum is that of the whole file.
pub(super) fn declared_snapshot(
    scope: &Scope<'_>,
    name: &str,
    (relation, first_line): (&str, usize),
    file: &FoundFile,
) -> Node {
    let mut fqn = scope.fqn_prefix(&file.inner);
    fqn.push(name.to_owned());
    let contents = scope.host.read_text(&file.path).unwrap_or_default();
    let mut node = scope.node(NodeKind::Snapshot, (name, fqn), file, &contents);
    node.path = file.inner.join(format!("{name}.sql"));
    node.code = TemplateText {
        text: Arc::from(format!("select * from {{{{ {relation} }}}}")),
        file: file.shown.clone(),
        first_line,
    };
    node
}

/// Singular tests; the files of `tests/generic` hold macros, and fixtures are read with their unit tests.
fn read_tests(scope: &Scope<'_>, parts: &mut Parts, out: &mut Vec<Diagnostic>) {
    for file in scope.files(&scope.file.paths.tests, &["sql"]) {
        if file.inner.starts_with("generic") {
            read_macros(scope, &file, parts, out);
            continue;
        }
        if file.inner.starts_with("fixtures") {
            continue;
        }
        let Some(text) = scope.read(&file, out) else {
            continue;
        };
        if blocks::may_hold(&text, "test") {
            parts.macro_files.push(macro_file(scope, &file, text));
            continue;
        }
        let name = file
            .path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut fqn = scope.fqn_prefix(&file.inner);
        fqn.push(name.clone());
        parts
            .nodes
            .push(scope.node(NodeKind::Test, (&name, fqn), &file, &text));
    }
}

fn read_macros(scope: &Scope<'_>, file: &FoundFile, parts: &mut Parts, out: &mut Vec<Diagnostic>) {
    if let Some(text) = scope.read(file, out) {
        parts.macro_files.push(macro_file(scope, file, text));
    }
}

fn macro_file(scope: &Scope<'_>, file: &FoundFile, text: String) -> MacroFile {
    MacroFile {
        package: scope.name().to_owned(),
        code: TemplateText {
            text: Arc::from(text),
            file: file.shown.clone(),
            first_line: 1,
        },
        original_file_path: file.original.clone(),
    }
}

/// Hooks; as in dbt, the checksum of each is that of the whole `dbt_project.yml`.
fn read_hooks(scope: &Scope<'_>, parts: &mut Parts) {
    let contents = scope
        .host
        .read_text(&scope.root.join(FILE_NAME))
        .unwrap_or_default();
    let hooks = [
        ("on-run-start", &scope.file.on_run_start),
        ("on-run-end", &scope.file.on_run_end),
    ];
    for (event, texts) in hooks {
        for (index, text) in texts.iter().enumerate() {
            let name = format!("{}-{event}-{index}", scope.name());
            let file = FoundFile {
                path: PathBuf::new(),
                inner: PathBuf::from(format!("hooks/{name}.sql")),
                original: Path::new(".").join(FILE_NAME),
                shown: text.file.clone(),
            };
            let fqn = vec![scope.name().to_owned(), "hooks".to_owned(), name.clone()];
            let mut node = scope.node(NodeKind::Operation, (&name, fqn), &file, &contents);
            node.code = text.clone();
            node.config
                .properties
                .insert("tags".to_owned(), serde_json::json!([event]));
            parts.nodes.push(node);
        }
    }
}
