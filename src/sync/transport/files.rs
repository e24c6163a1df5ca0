//! The transport of the file destination: what is written is put aside, and gets its name when all is there.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, WriteMultipart};
use parking_lot::Mutex;
use serde::Deserialize;
use tempfile::TempDir;
use url::Url;

use super::{Method, Request, Response, Transport, TransportError};
use crate::engine::{
    DeclaredColumn, Durability, Engine, RowOrder, Scope, SortKey, TableSource, WriteOptions,
};
use crate::host::Host;
use crate::names::{RelationName, quote_identifier};

/// How much of a file is sent to an object store at once.
const PART_BYTES: usize = 8 << 20;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileFormat {
    /// One JSON object on each line.
    Ndjson,
    /// Comma-separated values with a header.
    Csv,
    /// Parquet, of the types that the model has.
    Parquet,
}

impl FileFormat {
    /// The end of the file's name, without the dot.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// What a `COMMIT` says of the file.
#[derive(Debug, Deserialize)]
struct Finish {
    format: FileFormat,
    columns: Vec<(String, String)>,
}

/// Writes files: on this machine, synchronised and renamed; in an object store, uploaded in one step.
#[derive(Debug)]
pub struct FileTransport {
    host: Host,
    engine: Engine,
    base: PathBuf,
    open: Mutex<Option<Draft>>,
}

/// A file that nobody sees yet.
#[derive(Debug)]
struct Draft {
    folder: TempDir,
    file: File,
}

impl Draft {
    fn path(&self) -> PathBuf {
        self.folder.path().join("rows.ndjson")
    }
}

type Done = Result<(), TransportError>;

impl FileTransport {
    /// Makes a transport whose relative paths start from `base`.
    pub fn new(host: Host, engine: Engine, base: PathBuf) -> Self {
        Self {
            host,
            engine,
            base,
            open: Mutex::new(None),
        }
    }

    /// Starts a draft: in the folder of the file where that is on this machine, so that a rename is one step.
    fn create(&self, request: &Request) -> Done {
        let folder = match self.local(&request.url) {
            Some(folder) => {
                self.host
                    .create_dir_all(&folder)
                    .map_err(|e| TransportError::Impossible(e.to_string()))?;
                tempfile::Builder::new().prefix(".writing-").tempdir_in(folder)
            }
            None => tempfile::Builder::new().prefix("headwater-").tempdir(),
        }
        .map_err(|e| impossible(&e))?;
        let mut file = File::create_new(folder.path().join("rows.ndjson")).map_err(|e| impossible(&e))?;
        file.write_all(&request.body).map_err(|e| impossible(&e))?;
        *self.open.lock() = Some(Draft { folder, file });
        Ok(())
    }

    fn append(&self, body: &Bytes) -> Done {
        let mut open = self.open.lock();
        let draft = open.as_mut().ok_or_else(nothing_begun)?;
        draft.file.write_all(body).map_err(|e| impossible(&e))
    }

    async fn commit(&self, request: &Request) -> Done {
        let finish: Finish =
            serde_json::from_slice(&request.body).map_err(|e| TransportError::Impossible(e.to_string()))?;
        let draft = self.open.lock().take().ok_or_else(nothing_begun)?;
        draft.file.sync_all().map_err(|e| impossible(&e))?;
        let ready = match finish.format {
            FileFormat::Parquet => self.parquet(&draft, &finish.columns).await?,
            FileFormat::Ndjson | FileFormat::Csv => draft.path(),
        };
        match self.local(&request.url) {
            Some(path) => self.publish(&ready, &path),
            None => self.upload(&ready, &request.url).await,
        }
    }

    /// Makes Parquet of the draft's JSON lines, with the types that the columns have in the model.
    async fn parquet(&self, draft: &Draft, columns: &[(String, String)]) -> Result<PathBuf, TransportError> {
        let names: Vec<DeclaredColumn> = columns
            .iter()
            .map(|(name, _)| DeclaredColumn {
                name: name.clone(),
                data_type: None,
                is_required: false,
            })
            .collect();
        let fault = |message: String| TransportError::Impossible(format!("Parquet: {message}"));
        let rows = self
            .engine
            .extract(&draft.path().to_string_lossy(), draft.folder.path(), &names)
            .await
            .map_err(|e| fault(e.message))?;
        let found = rows.schema();
        let casts: Vec<String> = columns
            .iter()
            .map(|(name, data_type)| {
                let column = quote_identifier(name);
                match found.field_with_name(&name.to_lowercase()) {
                    Ok(field) => format!(
                        "cast({} as {data_type}) as {column}",
                        quote_identifier(field.name())
                    ),
                    Err(_) => format!("cast(null as {data_type}) as {column}"),
                }
            })
            .collect();
        let mut scope = Scope::new("headwater", "sync");
        scope.insert(
            RelationName::new("headwater", "sync", "rows"),
            TableSource::Extract(rows),
        );
        let sql = format!("select {} from rows", casts.join(", "));
        let query = self.engine.plan(&sql, &scope).map_err(|e| fault(e.message))?;
        let folder = draft.folder.path().join("parquet");
        // A sorted table is one file, however large it is.
        let options = WriteOptions {
            durability: Durability::Now,
            row_order: RowOrder::Settled,
            sort_by: columns.iter().take(1).map(sort_key).collect(),
        };
        let written = self
            .engine
            .write_parquet(&query, &folder, &options)
            .await
            .map_err(|e| fault(e.message))?;
        match written.files.as_slice() {
            [file] => Ok(folder.join(&file.name)),
            _ => Err(fault("the rows do not fit one file".to_owned())),
        }
    }

    fn publish(&self, ready: &Path, path: &Path) -> Done {
        let fault = |e: crate::error::Error| TransportError::Impossible(e.to_string());
        let folder = path.parent().unwrap_or(&self.base);
        self.host.create_dir_all(folder).map_err(fault)?;
        self.host.rename(ready, path).map_err(fault)?;
        self.host.sync_folder(folder).map_err(fault)
    }

    async fn upload(&self, ready: &Path, url: &str) -> Done {
        let (store, path) = self.store(url)?;
        let upload = store.put_multipart(&path).await.map_err(|e| connection(&e))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut file = self
            .host
            .open_read(ready)
            .map_err(|e| TransportError::Impossible(e.to_string()))?;
        let mut part = vec![0; PART_BYTES];
        loop {
            let read = file.read(&mut part).map_err(|e| impossible(&e))?;
            let Some(bytes) = part.get(..read).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            writer.wait_for_capacity(4).await.map_err(|e| connection(&e))?;
            writer.write(bytes);
        }
        writer.finish().await.map(drop).map_err(|e| connection(&e))
    }

    /// Writes a file and takes it away again.
    async fn probe(&self, url: &str) -> Done {
        let Some(path) = self.local(url) else {
            let (store, path) = self.store(url)?;
            store
                .put(&path, PutPayload::from_static(b""))
                .await
                .map_err(|e| connection(&e))?;
            return store.delete(&path).await.map_err(|e| connection(&e));
        };
        let fault = |e: crate::error::Error| TransportError::Impossible(e.to_string());
        self.host.write_atomic(&path, b"").map_err(fault)?;
        self.host.remove(&path).map_err(fault)
    }

    /// The path of a file on this machine; none for an object store.
    fn local(&self, url: &str) -> Option<PathBuf> {
        match url.split_once("://") {
            None => Some(self.base.join(url)),
            Some(("file", path)) => Some(PathBuf::from(path)),
            Some(_) => None,
        }
    }

    fn store(&self, url: &str) -> Result<(Box<dyn ObjectStore>, object_store::path::Path), TransportError> {
        let url = Url::parse(url).map_err(|e| TransportError::Impossible(format!("not an address: {e}")))?;
        let options = self
            .host
            .environment()
            .iter()
            .filter(|(name, _)| {
                ["AWS_", "GOOGLE_", "AZURE_"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
            })
            .map(|(name, value)| (name.to_lowercase(), value.clone()));
        object_store::parse_url_opts(&url, options).map_err(|e| TransportError::Impossible(e.to_string()))
    }
}

#[async_trait]
impl Transport for FileTransport {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        match request.method {
            Method::Create => self.create(request)?,
            Method::Append => self.append(&request.body)?,
            Method::Commit => self.commit(request).await?,
            Method::Probe => self.probe(&request.url).await?,
            other => {
                let message = format!("a file cannot be asked to `{}`", other.as_str());
                return Err(TransportError::Impossible(message));
            }
        }
        Ok(Response {
            status: 200,
            headers: std::collections::BTreeMap::new(),
            body: Bytes::new(),
            received_at: self.host.now(),
        })
    }
}

fn sort_key((name, _): &(String, String)) -> SortKey {
    SortKey {
        column: name.clone(),
        descending: false,
    }
}

fn impossible(error: &io::Error) -> TransportError {
    TransportError::Impossible(error.to_string())
}

fn connection(error: &object_store::Error) -> TransportError {
    TransportError::Connection(error.to_string())
}

fn nothing_begun() -> TransportError {
    TransportError::Impossible("no file has been begun".to_owned())
}
