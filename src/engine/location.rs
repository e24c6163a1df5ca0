//! Where an extract lies: a file, a folder or a glob, on this machine or in an object store.

use std::path::{Path, PathBuf};

use datafusion::common::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use futures::TryStreamExt as _;
use globset::{GlobBuilder, GlobMatcher};
use object_store::path::Path as StorePath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use url::Url;

use super::session::Engine;

/// The format of a file, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileKind {
    Parquet,
    Csv { gzip: bool, tabs: bool },
    Json { gzip: bool },
}

impl FileKind {
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let (stem, gzip) = match name.strip_suffix(".gz") {
            Some(stem) => (stem, true),
            None => (name.as_str(), false),
        };
        match stem.rsplit_once('.')?.1 {
            "parquet" | "parq" | "pq" if !gzip => Some(Self::Parquet),
            "csv" => Some(Self::Csv { gzip, tabs: false }),
            "tsv" => Some(Self::Csv { gzip, tabs: true }),
            "json" | "ndjson" | "jsonl" => Some(Self::Json { gzip }),
            _ => None,
        }
    }
}

/// The files at a location, in the order of their names.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    pub(super) store: ObjectStoreUrl,
    pub(super) files: Vec<ObjectMeta>,
}

/// A location, taken apart: everything below `root` that `glob` takes.
struct Location {
    url: Url,
    root: StorePath,
    glob: Option<GlobMatcher>,
}

impl Engine {
    /// Lists the files at a location; none where there is nothing.
    ///
    /// A folder stands for every data file below it, and for `x.parquet` where only a folder `x` is there. Names
    /// that start with `.` or `_` are not data.
    pub(super) async fn list(&self, location: &str, base: &Path) -> Result<Listing> {
        let found = self.list_exactly(&locate(location, base)?).await?;
        if !found.files.is_empty() {
            return Ok(found);
        }
        match without_extension(location) {
            Some(folder) => self.list_exactly(&locate(folder, base)?).await,
            None => Ok(found),
        }
    }

    async fn list_exactly(&self, location: &Location) -> Result<Listing> {
        let (store_url, store) = self.store(&location.url)?;
        let mut files = match &location.glob {
            Some(glob) => {
                let all = listed(&store, &location.root).await?;
                all.into_iter()
                    .filter(|meta| glob.is_match(meta.location.as_ref()))
                    .collect()
            }
            None => match store.head(&location.root).await {
                Ok(meta) => vec![meta],
                Err(object_store::Error::NotFound { .. }) if location.url.scheme().starts_with("http") => {
                    Vec::new()
                }
                Err(_) => listed(&store, &location.root).await?,
            },
        };
        let single = location.glob.is_none() && files.len() == 1;
        files.retain(|meta| single || is_data(&meta.location, &location.root));
        files.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(Listing {
            store: store_url,
            files,
        })
    }
}

async fn listed(store: &dyn ObjectStore, root: &StorePath) -> Result<Vec<ObjectMeta>> {
    match store.list(Some(root)).try_collect().await {
        Err(object_store::Error::NotFound { .. }) => Ok(Vec::new()),
        other => Ok(other?),
    }
}

fn is_data(location: &StorePath, root: &StorePath) -> bool {
    let hidden = location
        .prefix_match(root)
        .is_some_and(|mut parts| parts.any(|part| part.as_ref().starts_with(['.', '_'])));
    !hidden && FileKind::of(location.as_ref()).is_some()
}

fn without_extension(location: &str) -> Option<&str> {
    let (stem, extension) = location.rsplit_once('.')?;
    let known = FileKind::of(location).is_some() && !extension.contains('/');
    (known && !has_glob(stem)).then_some(stem)
}

fn has_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

fn locate(location: &str, base: &Path) -> Result<Location> {
    let (url, path) = match location.split_once("://") {
        Some((scheme, _)) if scheme != "file" => {
            let (fixed, _) = split_glob(location);
            let url = Url::parse(fixed).map_err(|e| bad_location(location, &e))?;
            let start = location.find("://").map_or(0, |at| at + 3);
            let path = location
                .get(start..)
                .and_then(|rest| rest.split_once('/'))
                .map_or("", |(_, path)| path);
            (url, path.to_owned())
        }
        _ => {
            let path = location.strip_prefix("file://").unwrap_or(location);
            let absolute = normalised(&base.join(path));
            let url = Url::parse("file:///").map_err(|e| bad_location(location, &e))?;
            (url, absolute.to_string_lossy().trim_start_matches('/').to_owned())
        }
    };
    let (fixed, globbed) = split_glob(&path);
    let root = StorePath::parse(fixed.trim_end_matches('/'))
        .map_err(|e| datafusion::common::DataFusionError::ObjectStore(Box::new(e.into())))?;
    let glob = globbed
        .then(|| {
            GlobBuilder::new(&path)
                .literal_separator(true)
                .build()
                .map(|glob| glob.compile_matcher())
                .map_err(|e| bad_location(location, &e))
        })
        .transpose()?;
    Ok(Location { url, root, glob })
}

/// The folder that all matches of a glob lie in, and whether there is a glob at all.
fn split_glob(path: &str) -> (&str, bool) {
    match path.find(['*', '?', '[', '{']) {
        Some(at) => {
            let fixed = path.get(..at).unwrap_or_default();
            let end = fixed.rfind('/').map_or(0, |slash| slash + 1);
            (fixed.get(..end).unwrap_or_default(), true)
        }
        None => (path, false),
    }
}

/// Takes `.` and `..` out of a path, which object stores do not know.
fn normalised(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// A location that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{location}` is no location: {reason}")]
pub(super) struct BadLocation {
    pub(super) location: String,
    pub(super) reason: String,
}

fn bad_location(location: &str, reason: &dyn std::fmt::Display) -> datafusion::common::DataFusionError {
    datafusion::common::DataFusionError::External(Box::new(BadLocation {
        location: location.to_owned(),
        reason: reason.to_string(),
    }))
}
