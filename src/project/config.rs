//! A node's configuration with its types: all layers merged, defaults filled in, wrong types told.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::config_layers;
use super::node::{Node, NodeKind};
use crate::error::{Diagnostic, Span, codes, nearest};

/// A node's configuration.
#[derive(Debug, Clone, Default)]
pub struct NodeConfig {
    /// Whether the node counts at all.
    pub enabled: bool,
    /// How it is built: `table`, `view`, `incremental`, `ephemeral`, `seed`, `snapshot`, `test`, …
    pub materialized: String,
    /// The schema asked for, before `generate_schema_name`.
    pub schema: Option<String>,
    /// The table's name asked for, before `generate_alias_name`.
    pub alias: Option<String>,
    /// The database asked for, before `generate_database_name`.
    pub database: Option<String>,
    /// Tags, each once.
    pub tags: Vec<String>,
    /// Free-form facts.
    pub meta: Map<String, Value>,
    /// The columns that tell rows apart; empty where none are given.
    pub unique_key: Vec<String>,
    /// `append`, `merge`, `delete+insert`, `microbatch`; none is for the materialization to choose.
    pub incremental_strategy: Option<String>,
    /// What happens when an incremental model's columns change.
    pub on_schema_change: OnSchemaChange,
    /// Conditions on the rows of an incremental table that can be replaced.
    pub incremental_predicates: Vec<String>,
    /// The columns that a merge updates; empty means all.
    pub merge_update_columns: Vec<String>,
    /// The columns that a merge leaves alone.
    pub merge_exclude_columns: Vec<String>,
    /// A microbatch model's time column.
    pub event_time: Option<String>,
    /// The instant of a microbatch model's first batch.
    pub begin: Option<String>,
    /// `hour`, `day`, `month` or `year`.
    pub batch_size: Option<String>,
    /// How many past batches a microbatch model builds again.
    pub lookback: u64,
    /// How a snapshot sees changes: `timestamp` or `check`.
    pub strategy: Option<String>,
    /// The column of a `timestamp` snapshot.
    pub updated_at: Option<String>,
    /// The columns of a `check` snapshot.
    pub check_cols: CheckColumns,
    /// What a snapshot does with rows that are gone.
    pub hard_deletes: HardDeletes,
    /// Other names for a snapshot's own columns: `dbt_valid_from` to `valid_from`.
    pub snapshot_meta_column_names: IndexMap<String, String>,
    /// The SQL of the end of rows that are valid now; none is null.
    pub dbt_valid_to_current: Option<String>,
    /// A snapshot's schema, in the older spelling.
    pub target_schema: Option<String>,
    /// A snapshot's database, in the older spelling.
    pub target_database: Option<String>,
    /// What runs before.
    pub pre_hook: Vec<String>,
    /// What runs after.
    pub post_hook: Vec<String>,
    /// Whether the columns must be those that the properties declare.
    pub contract_enforced: bool,
    /// How bad a failed test is.
    pub severity: TestSeverity,
    /// The failures that are a warning, as a condition: `!= 0`.
    pub warn_if: String,
    /// The failures that are an error, as a condition: `!= 0`.
    pub error_if: String,
    /// Which rows a test looks at.
    pub where_condition: Option<String>,
    /// How many failures a test collects at most.
    pub limit: Option<u64>,
    /// The expression that counts a test's failures.
    pub fail_calc: String,
    /// Whether a test's failures are kept as a table.
    pub store_failures: Option<bool>,
    /// Declared types of a seed's columns.
    pub column_types: IndexMap<String, String>,
    /// Whether a seed's column names are quoted.
    pub quote_columns: Option<bool>,
    /// What separates a seed's values.
    pub delimiter: char,
    /// Overrides `--full-refresh`.
    pub full_refresh: Option<bool>,
    /// The group it belongs to.
    pub group: Option<String>,
    /// Who may refer to it.
    pub access: Access,
    /// The columns that a table's files are sorted by.
    pub sort_by: Vec<String>,
    /// Everything, as it is configured: what `config.get` and the manifest see.
    pub raw: Map<String, Value>,
}

/// What happens when an incremental model's columns change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnSchemaChange {
    /// New columns are left out.
    #[default]
    Ignore,
    /// The node fails.
    Fail,
    /// New columns are added, lost ones stay.
    AppendNewColumns,
    /// The table gets the new columns and loses the old ones.
    SyncAllColumns,
}

/// The columns of a `check` snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CheckColumns {
    /// None given.
    #[default]
    Absent,
    /// All.
    All,
    /// These.
    Columns(Vec<String>),
}

/// What a snapshot does with rows that are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HardDeletes {
    /// Nothing.
    #[default]
    Ignore,
    /// Ends them.
    Invalidate,
    /// Ends them and adds a row that says so.
    NewRecord,
}

/// The names of the columns that a snapshot adds; a project may choose others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaColumns {
    /// Identifies a row of the snapshot.
    pub scd_id: String,
    /// When the source row changed.
    pub updated_at: String,
    /// From when the row held.
    pub valid_from: String,
    /// Until when it held; null while it holds.
    pub valid_to: String,
    /// With `hard_deletes: new_record`: whether the row records a deletion.
    pub is_deleted: String,
}

impl MetaColumns {
    /// The names that a configuration gives, dbt's where it gives none.
    pub fn of(config: &NodeConfig) -> Self {
        let named = |standard: &str| {
            config
                .snapshot_meta_column_names
                .get(standard)
                .cloned()
                .unwrap_or_else(|| standard.to_owned())
        };
        Self {
            scd_id: named("dbt_scd_id"),
            updated_at: named("dbt_updated_at"),
            valid_from: named("dbt_valid_from"),
            valid_to: named("dbt_valid_to"),
            is_deleted: named("dbt_is_deleted"),
        }
    }
}

/// How bad a failed test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TestSeverity {
    /// The build goes on.
    Warn,
    /// What depends on the table is skipped.
    #[default]
    Error,
}

/// Who may refer to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Its group alone.
    Private,
    /// Its package.
    #[default]
    Protected,
    /// Everyone.
    Public,
}

/// Settings that have a meaning; every other key of a config is free-form.
const SETTINGS: &[&str] = &[
    "access",
    "alias",
    "batch_size",
    "begin",
    "check_cols",
    "column_types",
    "contract",
    "database",
    "dbt_valid_to_current",
    "delimiter",
    "enabled",
    "error_if",
    "event_time",
    "fail_calc",
    "full_refresh",
    "grants",
    "group",
    "hard_deletes",
    "incremental_predicates",
    "incremental_strategy",
    "invalidate_hard_deletes",
    "limit",
    "lookback",
    "materialized",
    "merge_exclude_columns",
    "merge_update_columns",
    "on_schema_change",
    "persist_docs",
    "post_hook",
    "pre_hook",
    "schema",
    "severity",
    "snapshot_meta_column_names",
    "sort_by",
    "store_failures",
    "strategy",
    "target_database",
    "target_schema",
    "unique_key",
    "updated_at",
    "warn_if",
    "where",
];

/// Whether a key of a config has a meaning of its own.
pub(super) fn is_setting(key: &str) -> bool {
    SETTINGS.contains(&key)
}

/// Merges a node's layers with its SQL's own `config(…)` call.
pub fn merged(node: &Node, call: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = Map::new();
    let layers = &node.config;
    for layer in [&layers.project, &layers.properties, call, &layers.overrides] {
        config_layers::merge(&mut merged, layer.clone());
    }
    merged
}

impl NodeConfig {
    /// Gives the merged configuration of a node its types; `call` is its SQL's own `config(…)`.
    ///
    /// A value of the wrong type is told at the place of the layer it comes from and counts as absent.
    pub fn read(node: &Node, call: &Map<String, Value>) -> (Self, Vec<Diagnostic>) {
        let raw = merged(node, call);
        let mut reading = Reading {
            node,
            call,
            raw: &raw,
            out: Vec::new(),
        };
        let mut config = Self::default();
        config.read_common(&mut reading);
        config.read_incremental(&mut reading);
        config.read_snapshot(&mut reading);
        config.read_test(&mut reading);
        config.read_seed(&mut reading);
        reading.misspelt_settings();
        let out = reading.out;
        config.raw = raw;
        config
            .raw
            .insert("enabled".to_owned(), Value::Bool(config.enabled));
        config.raw.insert(
            "materialized".to_owned(),
            Value::String(config.materialized.clone()),
        );
        (config, out)
    }

    fn read_common(&mut self, from: &mut Reading<'_>) {
        self.enabled = from.flag("enabled").unwrap_or(true);
        self.materialized = match from.node.kind {
            NodeKind::Model | NodeKind::Analysis => {
                from.text("materialized").unwrap_or_else(|| "view".to_owned())
            }
            NodeKind::Operation => "view".to_owned(),
            kind => kind.resource_type().to_owned(),
        };
        self.schema = from.text("schema");
        self.alias = from.text("alias");
        self.database = from.text("database");
        self.tags = from.texts("tags");
        self.meta = from.map("meta");
        self.pre_hook = from.hooks("pre_hook");
        self.post_hook = from.hooks("post_hook");
        self.contract_enforced = from.map("contract").get("enforced") == Some(&Value::Bool(true));
        self.full_refresh = from.flag("full_refresh");
        self.group = from.text("group");
        self.access = from.choice(
            "access",
            &[
                ("protected", Access::Protected),
                ("private", Access::Private),
                ("public", Access::Public),
            ],
        );
        self.sort_by = from.texts("sort_by");
    }

    fn read_incremental(&mut self, from: &mut Reading<'_>) {
        self.unique_key = from.texts("unique_key");
        self.incremental_strategy = from.text("incremental_strategy");
        self.on_schema_change = from.choice(
            "on_schema_change",
            &[
                ("ignore", OnSchemaChange::Ignore),
                ("fail", OnSchemaChange::Fail),
                ("append_new_columns", OnSchemaChange::AppendNewColumns),
                ("sync_all_columns", OnSchemaChange::SyncAllColumns),
            ],
        );
        self.incremental_predicates = from.texts("incremental_predicates");
        if self.incremental_predicates.is_empty() {
            self.incremental_predicates = from.texts("predicates");
        }
        self.merge_update_columns = from.texts("merge_update_columns");
        self.merge_exclude_columns = from.texts("merge_exclude_columns");
        self.event_time = from.text("event_time");
        self.begin = from.text("begin");
        self.batch_size = from.text("batch_size");
        self.lookback = from.count("lookback").unwrap_or(1);
    }

    fn read_snapshot(&mut self, from: &mut Reading<'_>) {
        self.strategy = from.text("strategy");
        self.updated_at = from.text("updated_at");
        self.check_cols = match from.texts("check_cols").as_slice() {
            [] => CheckColumns::Absent,
            [all] if all == "all" => CheckColumns::All,
            columns => CheckColumns::Columns(columns.to_vec()),
        };
        self.hard_deletes = from.choice(
            "hard_deletes",
            &[
                ("ignore", HardDeletes::Ignore),
                ("invalidate", HardDeletes::Invalidate),
                ("new_record", HardDeletes::NewRecord),
            ],
        );
        if from.flag("invalidate_hard_deletes") == Some(true) && from.raw.get("hard_deletes").is_none() {
            self.hard_deletes = HardDeletes::Invalidate;
        }
        self.snapshot_meta_column_names = from.text_map("snapshot_meta_column_names");
        self.dbt_valid_to_current = from.text("dbt_valid_to_current");
        self.target_schema = from.text("target_schema");
        self.target_database = from.text("target_database");
    }

    fn read_test(&mut self, from: &mut Reading<'_>) {
        self.severity = from.choice(
            "severity",
            &[("error", TestSeverity::Error), ("warn", TestSeverity::Warn)],
        );
        self.warn_if = from.text("warn_if").unwrap_or_else(|| "!= 0".to_owned());
        self.error_if = from.text("error_if").unwrap_or_else(|| "!= 0".to_owned());
        self.where_condition = from.text("where");
        self.limit = from.count("limit");
        self.fail_calc = from.text("fail_calc").unwrap_or_else(|| "count(*)".to_owned());
        self.store_failures = from.flag("store_failures");
    }

    fn read_seed(&mut self, from: &mut Reading<'_>) {
        self.column_types = from.text_map("column_types");
        self.quote_columns = from.flag("quote_columns");
        let delimiter = from.text("delimiter").unwrap_or_else(|| ",".to_owned());
        let mut characters = delimiter.chars();
        self.delimiter = if let (Some(one), None) = (characters.next(), characters.next()) {
            one
        } else {
            from.wrong("delimiter", "one character");
            ','
        };
    }
}

/// The merged configuration of a node, being read.
struct Reading<'a> {
    node: &'a Node,
    call: &'a Map<String, Value>,
    raw: &'a Map<String, Value>,
    out: Vec<Diagnostic>,
}

impl<'a> Reading<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.raw.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&mut self, key: &str, wanted: &str) {
        let found = self.get(key).map(Value::to_string).unwrap_or_default();
        let title = format!("{} `{}`", self.node.kind.resource_type(), self.node.name);
        self.out.push(
            Diagnostic::error(
                codes::CONFIG_INVALID,
                format!("the config `{key}` of {title} must be {wanted}, not `{found}`"),
            )
            .at_maybe(self.place(key)),
        );
    }

    /// Warns of keys that mean nothing and are nearly settings; all others are free-form.
    fn misspelt_settings(&mut self) {
        let written = self.call.keys().chain(self.node.config.properties.keys());
        for key in written.filter(|key| !is_setting(key)) {
            let Some(setting) = nearest(key, SETTINGS.iter().copied()) else {
                continue;
            };
            let title = format!("{} `{}`", self.node.kind.resource_type(), self.node.name);
            self.out.push(
                Diagnostic::warning(
                    codes::UNKNOWN_KEY,
                    format!("the config `{key}` of {title} has no meaning"),
                )
                .at_maybe(self.node.code.place_of(key).or_else(|| self.place(key)))
                .hint(format!("did you mean `{setting}`?")),
            );
        }
    }

    /// Where the layer stands that a key's value comes from.
    fn place(&self, key: &str) -> Option<Span> {
        let layers = &self.node.config;
        if !layers.overrides.contains_key(key) {
            if self.call.contains_key(key) {
                return Some(Span::new(&self.node.code.file, self.node.code.first_line, 1, 0));
            }
            if layers.properties.contains_key(key) {
                return self.node.patch_span.clone();
            }
        }
        Some(Span::file(super::project_file::FILE_NAME))
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => {
                self.wrong(key, "a boolean");
                None
            }
        }
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let text = scalar(self.get(key)?);
        if text.is_none() {
            self.wrong(key, "text");
        }
        text
    }

    fn count(&mut self, key: &str) -> Option<u64> {
        let value = self.get(key)?;
        let count = value
            .as_u64()
            .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
        if count.is_none() {
            self.wrong(key, "a whole number");
        }
        count
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let items = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        let texts: Option<Vec<String>> = items.iter().map(scalar).collect();
        texts.unwrap_or_else(|| {
            self.wrong(key, "text or a list of texts");
            Vec::new()
        })
    }

    fn map(&mut self, key: &str) -> Map<String, Value> {
        match self.get(key) {
            None => Map::new(),
            Some(Value::Object(map)) => map.clone(),
            Some(_) => {
                self.wrong(key, "a mapping");
                Map::new()
            }
        }
    }

    fn text_map(&mut self, key: &str) -> IndexMap<String, String> {
        let map = self.map(key);
        let texts: Option<IndexMap<String, String>> = map
            .iter()
            .map(|(name, value)| Some((name.clone(), scalar(value)?)))
            .collect();
        texts.unwrap_or_else(|| {
            self.wrong(key, "a mapping of texts");
            IndexMap::new()
        })
    }

    /// Hooks are texts, or mappings with the text under `sql`.
    fn hooks(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let items = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        let hooks: Option<Vec<String>> = items
            .iter()
            .map(|item| match item {
                Value::Object(map) => map.get("sql").and_then(Value::as_str).map(str::to_owned),
                Value::String(text) => Some(hook_text(text)),
                _ => None,
            })
            .collect();
        hooks.unwrap_or_else(|| {
            self.wrong(key, "SQL or a list of SQL");
            Vec::new()
        })
    }

    /// One of several words, whatever their case; the first is the default.
    fn choice<T: Copy + Default>(&mut self, key: &str, words: &[(&str, T)]) -> T {
        let Some(text) = self.text(key) else {
            return T::default();
        };
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        found.map_or_else(
            || {
                let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                self.wrong(key, &format!("one of {}", list.join(", ")));
                T::default()
            },
            |(_, value)| *value,
        )
    }
}

/// A hook's text; dbt also takes a mapping written as JSON.
fn hook_text(text: &str) -> String {
    let parsed = text
        .trim_start()
        .starts_with('{')
        .then(|| serde_json::from_str::<Value>(text).ok())
        .flatten();
    let sql = parsed
        .as_ref()
        .and_then(|value| value.get("sql"))
        .and_then(Value::as_str);
    sql.unwrap_or(text).to_owned()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
