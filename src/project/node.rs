//! What a project is made of, as its files say it: values only.
//!
//! Nothing here has been rendered: SQL is raw, references are unresolved, and a node's configuration still lies in its
//! layers, since the last of them is in the SQL itself.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::error::Span;
use crate::names::NodeId;

/// What kind of thing a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// A `.sql` file under the model paths.
    Model,
    /// A `.csv` file under the seed paths.
    Seed,
    /// A `{% snapshot %}` block or a snapshot in a properties file.
    Snapshot,
    /// A generic or singular data test.
    Test,
    /// A `.sql` file under the analysis paths: rendered and planned, never run.
    Analysis,
    /// An `on-run-start` or `on-run-end` hook.
    Operation,
}

impl NodeKind {
    /// dbt's `resource_type`.
    pub fn resource_type(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Seed => "seed",
            Self::Snapshot => "snapshot",
            Self::Test => "test",
            Self::Analysis => "analysis",
            Self::Operation => "operation",
        }
    }
}

/// A piece of template text and where it stands.
#[derive(Debug, Clone)]
pub struct TemplateText {
    /// The text.
    pub text: Arc<str>,
    /// The file it is from, relative to the project's folder.
    pub file: PathBuf,
    /// The line in that file of the text's first line, from 1.
    pub first_line: usize,
}

impl TemplateText {
    /// Where a text stands first.
    pub fn place_of(&self, wanted: &str) -> Option<Span> {
        let (before, _) = self.text.split_once(wanted)?;
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let width = wanted.chars().count();
        Some(Span::new(&self.file, self.first_line + line, column + 1, width))
    }
}

/// Configuration, in the order in which it is overridden: each layer beats the ones before it.
///
/// The layer of the SQL's own `config(…)` call stands between `properties` and `overrides` and is added when the SQL
/// has been captured.
#[derive(Debug, Clone, Default)]
pub struct ConfigLayers {
    /// From `dbt_project.yml`, already merged along the path, `+` signs dropped.
    pub project: Map<String, Value>,
    /// From the properties file.
    pub properties: Map<String, Value>,
    /// From the root project's `dbt_project.yml`, for a node of another package: it beats even the SQL's own.
    pub overrides: Map<String, Value>,
}

/// A column, as a properties file describes it.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub description: String,
    /// Its declared SQL type.
    pub data_type: Option<String>,
    /// Whether its name is quoted.
    pub quote: Option<bool>,
    /// Constraints, as declared: `[{"type": "not_null"}]`.
    pub constraints: Vec<Value>,
    /// Free-form facts.
    pub meta: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// A call of a generic test, from a properties file.
#[derive(Debug, Clone)]
pub struct GenericTest {
    /// The test's name: `unique`.
    pub name: String,
    /// The package it was called with: `dbt_utils` of `dbt_utils.at_least_one`.
    pub namespace: Option<String>,
    /// The arguments, `model` left out; `column_name` among them where the test hangs on a column.
    pub kwargs: Map<String, Value>,
    /// The column it hangs on.
    pub column_name: Option<String>,
    /// The `ref(…)`/`source(…)` text of the thing under test: `ref('orders')`, `source('raw', 'orders')`.
    pub model: String,
    /// The node or source under test.
    pub attached: NodeId,
}

/// A model's place among its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// This one: `2`, `"beta"`.
    pub version: Value,
    /// The one that a bare `ref` means.
    pub latest: Value,
}

/// A model, seed, snapshot, test, analysis or hook, as its files say it.
#[derive(Debug, Clone)]
pub struct Node {
    /// dbt's `unique_id`.
    pub id: NodeId,
    /// What it is.
    pub kind: NodeKind,
    /// Its name; a versioned model's without the version.
    pub name: String,
    /// The package it is in.
    pub package: String,
    /// The file, relative to the resource path it lies under: `staging/stg_orders.sql`.
    pub path: PathBuf,
    /// The file, relative to the package's folder: `models/staging/stg_orders.sql`.
    pub original_file_path: PathBuf,
    /// dbt's fully qualified name: package, folders, name.
    pub fqn: Vec<String>,
    /// The SQL as written (for a generic test, the call; for a seed, its CSV).
    pub code: TemplateText,
    /// What is configured outside the SQL.
    pub config: ConfigLayers,
    /// What it holds; `doc(…)` not yet rendered.
    pub description: String,
    /// Its columns, in the order of the properties file.
    pub columns: IndexMap<String, Column>,
    /// The properties file that describes it, with its package: `shop://models/schema.yml`.
    pub patch_path: Option<String>,
    /// Where the properties file describes it.
    pub patch_span: Option<Span>,
    /// SHA-256 of the contents without surrounding white space, in hex; empty for generic tests.
    pub checksum: String,
    /// The version, for a versioned model.
    pub version: Option<Version>,
    /// Constraints of the table as a whole, as declared.
    pub constraints: Vec<Value>,
    /// When the model goes away, as declared.
    pub deprecation_date: Option<String>,
    /// The call, for a generic test.
    pub generic_test: Option<GenericTest>,
}

/// A table of a source.
#[derive(Debug, Clone)]
pub struct SourceTable {
    /// `source.<package>.<source>.<table>`.
    pub id: NodeId,
    /// The package.
    pub package: String,
    /// The source's name.
    pub source_name: String,
    /// The table's name.
    pub name: String,
    /// The database, where one is given.
    pub database: Option<String>,
    /// The schema; the source's name where none is given.
    pub schema: String,
    /// The table's name in the raw data.
    pub identifier: String,
    /// The source's description.
    pub source_description: String,
    /// The table's description.
    pub description: String,
    /// Which tool landed it.
    pub loader: String,
    /// Where the data lies, `{schema}`, `{name}` and `{identifier}` filled in and rendered; not yet absolute.
    pub external_location: Option<String>,
    /// Whether an absent file counts as an empty table (`meta.optional: true`).
    pub optional: bool,
    /// Its columns.
    pub columns: IndexMap<String, Column>,
    /// Its configuration, all layers merged; `enabled` among it.
    pub config: Map<String, Value>,
    /// Free-form facts, source's and table's merged.
    pub meta: Map<String, Value>,
    /// Tags, source's and table's.
    pub tags: Vec<String>,
    /// The column that says when a row was loaded.
    pub loaded_at_field: Option<String>,
    /// The freshness rule, as declared.
    pub freshness: Option<Value>,
    /// dbt's fully qualified name.
    pub fqn: Vec<String>,
    /// The properties file, relative to the package's folder.
    pub original_file_path: PathBuf,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// A unit test: rows given, rows expected.
#[derive(Debug, Clone)]
pub struct UnitTest {
    /// `unit_test.<package>.<model>.<name>`.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// The package.
    pub package: String,
    /// The model under test.
    pub model: String,
    /// The version under test, of a versioned model.
    pub version: Option<Value>,
    /// What it shows.
    pub description: String,
    /// What its inputs hold.
    pub given: Vec<UnitRows>,
    /// What must come out.
    pub expect: UnitRows,
    /// Overrides: `{"vars": {…}, "macros": {…}, "env_vars": {…}}`.
    pub overrides: Map<String, Value>,
    /// Configuration: `tags`, `meta`, `enabled`.
    pub config: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// dbt's fully qualified name.
    pub fqn: Vec<String>,
    /// The properties file, relative to the package's folder.
    pub original_file_path: PathBuf,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// Rows of a unit test.
#[derive(Debug, Clone)]
pub struct UnitRows {
    /// The input they stand for: `ref('orders')`, `source('raw', 'orders')`, `this`; none for `expect`.
    pub input: Option<String>,
    /// The rows.
    pub rows: UnitRowsFormat,
}

/// How a unit test writes its rows.
#[derive(Debug, Clone)]
pub enum UnitRowsFormat {
    /// A list of mappings.
    Dict(Vec<Map<String, Value>>),
    /// CSV text, in place or from a fixture file.
    Csv(String),
    /// A query, in place or from a fixture file.
    Sql(String),
}

/// Something outside that depends on nodes: a dashboard, an application.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// `exposure.<package>.<name>`.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// The package.
    pub package: String,
    /// `dashboard`, `application`, …
    pub exposure_type: String,
    /// Everything that is declared, as it is: `label`, `url`, `owner`, `maturity`, `description`, `meta`, `tags`, `config`.
    pub properties: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// The `ref(…)` and `source(…)` texts it depends on.
    pub depends_on: Vec<String>,
    /// dbt's fully qualified name.
    pub fqn: Vec<String>,
    /// The properties file, relative to the package's folder.
    pub original_file_path: PathBuf,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// A group of models with an owner.
#[derive(Debug, Clone)]
pub struct Group {
    /// `group.<package>.<name>`.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// The package.
    pub package: String,
    /// The owner, as declared.
    pub owner: Map<String, Value>,
    /// The properties file, relative to the package's folder.
    pub original_file_path: PathBuf,
}

/// A `{% docs %}` block.
#[derive(Debug, Clone)]
pub struct DocBlock {
    /// `doc.<package>.<name>`.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// The package.
    pub package: String,
    /// Its text.
    pub contents: String,
    /// The file, relative to the package's folder.
    pub original_file_path: PathBuf,
}

/// A file of macros: `{% macro %}` and `{% test %}` blocks are found in it by the Jinja island.
#[derive(Debug, Clone)]
pub struct MacroFile {
    /// The package.
    pub package: String,
    /// Its text.
    pub code: TemplateText,
    /// The file, relative to the package's folder.
    pub original_file_path: PathBuf,
}

/// What a properties file says of a macro.
#[derive(Debug, Clone)]
pub struct MacroPatch {
    /// The macro's name.
    pub name: String,
    /// The package.
    pub package: String,
    /// What it does.
    pub description: String,
    /// `[{"name": …, "type": …, "description": …}]`.
    pub arguments: Vec<Value>,
    /// The properties file, with its package.
    pub patch_path: String,
}

/// A package: the project itself, or one it uses.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub root: PathBuf,
    /// Its version.
    pub version: Option<String>,
    /// Its `dispatch` list: `[{"macro_namespace": …, "search_order": […]}]`.
    pub dispatch: Vec<Value>,
    /// Its variables, as `dbt_project.yml` gives them.
    pub vars: Map<String, Value>,
}

/// Where tables are built and how: a target of `profiles.yml`, all defaults filled in.
#[derive(Debug, Clone)]
pub struct Target {
    /// The profile's name.
    pub profile_name: String,
    /// The target's name.
    pub name: String,
    /// The catalog of every relation.
    pub database: String,
    /// The default schema.
    pub schema: String,
    /// The warehouse: an absolute path or a URL.
    pub warehouse: String,
    /// How many nodes run at once; also DataFusion's partitions.
    pub threads: usize,
    /// The memory limit of all nodes together, in bytes.
    pub memory_limit_bytes: Option<u64>,
    /// Where to spill; the warehouse's own `tmp` where none is given.
    pub temp_directory: Option<PathBuf>,
    /// DataFusion's own settings.
    pub settings: IndexMap<String, String>,
    /// Variables that the target sets.
    pub vars: Map<String, Value>,
    /// The instant that builds of this target are for, where neither flag nor environment gives one.
    pub as_of: Option<String>,
}

/// A whole project, loaded.
#[derive(Debug, Clone)]
pub struct Project {
    /// The project's name.
    pub name: String,
    /// The project's folder, absolute.
    pub root: PathBuf,
    /// The packages, the project first.
    pub packages: IndexMap<String, Package>,
    /// The target.
    pub target: Target,
    /// The variables of the root project with target, `audiences.yml` and command line merged in.
    pub vars: Map<String, Value>,
    /// The variables of the command line alone, which beat every package's.
    pub cli_vars: Map<String, Value>,
    /// Models, seeds, snapshots, tests, analyses and hooks, sorted by id; disabled ones included.
    pub nodes: IndexMap<NodeId, Node>,
    /// Tables of sources; disabled ones included.
    pub sources: IndexMap<NodeId, SourceTable>,
    /// Exposures.
    pub exposures: IndexMap<NodeId, Exposure>,
    /// Unit tests.
    pub unit_tests: IndexMap<NodeId, UnitTest>,
    /// Groups.
    pub groups: IndexMap<NodeId, Group>,
    /// Docs blocks.
    pub docs: IndexMap<NodeId, DocBlock>,
    /// Files of macros, packages' included.
    pub macro_files: Vec<MacroFile>,
    /// What properties files say of macros.
    pub macro_patches: Vec<MacroPatch>,
    /// `selectors.yml`, as declared, by name.
    pub selectors: IndexMap<String, Value>,
    /// Where each text of the project's YAML that ends up in SQL was written: an audience's condition, by its text.
    pub origins: IndexMap<String, Span>,
    /// The folder that sync files lie in, absolute.
    pub sync_folders: Vec<PathBuf>,
    /// Where compiled SQL and artifacts go, absolute.
    pub target_path: PathBuf,
    /// The folders that `clean` removes, absolute: `clean-targets`, else the one above.
    pub clean_targets: Vec<PathBuf>,
    /// The warnings' configuration and other `flags:` of `dbt_project.yml`.
    pub flags: Map<String, Value>,
}
