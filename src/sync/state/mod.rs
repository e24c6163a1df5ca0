//! What a destination has acknowledged: per sync, a folder beside the warehouse's tables.
//!
//! ```text
//! <warehouse>/sync/<sync>/
//!   lock                     held by the one run there may be
//!   state.json               which generation counts, replaced in one step
//!   delivered-00000007/      the acknowledged rows: Parquet, never changed
//!   journal-00000007.ndjson  what was acknowledged since: appended and synchronised batch by batch
//!   rows/  runs/             the records: one file per run
//! ```
//!
//! # Invariants
//! - A row is in `delivered` or in the journal exactly when its request was acknowledged.
//! - Folding writes the next generation in full, then replaces `state.json`; a crash before that leaves the old
//!   generation with its journal, a crash after it leaves rubbish, which the next run clears away.

mod fold;
mod journal;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::config::SyncConfig;
use super::destination::Acknowledgement;
use crate::engine::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use crate::engine::{Engine, StoredTable, TableSource};
use crate::error::{Diagnostic, Error, Result, codes};
use crate::host::Host;

pub(crate) use journal::Journal;

/// The state of one sync, locked.
#[derive(Debug)]
pub(crate) struct SyncState {
    host: Host,
    folder: PathBuf,
    pointer: Pointer,
    _lock: Option<File>,
}

/// `state.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pointer {
    /// The generation that counts.
    generation: u64,
    /// Rows that the destination has.
    present: u64,
    /// The files of the generation, relative to the sync's folder.
    files: Vec<String>,
    /// The destination that acknowledged them.
    destination: String,
    /// The columns that make their key.
    primary_key: Vec<String>,
}

impl SyncState {
    /// Locks the state of a sync, clears away what a crash left behind and folds in what it had acknowledged.
    ///
    /// # Errors
    /// `HW0702` when another run holds it, `HW0707` when it cannot be read.
    pub(crate) async fn open(host: &Host, root: &Path, sync: &SyncConfig, engine: &Engine) -> Result<Self> {
        let folder = root.join(sync.name.as_str());
        let Some(lock) = host.try_lock(&folder.join("lock"))? else {
            let message = format!("sync `{}` is running already", sync.name);
            return Err(Diagnostic::error(codes::SYNC_LOCKED, message)
                .at(sync.span.clone())
                .into());
        };
        let mut state = Self::read(host, folder, Some(lock))?;
        state.clear()?;
        if Journal::mend(host, &state.journal_path())? {
            state.fold(engine, sync).await?;
        }
        Ok(state)
    }

    /// Reads the state of a sync without locking it, to look at what a run would do.
    ///
    /// # Errors
    /// `HW0707` when it cannot be read.
    pub(crate) fn peek(host: &Host, root: &Path, sync: &SyncConfig) -> Result<Self> {
        Self::read(host, root.join(sync.name.as_str()), None)
    }

    fn read(host: &Host, folder: PathBuf, lock: Option<File>) -> Result<Self> {
        let path = folder.join("state.json");
        let pointer = if host.exists(&path) {
            serde_json::from_str(&host.read_text(&path)?).map_err(|e| damaged(&path, &e.to_string()))?
        } else {
            Pointer::default()
        };
        Ok(Self {
            host: host.clone(),
            folder,
            pointer,
            _lock: lock,
        })
    }

    /// The number of times that the state has changed.
    pub(crate) fn generation(&self) -> u64 {
        self.pointer.generation
    }

    /// How many rows the destination has.
    pub(crate) fn present(&self) -> u64 {
        self.pointer.present
    }

    /// The sync's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks that what was acknowledged was acknowledged by this destination, under this key.
    ///
    /// # Errors
    /// `HW0706` when it was not.
    pub(crate) fn check_identity(&self, sync: &SyncConfig) -> Result<()> {
        let same = self.pointer.destination == sync.destination.as_str()
            && self.pointer.primary_key == sync.primary_key;
        if self.pointer.present == 0 || same {
            return Ok(());
        }
        let message = format!(
            "sync `{}` has delivered to `{}` by the key `{}` before",
            sync.name,
            self.pointer.destination,
            self.pointer.primary_key.join("`, `")
        );
        Err(Diagnostic::error(codes::SYNC_IDENTITY, message)
            .at(sync.span.clone())
            .hint("give the sync another name to start anew")
            .into())
    }

    /// Says whose acknowledgements the state holds from now on, before the first of them is written.
    ///
    /// # Errors
    /// `HW0706` when it holds another destination's, or another key's.
    pub(crate) fn claim(&mut self, sync: &SyncConfig) -> Result<()> {
        self.check_identity(sync)?;
        let claimed = Pointer {
            destination: sync.destination.as_str().to_owned(),
            primary_key: sync.primary_key.clone(),
            ..self.pointer.clone()
        };
        if claimed == self.pointer {
            return Ok(());
        }
        // What is remembered of rows that were removed belongs to whom they were removed from.
        self.point(Pointer {
            files: Vec::new(),
            ..claimed
        })
    }

    /// Replaces `state.json`.
    fn point(&mut self, pointer: Pointer) -> Result<()> {
        let text = serde_json::to_string_pretty(&pointer).map_err(|e| Error::Internal(e.to_string()))?;
        self.host
            .write_atomic(&self.folder.join("state.json"), text.as_bytes())?;
        self.pointer = pointer;
        Ok(())
    }

    /// The acknowledged rows, as a relation of the columns of [`state_schema`].
    pub(crate) fn delivered(&self) -> TableSource {
        if self.pointer.files.is_empty() {
            return TableSource::Empty(state_schema());
        }
        TableSource::Parquet(StoredTable {
            files: self
                .pointer
                .files
                .iter()
                .map(|file| self.folder.join(file))
                .collect(),
            schema: state_schema(),
        })
    }

    /// Opens the journal of this generation.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn journal(&self, run_id: &str, acknowledgement: Acknowledgement) -> Result<Journal> {
        Journal::open(&self.host, self.journal_path(), run_id, acknowledgement)
    }

    fn journal_path(&self) -> PathBuf {
        Journal::path(&self.folder, self.pointer.generation)
    }

    /// Removes what no generation that counts refers to.
    fn clear(&self) -> Result<()> {
        let journal = self.journal_path();
        for path in self.host.list(&self.folder)? {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let is_old_table = name.starts_with("delivered-")
                && !self
                    .pointer
                    .files
                    .iter()
                    .any(|file| file.starts_with(&format!("{name}/")));
            let is_old_journal = name.starts_with("journal-") && path != journal;
            if is_old_table || is_old_journal || name == "changes" {
                self.host.remove(&path)?;
            }
        }
        Ok(())
    }
}

fn damaged(path: &Path, fault: &str) -> Error {
    Diagnostic::error(
        codes::SYNC_STATE,
        format!("the state `{}` cannot be read: {fault}", path.display()),
    )
    .into()
}

/// The columns of the acknowledged rows.
///
/// # Shape
/// One row per key that was ever acknowledged: `k`; `digest`, `fields` (a JSON object) and `audiences` (names joined
/// by commas), null once the row was removed; `remote` (JSON); `epoch`, how often it was acknowledged; `delivered_at`.
pub(crate) fn state_schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("k"),
        text("digest"),
        text("fields"),
        text("audiences"),
        text("remote"),
        Field::new("epoch", DataType::Int64, true),
        Field::new(
            "delivered_at",
            DataType::Timestamp(TimeUnit::Microsecond, None),
            true,
        ),
    ]))
}
