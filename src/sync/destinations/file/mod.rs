//! Files: newline JSON, CSV and Parquet, on a disk or in an object store.
//!
//! A `snapshot` is one file, `<path>/<sync>.<format>`, replaced as a whole. Every other mode writes what changed as a
//! file of its own, `<path>/<sync>/<sync>-<number>.<format>`: the number counts the runs that delivered something, so
//! that a run repeated after a crash replaces its own file instead of adding a second. Nobody ever sees half a file,
//! and its rows count as delivered when it has its name.

mod csv;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::error::{Diagnostic, codes};
use crate::sync::change::{Change, Operation};
use crate::sync::config::{Mode, Settings, SyncConfig};
use crate::sync::destination::{
    Acknowledgement, Batch, Codec, Destination, Limits, Outcome, Payload, RunShape, Step,
};
use crate::sync::transport::{Exchange, FileFormat, Method, Request};

/// The member that says what happened to a row, where rows can be removed.
const OPERATION: &str = "_operation";

/// A folder or a URL that files are written below.
#[derive(Debug, Clone)]
struct FileDestination {
    path: String,
    format: FileFormat,
}

/// Reads `path` and `format` (`ndjson`, `csv` or `parquet`; `ndjson` where it is left out).
pub(super) fn read(settings: &mut Settings<'_>) -> Option<Arc<dyn Destination>> {
    let path = settings.required_text("path");
    let format = match settings.choice("format", &["ndjson", "csv", "parquet"]) {
        Some("csv") => FileFormat::Csv,
        Some("parquet") => FileFormat::Parquet,
        _ => FileFormat::Ndjson,
    };
    let path = path?.trim_end_matches('/').to_owned();
    if let Some((scheme, _)) = path.split_once("://")
        && !["s3", "gs", "az", "abfs", "abfss", "file"].contains(&scheme)
    {
        settings.fault(
            codes::SYNC_ADDRESS,
            "path",
            format!("files cannot be written to a `{scheme}://` address"),
        );
        return None;
    }
    Some(Arc::new(FileDestination { path, format }))
}

impl Destination for FileDestination {
    fn limits(&self) -> Limits {
        Limits {
            max_items: 20_000,
            max_bytes: 8 << 20,
            requests_per_second: None,
            concurrency: 1,
            timeout: Duration::from_mins(5),
            max_attempts: 1,
            max_throttle: Duration::from_mins(15),
        }
    }

    fn modes(&self) -> &'static [Mode] {
        &[
            Mode::Upsert,
            Mode::Insert,
            Mode::Update,
            Mode::Mirror,
            Mode::Snapshot,
        ]
    }

    fn is_marketing(&self) -> bool {
        false
    }

    fn probe(&self) -> Option<Request> {
        let probe = format!("{}/.headwater-probe", self.path);
        Some(Request::new("write a file", Method::Probe, probe))
    }

    fn codec(&self, sync: &SyncConfig) -> Result<Arc<dyn Codec>, Vec<Diagnostic>> {
        if sync.has_field(OPERATION) {
            let message = format!("sync `{}`: `{OPERATION}` is a name of our own", sync.name);
            return Err(vec![
                Diagnostic::error(codes::SYNC_FIELD, message).at(sync.span.clone()),
            ]);
        }
        Ok(Arc::new(FileCodec {
            destination: self.clone(),
            name: sync.name.to_string(),
            mode: sync.mode,
        }))
    }
}

#[derive(Debug)]
struct FileCodec {
    destination: FileDestination,
    name: String,
    mode: Mode,
}

impl FileCodec {
    fn url(&self, generation: u64) -> String {
        let (path, name) = (&self.destination.path, &self.name);
        let extension = self.destination.format.extension();
        match self.mode {
            Mode::Snapshot => format!("{path}/{name}.{extension}"),
            _ => format!("{path}/{name}/{name}-{:06}.{extension}", generation + 1),
        }
    }

    /// The columns of the file: the fields, and what happened to the row where that is not plain.
    fn columns(&self, shape: &RunShape) -> Vec<(String, String)> {
        let mut columns = shape.columns.clone();
        if self.mode == Mode::Mirror {
            columns.push((OPERATION.to_owned(), "varchar".to_owned()));
        }
        columns
    }

    fn row(&self, change: &Change) -> Map<String, Value> {
        let mut row = change.image().fields.clone();
        if self.mode == Mode::Mirror {
            row.insert(OPERATION.to_owned(), change.operation.as_str().into());
        }
        row
    }
}

impl Codec for FileCodec {
    fn encode(&self, change: &Change) -> Result<Payload, String> {
        if change.operation == Operation::Remove && self.mode != Mode::Mirror {
            return Ok(Payload::nothing());
        }
        let row = self.row(change);
        Ok(Payload::one(match self.destination.format {
            FileFormat::Csv => csv::line(row.values())?,
            FileFormat::Ndjson | FileFormat::Parquet => {
                let mut line = Value::Object(row).to_string();
                line.push('\n');
                Bytes::from(line)
            }
        }))
    }

    fn next(&self, batch: &Batch<'_>, so_far: &[Exchange]) -> Step {
        if !so_far.is_empty() {
            return Step::Done(batch.records.iter().map(|_| Outcome::delivered()).collect());
        }
        let body: Vec<u8> = batch
            .records
            .iter()
            .flat_map(|record| record.payload.bytes.iter().copied())
            .collect();
        let mut request = Request::new("write rows", Method::Append, self.destination.path.clone());
        request.body = Bytes::from(body);
        Step::Send(vec![request])
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement::AtEnd
    }

    fn begin(&self, shape: &RunShape) -> Option<Request> {
        let header = match self.destination.format {
            FileFormat::Csv => csv::header(&self.columns(shape)),
            FileFormat::Ndjson | FileFormat::Parquet => Bytes::new(),
        };
        let mut request = Request::new("begin a file", Method::Create, self.destination.path.clone());
        request.body = header;
        Some(request)
    }

    fn finish(&self, shape: &RunShape) -> Option<Request> {
        let columns = self.columns(shape);
        let body = json!({"format": self.destination.format.extension(), "columns": columns});
        Some(Request::new("finish the file", Method::Commit, self.url(shape.generation)).json(&body))
    }
}
