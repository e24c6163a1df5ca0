//! Folds the journal into the next generation of acknowledged rows, and its outcomes into the records.

use super::{Journal, Pointer, SyncState};
use crate::engine::arrow::array::{Array as _, Int64Array};
use crate::engine::{Engine, Scope, StoredTable, TableSource, WriteOptions};
use crate::error::Result;
use crate::sync::config::SyncConfig;
use crate::sync::records;
use crate::sync::sql::{self, relation};

/// What a journal's line says beside the outcome: the new state of its row.
const STATE: [&str; 6] = ["effect", "digest", "fields", "audiences", "remote", "epoch"];

const NEXT: &str = "
select
    key as k, nullif(digest, '') as digest, case when digest = '' then null else fields end as fields,
    case when digest = '' then null else audiences end as audiences, nullif(remote, '') as remote,
    cast(epoch as bigint) as epoch, cast(replace(sent_at, 'Z', '') as timestamp) as delivered_at
from journal
where effect <> 'keep'
union all
select delivered.k, delivered.digest, delivered.fields, delivered.audiences, delivered.remote, delivered.epoch,
    delivered.delivered_at
from (select key from journal where effect <> 'keep') as touched
right anti join delivered on touched.key = delivered.k";

impl SyncState {
    /// Takes what the journal says into the state and the records, in one step.
    ///
    /// # Errors
    /// When a file cannot be written; the old generation and its journal stay.
    pub(crate) async fn fold(&mut self, engine: &Engine, sync: &SyncConfig) -> Result<()> {
        let journal = self.journal_path();
        if !self.host.exists(&journal) || self.host.read_length(&journal)? == 0 {
            return self.host.remove(&journal);
        }
        let scope = self.scope(engine).await?;
        let next = self.pointer.generation + 1;
        let outcomes = self.folder.join(format!("rows/{next:08}"));
        self.host.remove(&outcomes)?;
        records::write_rows(engine, &scope, &outcomes, sync).await?;
        let mut pointer = Pointer {
            generation: next,
            ..self.pointer.clone()
        };
        let touches = "select count(*) from (select key from journal where effect <> 'keep' limit 1) as one";
        if count(engine, touches, &scope).await? > 0 {
            let name = format!("delivered-{next:08}");
            let query = sql::plan(engine, NEXT, &scope)?;
            let written = engine
                .write_parquet(&query, &self.folder.join(&name), &WriteOptions::default())
                .await
                .map_err(sql::failed)?;
            pointer.files = written
                .files
                .iter()
                .map(|file| format!("{name}/{}", file.name))
                .collect();
            let mut fresh = sql::scope();
            let files = pointer.files.iter().map(|file| self.folder.join(file)).collect();
            fresh.insert(
                relation("delivered"),
                TableSource::Parquet(StoredTable {
                    files,
                    schema: written.schema,
                }),
            );
            pointer.present = count(engine, "select count(digest) from delivered", &fresh).await?;
        }
        self.point(pointer)?;
        self.host.remove(&journal)?;
        self.clear()
    }

    async fn scope(&self, engine: &Engine) -> Result<Scope> {
        let path = Journal::path(&self.folder, self.pointer.generation);
        let members = [&records::OUTCOME[..], &STATE[..]].concat();
        let journal = engine.text_lines(&path, &members).await.map_err(sql::failed)?;
        let mut scope = sql::scope();
        scope.insert(relation("journal"), TableSource::Extract(journal));
        scope.insert(relation("delivered"), self.delivered());
        Ok(scope)
    }
}

async fn count(engine: &Engine, sql: &str, scope: &Scope) -> Result<u64> {
    let query = sql::plan(engine, sql, scope)?;
    let batches = engine.rows(&query, None).await.map_err(sql::failed)?;
    let count = batches.first().and_then(|batch| {
        let column = batch.column(0).as_any().downcast_ref::<Int64Array>()?;
        (!column.is_empty()).then(|| column.value(0))
    });
    Ok(count
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or_default())
}
