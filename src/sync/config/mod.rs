//! `syncs/*.yml`: destinations and syncs as the user writes them, checked and typed.

mod load;
mod settings;
mod trigger;

use indexmap::IndexMap;
use serde_json::Value;

use std::fmt;
use std::sync::Arc;

use super::destination::{Destination, Limits};
use crate::error::Span;
use crate::host::Secret;
use crate::names::{DestinationName, SyncName};
use crate::project::node::TemplateText;

pub use load::{RenderText, load};
pub use settings::Settings;
pub use trigger::{Schedule, Trigger};

/// Every destination and sync of a project.
#[derive(Debug, Clone, Default)]
pub struct SyncProject {
    /// The destinations, in the order of the files.
    pub destinations: IndexMap<DestinationName, DestinationConfig>,
    /// The syncs, in the order of the files; disabled ones are left out.
    pub syncs: IndexMap<SyncName, SyncConfig>,
}

impl SyncProject {
    /// The destination of a sync.
    pub fn destination_of(&self, sync: &SyncConfig) -> Option<&DestinationConfig> {
        self.destinations.get(&sync.destination)
    }

    /// The syncs that follow a published build.
    pub fn after_build(&self) -> impl Iterator<Item = &SyncConfig> {
        self.syncs
            .values()
            .filter(|sync| sync.trigger == Trigger::AfterBuild)
    }

    /// Chooses syncs by name, by `destination:NAME` and by `tag:NAME`; no selector chooses all.
    ///
    /// The second value holds the selectors that choose nothing.
    pub fn select<'a>(&'a self, selectors: &[String]) -> (Vec<&'a SyncConfig>, Vec<String>) {
        let chosen = self
            .syncs
            .values()
            .filter(|sync| selectors.is_empty() || selectors.iter().any(|selector| sync.is_chosen(selector)))
            .collect();
        let idle = selectors
            .iter()
            .filter(|selector| !self.syncs.values().any(|sync| sync.is_chosen(selector)))
            .cloned()
            .collect();
        (chosen, idle)
    }
}

/// A connected service.
#[derive(Debug, Clone)]
pub struct DestinationConfig {
    /// Its name.
    pub name: DestinationName,
    /// Its type: `intercom`, `file`, …
    pub kind: &'static str,
    /// The service.
    pub service: Arc<dyn Destination>,
    /// Its limits, the user's where given.
    pub limits: Limits,
    /// Whether contacts that are not marketable are kept from it.
    pub is_marketing: bool,
    /// Every credential in its settings, to be masked wherever a service repeats one.
    pub secrets: Vec<Secret>,
    /// Where it is declared.
    pub span: Span,
}

/// What goes where, how, and when.
#[derive(Debug, Clone)]
pub struct SyncConfig {
    /// Its name.
    pub name: SyncName,
    /// What it is for.
    pub description: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// What it sends.
    pub model: Model,
    /// Where to.
    pub destination: DestinationName,
    /// How.
    pub mode: Mode,
    /// The columns that make the key of a row.
    pub primary_key: Vec<String>,
    /// A SQL condition on the model's rows.
    pub filter: Option<Located<String>>,
    /// Destination field → where its value comes from; none for every column under its own name.
    pub fields: Option<IndexMap<String, Field>>,
    /// The audiences whose members are told apart.
    pub audiences: Vec<String>,
    /// Whether fields that the service does not have are created there.
    pub create_fields: bool,
    /// When it runs.
    pub trigger: Trigger,
    /// What stops it.
    pub guard: Guard,
    /// Where it is declared.
    pub span: Span,
}

impl SyncConfig {
    fn is_chosen(&self, selector: &str) -> bool {
        match selector.split_once(':') {
            Some(("destination", name)) => self.destination.as_str() == name,
            Some(("tag", tag)) => self.tags.iter().any(|own| own == tag),
            Some(("sync", name)) => self.name.as_str() == name,
            _ => self.name.as_str() == selector,
        }
    }

    /// Whether the mapping has a field.
    pub fn has_field(&self, name: &str) -> bool {
        self.fields
            .as_ref()
            .is_some_and(|fields| fields.contains_key(name))
    }

    /// The names of the mapping's fields, in its order; none where every column is sent.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .flat_map(|fields| fields.keys().map(String::as_str))
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// What a sync sends the rows of.
#[derive(Debug, Clone)]
pub enum Model {
    /// A model, seed or snapshot, by name.
    Node(Located<String>),
    /// A query of its own, as a template.
    Sql(TemplateText),
}

/// Where a field's value comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The source of the value.
    pub source: FieldSource,
    /// What stands in for null.
    pub default: Option<Value>,
    /// Whether a row without a value is rejected.
    pub required: bool,
    /// Where it is declared.
    pub span: Span,
}

/// The source of a field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldSource {
    /// A column of the model.
    Column(String),
    /// A SQL expression over the model's columns.
    Expression(String),
    /// The same value for every row.
    Constant(Value),
}

/// How rows are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// New and changed rows.
    Upsert,
    /// Only new rows.
    Insert,
    /// Only changed rows.
    Update,
    /// New and changed rows, and the removal of those that left.
    Mirror,
    /// Members of audiences, added and removed.
    Audience,
    /// The traits of a contact, when they changed.
    Identify,
    /// One event for each new row.
    Track,
    /// The whole model each time that something in it changed.
    Snapshot,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 8] = [
        Self::Upsert,
        Self::Insert,
        Self::Update,
        Self::Mirror,
        Self::Audience,
        Self::Identify,
        Self::Track,
        Self::Snapshot,
    ];

    /// The mode as YAML writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Mirror => "mirror",
            Self::Audience => "audience",
            Self::Identify => "identify",
            Self::Track => "track",
            Self::Snapshot => "snapshot",
        }
    }

    /// Whether rows that left the model are removed at the destination.
    pub fn removes(self) -> bool {
        matches!(self, Self::Mirror | Self::Audience | Self::Snapshot)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What stops a run before its first request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guard {
    /// The most rows that may be removed.
    pub max_removed: Share,
    /// The most rows that may be changed, if there is a limit.
    pub max_changed: Option<Share>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            max_removed: Share::Percent(20.0),
            max_changed: None,
        }
    }
}

/// A number of rows, or a part of what is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// So many rows.
    Rows(u64),
    /// So many in a hundred of the rows that are delivered.
    Percent(f64),
}

impl Share {
    /// How many rows of `total` that is.
    pub fn of(self, total: u64) -> u64 {
        match self {
            Self::Rows(rows) => rows,
            Self::Percent(percent) => {
                #[allow(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of a row count lies between 0 and that count, well within f64"
                )]
                let rows = (total as f64 * percent / 100.0).floor() as u64;
                rows
            }
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => write!(f, "{rows}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}
