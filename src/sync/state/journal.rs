//! The journal: every outcome, on disk as soon as it is known.
//!
//! A file of JSON lines beside the delivered rows. Each line is the whole new state of its row, so that folding the
//! journal in needs no look at the old one, and all its members are text, so that any reader of JSON lines agrees on
//! the columns.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use chrono::SecondsFormat;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::host::Host;
use crate::sync::change::{Change, Image, Operation};
use crate::sync::delivery::{Entry, Ledger, Status};
use crate::sync::destination::Acknowledgement;

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    host: Host,
    path: PathBuf,
    run_id: String,
    acknowledgement: Acknowledgement,
    file: Mutex<File>,
}

/// A line of the journal.
#[derive(Serialize)]
struct Line<'a> {
    run_id: &'a str,
    key: &'a str,
    key_hash: String,
    operation: &'static str,
    status: &'static str,
    reason: &'a str,
    attempts: String,
    sent_at: String,
    effect: &'static str,
    digest: &'a str,
    fields: String,
    audiences: String,
    remote: String,
    epoch: String,
}

impl Journal {
    /// The journal's file of a generation.
    pub(super) fn path(folder: &Path, generation: u64) -> PathBuf {
        folder.join(format!("journal-{generation:08}.ndjson"))
    }

    /// Opens the journal of a run. That of a destination which acknowledges at the end bears another name until it is
    /// sealed.
    pub(super) fn open(
        host: &Host,
        path: PathBuf,
        run_id: &str,
        acknowledgement: Acknowledgement,
    ) -> Result<Self> {
        let journal = match acknowledgement {
            Acknowledgement::PerBatch => path.clone(),
            Acknowledgement::AtEnd => held(&path),
        };
        let file = host.open_append(&journal)?;
        if let Some(folder) = path.parent() {
            host.sync_folder(folder)?;
        }
        Ok(Self {
            host: host.clone(),
            path,
            run_id: run_id.to_owned(),
            acknowledgement,
            file: Mutex::new(file),
        })
    }

    /// Mends a journal that a crash may have left in the middle of a line; says whether anything is in it.
    pub(super) fn mend(host: &Host, path: &Path) -> Result<bool> {
        host.remove(&held(path))?;
        if !host.exists(path) {
            return Ok(false);
        }
        let mut reader = BufReader::new(host.open_read(path)?);
        let (mut whole, mut line) = (0_u64, Vec::new());
        loop {
            line.clear();
            let read = reader
                .read_until(b'\n', &mut line)
                .map_err(|e| Error::io("read", path, e))?;
            let is_whole = line.ends_with(b"\n") && serde_json::from_slice::<Value>(&line).is_ok();
            if !is_whole {
                break;
            }
            whole += u64::try_from(read).unwrap_or_default();
        }
        host.truncate(path, whole)?;
        Ok(whole > 0)
    }

    fn append(&self, lines: &[u8], durable: bool) -> Result<()> {
        let mut file = self.file.lock();
        file.write_all(lines)
            .and_then(|()| if durable { file.sync_data() } else { Ok(()) })
            .map_err(|e| Error::io("write", &self.path, e))
    }

    fn line(&self, entry: &Entry<'_>, buffer: &mut Vec<u8>) -> Result<()> {
        let change = entry.change;
        let (effect, digest, image) = effect(entry);
        let line = Line {
            run_id: &self.run_id,
            key: change.key.expose(),
            key_hash: change.key.hash(),
            operation: change.operation.as_str(),
            status: entry.status.as_str(),
            reason: entry.reason.unwrap_or_default(),
            attempts: entry.attempts.to_string(),
            sent_at: entry
                .at
                .naive_utc()
                .and_utc()
                .to_rfc3339_opts(SecondsFormat::Micros, true),
            effect,
            digest,
            fields: image
                .map(|image| json(&image.fields))
                .transpose()?
                .unwrap_or_default(),
            audiences: image.map(|image| image.audiences.join(",")).unwrap_or_default(),
            remote: remote(entry.remote.unwrap_or(&change.remote)),
            epoch: match effect {
                "put" | "drop" => change.epoch + 1,
                _ => change.epoch,
            }
            .to_string(),
        };
        serde_json::to_writer(&mut *buffer, &line).map_err(|e| Error::Internal(format!("journal: {e}")))?;
        buffer.push(b'\n');
        Ok(())
    }
}

impl Ledger for Journal {
    fn write(&self, entries: &[Entry<'_>]) -> Result<()> {
        let mut buffer = Vec::with_capacity(entries.len() * 512);
        for entry in entries {
            self.line(entry, &mut buffer)?;
        }
        self.append(&buffer, self.acknowledgement == Acknowledgement::PerBatch)
    }

    fn seal(&self) -> Result<()> {
        if self.acknowledgement == Acknowledgement::PerBatch {
            return Ok(());
        }
        self.append(b"", true)?;
        self.host.rename(&held(&self.path), &self.path)?;
        match self.path.parent() {
            Some(folder) => self.host.sync_folder(folder),
            None => Ok(()),
        }
    }
}

/// What an outcome does to the state of its row: `put` what was sent, `drop` it, `note` what the destination told us,
/// or `keep` all as it is.
fn effect<'a>(entry: &Entry<'a>) -> (&'static str, &'a str, Option<&'a Image>) {
    let change: &'a Change = entry.change;
    match (entry.status, change.operation) {
        (Status::Delivered, Operation::Remove) => ("drop", "", None),
        (Status::Delivered, Operation::Keep) => ("keep", "", None),
        (Status::Delivered | Status::Observed, _) => ("put", &change.digest, Some(&change.now)),
        _ if entry.remote.is_some() => ("note", &change.old_digest, change.before.as_ref()),
        _ => ("keep", "", None),
    }
}

fn remote(value: &Value) -> String {
    if value.is_null() {
        String::new()
    } else {
        value.to_string()
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Internal(format!("journal: {e}")))
}

fn held(path: &Path) -> PathBuf {
    path.with_extension("held.ndjson")
}
