//! The records: `headwater_sync_runs` and `headwater_sync_rows`, Parquet tables like any other.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::config::SyncConfig;
use super::delivery::Tally;
use super::diff::Counts;
use super::rows;
use super::sql::{self, quoted, relation};
use crate::engine::arrow::datatypes::SchemaRef;
use crate::engine::{Engine, Scope, StoredTable, TableSource, WriteOptions};
use crate::error::Result;
use crate::host::Host;

/// The table with a row for each run.
pub const RUNS: &str = "headwater_sync_runs";

/// The table with a row for each row's outcome.
pub const ROWS: &str = "headwater_sync_rows";

const ROWS_SQL: &str = "
select
    {sync} as sync, run_id, key, key_hash, operation, status, nullif(reason, '') as reason,
    cast(attempts as bigint) as attempts, cast(replace(sent_at, 'Z', '') as timestamp) as sent_at
from journal";

/// The record of a run.
///
/// # Shape
/// One row of `headwater_sync_runs`, the members in order: texts, two instants (UTC), counts as `bigint`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run.
    pub run_id: String,
    /// The sync.
    pub sync: String,
    /// The destination.
    pub destination: String,
    /// The mode.
    pub mode: String,
    /// `succeeded`, `partial` (some rows were not taken), `halted`, `paused`, `refused` (by the guard), `failed` or
    /// `interrupted`.
    pub status: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; for an interrupted run, when that was found out.
    pub finished_at: DateTime<Utc>,
    /// What was found.
    pub counts: Counts,
    /// What was done.
    pub tally: Tally,
    /// Why it did not succeed.
    pub message: Option<String>,
}

impl RunRecord {
    fn sql(&self) -> String {
        let instant =
            |at: DateTime<Utc>| format!("cast('{}' as timestamp)", at.format("%Y-%m-%dT%H:%M:%S%.6f"));
        let message = self
            .message
            .as_deref()
            .map_or_else(|| "cast(null as varchar)".to_owned(), quoted);
        let numbers = self
            .numbers()
            .map(|(name, value)| format!("cast({value} as bigint) as {name}"))
            .join(", ");
        format!(
            "select {} as run_id, {} as sync, {} as destination, {} as mode, {} as status, {} as started_at,
             {} as finished_at, {numbers}, {message} as message",
            quoted(&self.run_id),
            quoted(&self.sync),
            quoted(&self.destination),
            quoted(&self.mode),
            quoted(&self.status),
            instant(self.started_at),
            instant(self.finished_at),
        )
    }

    fn numbers(&self) -> [(&'static str, u64); 14] {
        let (counts, tally) = (&self.counts, &self.tally);
        [
            ("added", counts.added),
            ("changed", counts.changed),
            ("removed", counts.removed),
            ("unchanged", counts.unchanged),
            ("suppressed", counts.suppressed),
            ("unfit", counts.unfit),
            ("delivered", tally.delivered),
            ("rejected", tally.rejected),
            ("failed", tally.failed),
            ("requests", tally.requests),
            ("retries", tally.retries),
            ("throttles", tally.throttles),
            ("bytes", tally.bytes),
            ("present", counts.present),
        ]
    }

    /// Writes the record into a sync's folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn write(&self, engine: &Engine, folder: &Path) -> Result<()> {
        let query = sql::plan(engine, &self.sql(), &sql::scope())?;
        let name = format!("{}-{}", self.started_at.format("%Y%m%dT%H%M%S%6f"), self.run_id);
        engine
            .write_parquet(&query, &folder.join("runs").join(name), &WriteOptions::default())
            .await
            .map(drop)
            .map_err(sql::failed)
    }
}

/// Writes the outcomes in a scope's `journal` down for good.
pub(super) async fn write_rows(
    engine: &Engine,
    scope: &Scope,
    folder: &Path,
    sync: &SyncConfig,
) -> Result<()> {
    let text = ROWS_SQL.replace("{sync}", &quoted(sync.name.as_str()));
    let query = sql::plan(engine, &text, scope)?;
    engine
        .write_parquet(&query, folder, &WriteOptions::default())
        .await
        .map(drop)
        .map_err(sql::failed)
}

/// A table of records, as it stands.
#[derive(Debug, Clone)]
pub struct RecordTable {
    /// Its name.
    pub name: &'static str,
    /// What it is made of.
    pub source: TableSource,
}

/// What a row's outcome is told with, in the journal and in the records.
pub(super) const OUTCOME: [&str; 8] = [
    "run_id",
    "key",
    "key_hash",
    "operation",
    "status",
    "reason",
    "attempts",
    "sent_at",
];

/// The tables of records below the folder of all syncs' states.
///
/// # Errors
/// When a folder cannot be read.
pub fn tables(engine: &Engine, host: &Host, root: &Path) -> Result<[RecordTable; 2]> {
    let text_column = "cast(null as varchar)";
    let journal = OUTCOME.map(|name| format!("{text_column} as {name}")).join(", ");
    let rows_sql = ROWS_SQL
        .replace("{sync}", text_column)
        .replace("from journal", &format!("from (select {journal}) as journal"));
    Ok([
        table(
            RUNS,
            files(host, root, "runs")?,
            &schema(engine, &RunRecord::default().sql())?,
        ),
        table(ROWS, files(host, root, "rows")?, &schema(engine, &rows_sql)?),
    ])
}

fn schema(engine: &Engine, sql: &str) -> Result<SchemaRef> {
    Ok(sql::plan(engine, sql, &sql::scope())?.schema())
}

fn table(name: &'static str, files: Vec<PathBuf>, schema: &SchemaRef) -> RecordTable {
    let schema = SchemaRef::clone(schema);
    let source = if files.is_empty() {
        TableSource::Empty(schema)
    } else {
        TableSource::Parquet(StoredTable { files, schema })
    };
    RecordTable { name, source }
}

fn files(host: &Host, root: &Path, kind: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for sync in host.list(root)? {
        let parquet = host.walk(&sync.join(kind));
        files.extend(
            parquet
                .into_iter()
                .filter(|path| path.extension().is_some_and(|kind| kind == "parquet")),
        );
    }
    Ok(files)
}

/// One line of `headwater sync history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// Cells by column: the run's members as text.
    pub cells: Vec<String>,
}

/// The columns of [`history`].
pub const HISTORY_COLUMNS: [&str; 9] = [
    "started_at",
    "sync",
    "destination",
    "status",
    "added",
    "changed",
    "removed",
    "delivered",
    "message",
];

/// The columns of [`failures`].
pub const FAILURE_COLUMNS: [&str; 6] = ["sync", "row", "operation", "attempts", "sent_at", "reason"];

/// The latest runs of some syncs, the newest first.
///
/// # Errors
/// When the records cannot be read.
pub async fn history(
    ctx: (&Engine, &Host, &Path),
    syncs: &[&SyncConfig],
    limit: usize,
) -> Result<Vec<HistoryLine>> {
    let columns = HISTORY_COLUMNS
        .map(|column| format!("cast({column} as varchar) as {column}"))
        .join(", ");
    let sql = format!(
        "select {columns} from (
            select *, started_at as instant from {RUNS} where sync in ({})
            order by started_at desc, run_id limit {limit}
         ) as latest order by instant desc, run_id",
        name_list(syncs)
    );
    lines(ctx, &sql, &HISTORY_COLUMNS).await
}

/// The rows that their destination has not taken: the last outcome of each that was no delivery. A row shows as the
/// beginning of its key's hash.
///
/// # Errors
/// When the records cannot be read.
pub async fn failures(ctx: (&Engine, &Host, &Path), syncs: &[&SyncConfig]) -> Result<Vec<HistoryLine>> {
    let sql = format!(
        "select sync, substr(key_hash, 1, 12) as row, operation, cast(attempts as varchar) as attempts,
            cast(sent_at as varchar) as sent_at, reason
         from (
            select *, row_number() over (partition by sync, key order by sent_at desc, run_id desc) as place
            from {ROWS} where sync in ({})
         ) as placed
         where place = 1 and status in ('rejected', 'failed')
         order by sync, row",
        name_list(syncs)
    );
    lines(ctx, &sql, &FAILURE_COLUMNS).await
}

fn name_list(syncs: &[&SyncConfig]) -> String {
    let names: Vec<String> = syncs.iter().map(|sync| quoted(sync.name.as_str())).collect();
    if names.is_empty() {
        "''".to_owned()
    } else {
        names.join(", ")
    }
}

async fn lines(
    (engine, host, root): (&Engine, &Host, &Path),
    sql: &str,
    columns: &[&str],
) -> Result<Vec<HistoryLine>> {
    let mut scope = sql::scope();
    for table in tables(engine, host, root)? {
        scope.insert(relation(table.name), table.source);
    }
    let query = sql::plan(engine, sql, &scope)?;
    let batches = engine.rows(&query, None).await.map_err(sql::failed)?;
    let mut lines = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cell = |column: &&str| rows::text(batch, column, row).unwrap_or_default().to_owned();
            lines.push(HistoryLine {
                cells: columns.iter().map(cell).collect(),
            });
        }
    }
    Ok(lines)
}
