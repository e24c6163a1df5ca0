//! What changed: the model against what the destination has acknowledged.
//!
//! The engine compares: one full join by key of the model's row hashes with the acknowledged ones, so that unchanged
//! rows never leave it. The comparison is written down narrowly first, which gives the counts that guards need; the
//! changed rows are then read in full, a range of keys at a time, so that a million of them take no more memory than
//! the first thousand.

mod page;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use page::Page;

use super::change::{Change, Image, Operation, RecordKey};
use super::config::{Mode, SyncConfig};
use super::mapping::Mapping;
use super::parallel;
use super::rows;
use super::sql::{self, quoted, relation};
use super::state::SyncState;
use crate::engine::arrow::array::RecordBatch;
use crate::engine::{
    Durability, Engine, PlannedQuery, RowOrder, Scope, SortKey, StoredTable, TableSource, WriteOptions,
};
use crate::error::{Error, Result};
use crate::host::Host;

/// How many changes are read at once.
const RANGE_ROWS: usize = 200_000;

/// How many of them are made into values at once.
const PIECE_ROWS: usize = 512;

/// How many rows were found in each condition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// New rows.
    pub added: u64,
    /// Rows that are not as they were acknowledged.
    pub changed: u64,
    /// Rows to be removed: they left the model, or may no longer be sent.
    pub removed: u64,
    /// Rows that left the model and stay at the destination, as the mode has it.
    pub left: u64,
    /// Rows that are as they were acknowledged.
    pub unchanged: u64,
    /// Rows that may not be sent: their contacts are not marketable.
    pub suppressed: u64,
    /// Rows without a key, of a key that others have too, or without a required value.
    pub unfit: u64,
    /// Rows that the destination had before.
    pub present: u64,
    /// Rows of the model, as far as they have a key.
    pub incoming: u64,
}

/// A comparison, written down.
#[derive(Debug)]
pub(crate) struct Diff {
    folder: PathBuf,
    host: Host,
    scope: Scope,
    mapping: Mapping,
    /// How many rows there are of each kind.
    pub counts: Counts,
    resync: Resync,
}

/// What a comparison is made between.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparison<'a> {
    /// The sync.
    pub sync: &'a SyncConfig,
    /// Its mapping.
    pub mapping: &'a Mapping,
    /// Its model.
    pub model: &'a PlannedQuery,
    /// What was acknowledged.
    pub state: &'a SyncState,
    /// Whether unchanged rows count as changed.
    pub resync: Resync,
}

/// Whether rows are sent that the destination has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resync {
    /// Only what changed is sent.
    #[default]
    Changes,
    /// Everything is sent.
    Full,
}

impl Diff {
    /// Compares; the outcome is kept in `folder` until the value is dropped.
    ///
    /// # Errors
    /// When the model cannot be read or the folder not be written.
    pub(crate) async fn compare(
        engine: &Engine,
        host: &Host,
        folder: &Path,
        of: Comparison<'_>,
    ) -> Result<Self> {
        let mut scope = sql::scope();
        scope.insert(relation("model"), TableSource::View(of.model.clone()));
        scope.insert(relation("delivered"), of.state.delivered());
        let query = sql::plan(engine, &changes_sql(&of), &scope)?;
        host.remove(folder)?;
        let options = WriteOptions {
            durability: Durability::Later,
            row_order: RowOrder::Settled,
            sort_by: vec![SortKey {
                column: "k".to_owned(),
                descending: false,
            }],
        };
        let written = engine
            .write_parquet(&query, folder, &options)
            .await
            .map_err(sql::failed)?;
        scope.insert(
            relation("changes"),
            TableSource::Parquet(StoredTable {
                files: written.files.iter().map(|file| folder.join(&file.name)).collect(),
                schema: written.schema,
            }),
        );
        let mut diff = Self {
            folder: folder.to_path_buf(),
            host: host.clone(),
            scope,
            mapping: of.mapping.clone(),
            counts: Counts::default(),
            resync: of.resync,
        };
        diff.counts = diff.count(engine, of.sync.mode, of.state.present()).await?;
        Ok(diff)
    }

    async fn count(&self, engine: &Engine, mode: Mode, present: u64) -> Result<Counts> {
        let batches = self
            .rows(
                engine,
                "select kind, count(*) as n, sum(copies) as copies, count(old_digest) as known from changes group by kind",
            )
            .await?;
        let mut counts = Counts {
            present,
            ..Counts::default()
        };
        let mut known = 0;
        for (batch, row) in each_row(&batches) {
            let number = |column| {
                let value = rows::integer(batch, column, row).unwrap_or_default();
                u64::try_from(value).unwrap_or_default()
            };
            let n = number("n");
            match rows::text(batch, "kind", row).unwrap_or_default() {
                "add" => counts.added += n,
                "change" if matches!(mode, Mode::Insert | Mode::Track) => continue,
                "change" => counts.changed += n,
                "remove" if mode.removes() => counts.removed += n,
                "withdraw" if mode != Mode::Track => counts.removed += n,
                "remove" | "withdraw" => counts.left += n,
                "suppressed" => counts.suppressed += n,
                "keep" => continue,
                _ => counts.unfit += number("copies"),
            }
            known += number("known");
            counts.incoming += number("copies");
        }
        counts.unchanged = present.saturating_sub(known);
        counts.incoming += counts.unchanged;
        Ok(counts)
    }

    /// The rows that are not fit to be sent, with the reason.
    ///
    /// # Errors
    /// When the comparison cannot be read.
    pub(crate) async fn unfit(&self, engine: &Engine) -> Result<Vec<(Change, String)>> {
        let sql = "select k, kind, copies, missing from changes where kind in ('null', 'duplicate', 'incomplete') order by k";
        let batches = self.rows(engine, sql).await?;
        Ok(each_row(&batches)
            .map(|(batch, row)| {
                let copies = rows::integer(batch, "copies", row).unwrap_or_default();
                let reason = match rows::text(batch, "kind", row) {
                    Some("null") if copies == 1 => "the primary key is null".to_owned(),
                    Some("null") => format!("the primary key is null in {copies} rows"),
                    Some("duplicate") => format!("the primary key is that of {copies} rows"),
                    _ => {
                        let field = rows::text(batch, "missing", row).unwrap_or_default();
                        format!("the required field `{field}` has no value")
                    }
                };
                (bare(rows::text(batch, "k", row).unwrap_or_default()), reason)
            })
            .collect())
    }

    /// The changes that a mode sends, in the order of their keys.
    pub(crate) fn changes<'a>(
        &'a self,
        engine: &'a Engine,
        kinds: &[&'static str],
    ) -> BoxStream<'a, Result<Change>> {
        let kinds = kinds
            .iter()
            .map(|kind| quoted(kind))
            .collect::<Vec<_>>()
            .join(", ");
        stream::once(async move {
            let starts = self.range_starts(engine, &kinds).await?;
            let ends = starts.iter().skip(1).map(Some).chain([None]);
            let ranges: Vec<String> = starts
                .iter()
                .zip(ends)
                .map(|(start, end)| self.range_sql(&kinds, start, end.map(String::as_str)))
                .collect();
            Ok::<_, Error>(
                stream::iter(ranges.into_iter().map(Ok))
                    .and_then(move |sql| self.range(engine, sql))
                    .try_flatten(),
            )
        })
        .try_flatten()
        .boxed()
    }

    /// The changes of a range of keys.
    async fn range<'a>(&'a self, engine: &'a Engine, sql: String) -> Result<BoxStream<'a, Result<Change>>> {
        let query = sql::plan(engine, &sql, &self.scope)?;
        let batches = engine.stream(&query).await.map_err(sql::failed)?;
        let pieces = batches
            .map(move |batch| batch.map_err(|e| sql::failed(engine.locate(e, &query))))
            .and_then(async move |batch| {
                let page = Arc::new(Page::of(&batch, self.mapping.names(), self.resync)?);
                let starts = (0..batch.num_rows()).step_by(PIECE_ROWS);
                Ok(stream::iter(starts.map(move |start| {
                    let rows = start..batch.num_rows().min(start + PIECE_ROWS);
                    Ok((Arc::clone(&page), rows))
                })))
            })
            .try_flatten();
        let changes = parallel::mapped(pieces, |(page, rows): (Arc<Page>, Range<usize>)| {
            rows.map(|row| page.change(row)).collect::<Vec<_>>()
        });
        Ok(changes
            .map_ok(|changes| stream::iter(changes.into_iter().map(Ok)))
            .try_flatten()
            .boxed())
    }

    /// The first key of each range.
    async fn range_starts(&self, engine: &Engine, kinds: &str) -> Result<Vec<String>> {
        let sql = format!(
            "select k from (select k, row_number() over (order by k) as place from changes where kind in ({kinds})) as placed
             where place % {RANGE_ROWS} = 1 order by k"
        );
        let batches = self.rows(engine, &sql).await?;
        Ok(each_row(&batches)
            .filter_map(|(batch, row)| rows::text(batch, "k", row).map(str::to_owned))
            .collect())
    }

    fn range_sql(&self, kinds: &str, start: &str, end: Option<&str>) -> String {
        let mut range = format!("k >= {}", quoted(start));
        if let Some(end) = end {
            range = format!("{range} and k < {}", quoted(end));
        }
        let fields = (0..self.mapping.names().count()).map(|index| format!("mapped.f{index}"));
        let columns: Vec<String> = std::iter::once("mapped.audiences".to_owned())
            .chain(fields)
            .collect();
        let columns = columns.join(", ");
        format!(
            "select touched.k, touched.kind, touched.digest, touched.old_digest, former.fields as old_fields,
                former.audiences as old_audiences, former.remote, former.epoch, {columns}
             from (select * from changes where kind in ({kinds}) and {range}) as touched
             left join (select * from delivered where {range}) as former on touched.k = former.k
             left join (select * from ({}) as every where {range}) as mapped on touched.k = mapped.k
             order by touched.k",
            self.mapping.mapped()
        )
    }

    async fn rows(&self, engine: &Engine, sql: &str) -> Result<Vec<RecordBatch>> {
        let query = sql::plan(engine, sql, &self.scope)?;
        engine.rows(&query, None).await.map_err(sql::failed)
    }
}

impl Drop for Diff {
    fn drop(&mut self) {
        // What stays behind is cleared away by the next run.
        drop(self.host.remove(&self.folder));
    }
}

impl Counts {
    /// How many rows a mode sends.
    pub fn to_send(&self, mode: Mode, resync: Resync) -> u64 {
        let touched = match mode {
            Mode::Insert => self.added + self.removed,
            Mode::Update => self.changed + self.removed,
            Mode::Track => self.added,
            _ => self.added + self.changed + self.removed,
        };
        let is_whole = mode == Mode::Snapshot && touched > 0;
        if is_whole || (resync == Resync::Full && mode != Mode::Insert) {
            touched + self.unchanged
        } else {
            touched
        }
    }
}

/// The kinds of change that a mode sends.
pub(crate) fn sent_kinds(mode: Mode, resync: Resync) -> Vec<&'static str> {
    let mut kinds = match mode {
        Mode::Upsert | Mode::Identify => vec!["add", "change", "withdraw"],
        Mode::Insert => vec!["add", "withdraw"],
        Mode::Update => vec!["change", "withdraw"],
        Mode::Mirror | Mode::Audience => vec!["add", "change", "remove", "withdraw"],
        Mode::Track => vec!["add"],
        Mode::Snapshot => vec!["add", "change", "keep", "remove", "withdraw"],
    };
    if resync == Resync::Full && mode != Mode::Insert {
        kinds.push("keep");
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// One row for every key that is not as it was: `kind` says how.
///
/// `withdraw` is the removal of a row that may no longer be sent; `keep` stands only where all rows are wanted.
fn changes_sql(of: &Comparison<'_>) -> String {
    let everything = of.sync.mode == Mode::Snapshot || of.resync == Resync::Full;
    let wanted = if everything {
        "kind <> 'gone'"
    } else {
        "kind not in ('gone', 'keep')"
    };
    format!(
        "with incoming as ({narrow}),
        keyed as (
            select k, count(*) as copies, min(digest) as digest, bool_or(suppressed) as suppressed, min(missing) as missing
            from incoming group by k
        ),
        compared as (
            select
                coalesce(keyed.k, delivered.k) as k, keyed.copies, keyed.missing, keyed.digest,
                delivered.digest as old_digest,
                case
                    when keyed.copies is null and delivered.digest is null then 'gone'
                    when keyed.copies is null then 'remove'
                    when keyed.k is null then 'null'
                    when keyed.suppressed and delivered.digest is not null then 'withdraw'
                    when keyed.suppressed then 'suppressed'
                    when keyed.copies > 1 then 'duplicate'
                    when keyed.missing is not null then 'incomplete'
                    when delivered.digest is null then 'add'
                    when delivered.digest <> keyed.digest then 'change'
                    else 'keep'
                end as kind
            from keyed full join delivered on keyed.k = delivered.k
        )
        select * from compared where {wanted}",
        narrow = of.mapping.narrow(of.sync.mode),
    )
}

/// A change of which only the key is known.
fn bare(key: &str) -> Change {
    Change {
        key: RecordKey::new(key),
        operation: Operation::Add,
        now: Image::default(),
        before: None,
        remote: Value::Null,
        epoch: 0,
        digest: String::new(),
        old_digest: String::new(),
    }
}

fn each_row(batches: &[RecordBatch]) -> impl Iterator<Item = (&RecordBatch, usize)> {
    batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)))
}
