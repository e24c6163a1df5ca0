//! Snapshots: how rows changed over time, as one query over the former snapshot and the present rows.
//!
//! Headwater never updates in place: the next version of a snapshot is a new table, so closing a row and opening its
//! successor is a union of three parts: the history with the rows that have just ended closed, and the rows that are
//! new or changed.

use crate::names::quote_identifier;
use crate::project::config::{HardDeletes, MetaColumns};

/// How a change is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// By a column that says when a row changed.
    Timestamp {
        /// The column.
        updated_at: String,
    },
    /// By comparing columns.
    Check {
        /// The columns.
        columns: Vec<String>,
        /// A column that says when a row changed, if there is one; otherwise the build's instant.
        updated_at: Option<String>,
    },
}

/// A snapshot's rule.
#[derive(Debug, Clone)]
pub struct SnapshotRule {
    /// The columns that identify a source row.
    pub unique_key: Vec<String>,
    /// How a change is seen.
    pub strategy: Strategy,
    /// What becomes of deleted rows.
    pub hard_deletes: HardDeletes,
    /// The names of the added columns.
    pub meta: MetaColumns,
    /// What stands in `valid_to` while a row holds: null, or an expression.
    pub valid_to_current: Option<String>,
}

/// What a snapshot's query is made over.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotInputs<'a> {
    /// The compiled query of the present rows.
    pub query: &'a str,
    /// The columns of the present rows.
    pub columns: &'a [String],
    /// The former snapshot, quoted, and its columns; none the first time.
    pub former: Option<(&'a str, &'a [String])>,
    /// The build's instant, as an SQL expression.
    pub now: &'a str,
}

/// Writes the query of the snapshot's next version.
///
/// # Shape
/// The columns of the present rows, then those that only the former snapshot has, then the added ones. One row per key
/// and period in which the row was the same.
pub fn next_version(rule: &SnapshotRule, inputs: SnapshotInputs<'_>) -> String {
    let writer = Writer { rule, inputs };
    match inputs.former {
        None => writer.first(),
        Some((former, columns)) => writer.next(former, columns),
    }
}

struct Writer<'a> {
    rule: &'a SnapshotRule,
    inputs: SnapshotInputs<'a>,
}

impl Writer<'_> {
    fn first(&self) -> String {
        let columns = list("present", self.inputs.columns);
        format!(
            "with present as (\n{}\n)\nselect {columns}, {}\nfrom present",
            self.inputs.query,
            self.opened("present", &self.changed_at("present"), "false")
        )
    }

    fn next(&self, former: &str, former_columns: &[String]) -> String {
        let meta = &self.rule.meta;
        let added = [
            &meta.scd_id,
            &meta.updated_at,
            &meta.valid_from,
            &meta.valid_to,
            &meta.is_deleted,
        ];
        let gone: Vec<String> = former_columns
            .iter()
            .filter(|column| !added.contains(column) && !self.inputs.columns.contains(column))
            .cloned()
            .collect();
        let mut parts = vec![
            self.history(former_columns, &gone),
            self.begun(former_columns, &gone),
        ];
        if self.rule.hard_deletes == HardDeletes::NewRecord {
            parts.push(self.deletions(former_columns, &gone));
        }
        format!(
            "with present as (\n{}\n),\nformer as (\nselect * from {former}\n),\nholding as (\nselect * from former where {}\n)\n{}",
            self.inputs.query,
            self.holds("former"),
            parts.join("\nunion all\n")
        )
    }

    /// The former snapshot, with the rows that have ended closed.
    fn history(&self, former_columns: &[String], gone: &[String]) -> String {
        let meta = &self.rule.meta;
        let columns = self.columns_of("former", former_columns, gone);
        let missing = format!("present.{} is null", quote_identifier(self.first_key()));
        let deleted = match self.rule.hard_deletes {
            HardDeletes::Ignore => "false".to_owned(),
            HardDeletes::Invalidate => missing,
            HardDeletes::NewRecord => {
                format!("{missing} and not {}", self.was_deleted("former", former_columns))
            }
        };
        let [scd_id, updated_at, valid_from, valid_to] =
            [&meta.scd_id, &meta.updated_at, &meta.valid_from, &meta.valid_to].map(|c| quote_identifier(c));
        format!(
            "select {columns}, former.{scd_id}, former.{updated_at}, former.{valid_from},\n    case when not ({holds}) then former.{valid_to}\n        when {deleted} then {now}\n        when present.{key} is not null and ({changed} or {was_deleted}) then {changed_at}\n        else former.{valid_to} end as {valid_to}{is_deleted}\nfrom former\nleft join present on {on} and {holds}",
            holds = self.holds("former"),
            now = self.inputs.now,
            key = quote_identifier(self.first_key()),
            changed = self.changed("former", "present"),
            was_deleted = self.was_deleted("former", former_columns),
            changed_at = self.changed_at("present"),
            is_deleted = self.is_deleted_column(&self.was_deleted("former", former_columns)),
            on = self.same_key("former", "present"),
        )
    }

    /// The rows that are new or changed, or back.
    fn begun(&self, former_columns: &[String], gone: &[String]) -> String {
        let columns = list("present", self.inputs.columns);
        let nulls: Vec<String> = gone
            .iter()
            .map(|column| format!(", null as {}", quote_identifier(column)))
            .collect();
        let nulls = nulls.concat();
        format!(
            "select {columns}{nulls}, {}\nfrom present\nleft join holding on {}\nwhere holding.{} is null or {} or {}",
            self.opened("present", &self.changed_at("present"), "false"),
            self.same_key("holding", "present"),
            quote_identifier(self.first_key()),
            self.changed("holding", "present"),
            self.was_deleted("holding", former_columns),
        )
    }

    /// With `new_record`: a row per key that is gone.
    fn deletions(&self, former_columns: &[String], gone: &[String]) -> String {
        format!(
            "select {}, {}\nfrom holding\nleft join present on {}\nwhere present.{} is null and not {}",
            self.columns_of("holding", former_columns, gone),
            self.opened("holding", self.inputs.now, "true"),
            self.same_key("holding", "present"),
            quote_identifier(self.first_key()),
            self.was_deleted("holding", former_columns),
        )
    }

    fn opened(&self, table: &str, changed_at: &str, deleted: &str) -> String {
        let meta = &self.rule.meta;
        let keys: Vec<String> = self
            .rule
            .unique_key
            .iter()
            .map(|key| format!("coalesce(cast({table}.{} as varchar), '')", quote_identifier(key)))
            .chain([format!(
                "coalesce(replace(cast({changed_at} as varchar), 'T', ' '), '')"
            )])
            .collect();
        let current = self.rule.valid_to_current.as_deref().unwrap_or("null");
        format!(
            "md5({}) as {}, {changed_at} as {}, {changed_at} as {},\n    cast({current} as timestamp) as {}{}",
            keys.join(" || '|' || "),
            quote_identifier(&meta.scd_id),
            quote_identifier(&meta.updated_at),
            quote_identifier(&meta.valid_from),
            quote_identifier(&meta.valid_to),
            self.is_deleted_column(deleted),
        )
    }

    fn is_deleted_column(&self, value: &str) -> String {
        match self.rule.hard_deletes {
            HardDeletes::NewRecord => {
                format!(
                    ", case when {value} then 'True' else 'False' end as {}",
                    quote_identifier(&self.rule.meta.is_deleted)
                )
            }
            HardDeletes::Ignore | HardDeletes::Invalidate => String::new(),
        }
    }

    fn was_deleted(&self, table: &str, former_columns: &[String]) -> String {
        if former_columns.contains(&self.rule.meta.is_deleted) {
            format!(
                "coalesce({table}.{} = 'True', false)",
                quote_identifier(&self.rule.meta.is_deleted)
            )
        } else {
            "false".to_owned()
        }
    }

    fn holds(&self, table: &str) -> String {
        let valid_to = format!("{table}.{}", quote_identifier(&self.rule.meta.valid_to));
        match &self.rule.valid_to_current {
            None => format!("{valid_to} is null"),
            Some(current) => format!("({valid_to} is null or {valid_to} = cast({current} as timestamp))"),
        }
    }

    fn changed(&self, former: &str, present: &str) -> String {
        match &self.rule.strategy {
            Strategy::Timestamp { updated_at } => format!(
                "{former}.{} < cast({present}.{} as timestamp)",
                quote_identifier(&self.rule.meta.updated_at),
                quote_identifier(updated_at)
            ),
            Strategy::Check { columns, .. } => {
                let differs: Vec<String> = columns
                    .iter()
                    .map(|column| quote_identifier(column))
                    .map(|column| format!("{former}.{column} is distinct from {present}.{column}"))
                    .collect();
                format!("({})", differs.join(" or "))
            }
        }
    }

    fn changed_at(&self, present: &str) -> String {
        match &self.rule.strategy {
            Strategy::Timestamp { updated_at }
            | Strategy::Check {
                updated_at: Some(updated_at),
                ..
            } => {
                format!("cast({present}.{} as timestamp)", quote_identifier(updated_at))
            }
            Strategy::Check { updated_at: None, .. } => self.inputs.now.to_owned(),
        }
    }

    fn same_key(&self, left: &str, right: &str) -> String {
        let equal: Vec<String> = self
            .rule
            .unique_key
            .iter()
            .map(|key| quote_identifier(key))
            .map(|key| format!("{left}.{key} = {right}.{key}"))
            .collect();
        equal.join(" and ")
    }

    fn first_key(&self) -> &str {
        self.rule
            .unique_key
            .first()
            .map(String::as_str)
            .unwrap_or_default()
    }

    /// The present columns as a former row has them, null where it has none, then the ones that only it has.
    fn columns_of(&self, table: &str, former_columns: &[String], gone: &[String]) -> String {
        let present = self.inputs.columns.iter().map(|column| {
            let name = quote_identifier(column);
            if former_columns.contains(column) {
                format!("{table}.{name}")
            } else {
                format!("null as {name}")
            }
        });
        let rest = gone
            .iter()
            .map(|column| format!("{table}.{}", quote_identifier(column)));
        present.chain(rest).collect::<Vec<_>>().join(", ")
    }
}

fn list(table: &str, columns: &[String]) -> String {
    columns
        .iter()
        .map(|column| format!("{table}.{}", quote_identifier(column)))
        .collect::<Vec<_>>()
        .join(", ")
}
