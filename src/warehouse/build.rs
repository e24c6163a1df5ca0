//! What one published build holds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::StoredTable;
use crate::names::{NodeId, RelationName};

/// One published build: the whole environment, as readers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Its name: the instant it was made and a random part; names sort by time.
    pub id: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The instant it is for.
    pub as_of: DateTime<Utc>,
    /// Every relation, sorted by name.
    pub relations: Vec<PublishedRelation>,
    /// What tests said.
    pub verdicts: BTreeMap<NodeId, Verdict>,
}

impl Build {
    /// Looks a relation up.
    pub fn relation(&self, name: &RelationName) -> Option<&PublishedRelation> {
        self.relations.iter().find(|relation| relation.name == *name)
    }
}

/// How a relation is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RelationKind {
    /// Parquet files made by a query.
    Table,
    /// A query.
    View,
    /// Parquet files made from a CSV file of the project.
    Seed,
    /// Parquet files that grow by comparing.
    Snapshot,
}

impl RelationKind {
    /// Whether it has Parquet files.
    pub fn has_files(self) -> bool {
        self != Self::View
    }
}

/// A relation of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedRelation {
    /// Its name.
    pub name: RelationName,
    /// The node that makes it.
    pub node: NodeId,
    /// How it is there.
    pub kind: RelationKind,
    /// The version and its files; a view has none of the latter.
    pub table: StoredTable,
    /// A view's query; it names what it reads in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// What a table that depends on its former self was made from, itself left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<String>,
    /// Whether this build made it.
    #[serde(skip)]
    pub fresh: bool,
}

/// What a test said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The hash of the test and of what it tested.
    pub version: String,
    /// How many rows failed, as the test counts.
    pub failures: i64,
    /// Whether that is worth a warning.
    pub warns: bool,
    /// Whether that is an error.
    pub fails: bool,
}
