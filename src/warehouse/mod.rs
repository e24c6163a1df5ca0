//! The store of immutable table versions, the environment that points into it, its lock and its retention.
//!
//! ```text
//! <warehouse>/
//!   store/<schema>/<table>/<version>/   the Parquet files of one version and its `table.json`; never written twice
//!   builds/<build>/                     one published build: `build.json`, and a folder per table with links to its files
//!   current -> builds/<build>           the environment: one symbolic link, replaced in one step
//!   sync/                               what syncs have delivered
//!   tmp/                                work in progress; emptied by the next build
//!   lock                                held while something is written
//! ```
//!
//! A version's name is a hash of everything it was made from, so a version that is in the store need not be made again.
//! Readers follow `current`; they see the whole of one build, because a build's folder is complete before the link moves.

mod build;
mod lock;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use build::{Build, PublishedRelation, RelationKind, Verdict};
pub use lock::{LockHolder, LockWait, WarehouseLock};

use crate::error::{Diagnostic, Error, Result, codes};
use crate::host::Host;
use crate::names::RelationName;

const STORE: &str = "store";
const BUILDS: &str = "builds";
const CURRENT: &str = "current";
const TMP: &str = "tmp";
const TABLE_FILE: &str = "table.json";
const BUILD_FILE: &str = "build.json";

/// One Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFile {
    /// Its name in the version's folder.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// One immutable version of a table, as it lies in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTable {
    /// The hash of all it was made from, in hex.
    pub version: String,
    /// Its files, in order.
    pub files: Vec<TableFile>,
}

impl StoredTable {
    /// The rows of all files.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// The bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// A warehouse on a local disk.
#[derive(Debug, Clone)]
pub struct Warehouse {
    host: Host,
    root: PathBuf,
}

impl Warehouse {
    /// Opens the warehouse at a folder; nothing is made until something is written.
    pub fn open(host: &Host, root: &Path) -> Self {
        Self {
            host: host.clone(),
            root: root.to_path_buf(),
        }
    }

    /// The warehouse's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The stable path of a published table: `<warehouse>/current/<schema>/<table>`.
    pub fn stable_path(&self, relation: &RelationName) -> PathBuf {
        self.root
            .join(CURRENT)
            .join(&relation.schema)
            .join(&relation.identifier)
    }

    /// Where syncs keep what they have delivered.
    pub fn sync_folder(&self) -> PathBuf {
        self.root.join("sync")
    }

    /// Where queries may spill; emptied by the next build.
    pub fn spill_folder(&self) -> PathBuf {
        self.root.join(TMP).join("spill")
    }

    /// Takes the lock, and removes what a killed build left in `tmp/`.
    ///
    /// # Errors
    /// `HW0401` when another process holds the lock for longer than `wait`.
    pub fn lock(&self, holder: &LockHolder, wait: LockWait) -> Result<WarehouseLock> {
        let lock = lock::take(&self.host, &self.root.join("lock"), holder, wait)?;
        self.host.remove(&self.root.join(TMP))?;
        Ok(lock)
    }

    /// A fresh folder for a table in the making.
    ///
    /// # Errors
    /// `HW0901` when it cannot be made.
    pub fn workbench(&self) -> Result<PathBuf> {
        let folder = self.root.join(TMP).join(self.host.new_id().simple().to_string());
        self.host.create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The folder of a version in the store.
    pub fn version_folder(&self, relation: &RelationName, version: &str) -> PathBuf {
        self.root
            .join(STORE)
            .join(&relation.schema)
            .join(&relation.identifier)
            .join(version)
    }

    /// Looks a version up in the store; one whose files are not all there in full is none.
    pub fn stored(&self, relation: &RelationName, version: &str) -> Option<StoredTable> {
        let folder = self.version_folder(relation, version);
        let table: StoredTable =
            serde_json::from_str(&self.host.read_text(&folder.join(TABLE_FILE)).ok()?).ok()?;
        let whole = table.files.iter().all(|file| {
            folder
                .join(&file.name)
                .metadata()
                .is_ok_and(|found| found.len() == file.bytes)
        });
        whole.then_some(table)
    }

    /// Moves a finished table from the workbench into the store.
    ///
    /// # Errors
    /// `HW0901` when it cannot be moved.
    pub fn keep(&self, workbench: &Path, relation: &RelationName, table: &StoredTable) -> Result<()> {
        let folder = self.version_folder(relation, &table.version);
        let description = serde_json::to_vec_pretty(table).map_err(|e| Error::Internal(e.to_string()))?;
        self.host
            .write_unsynced(&workbench.join(TABLE_FILE), &description)?;
        self.host.remove(&folder)?;
        if let Some(parent) = folder.parent() {
            self.host.create_dir_all(parent)?;
        }
        self.host.rename(workbench, &folder)
    }

    /// The published build; none before the first.
    ///
    /// # Errors
    /// `HW0402` when it is there and cannot be read.
    pub fn current(&self) -> Result<Option<Build>> {
        let folder = self.root.join(CURRENT);
        if !self.host.exists(&folder) {
            return Ok(None);
        }
        self.read_build(&folder).map(Some)
    }

    /// Makes a build the published one, in one step, after all its files are on disk.
    ///
    /// # Errors
    /// `HW0901` when a file cannot be written; the environment is then as it was.
    pub fn publish(&self, build: &Build) -> Result<()> {
        self.sync_files(build)?;
        let folder = self.root.join(BUILDS).join(&build.id);
        let draft = self.root.join(TMP).join(format!("build-{}", build.id));
        for relation in build
            .relations
            .iter()
            .filter(|relation| relation.kind.has_files())
        {
            self.link_files(&draft, relation)?;
        }
        let description = serde_json::to_vec_pretty(build).map_err(|e| Error::Internal(e.to_string()))?;
        self.host.write_atomic(&draft.join(BUILD_FILE), &description)?;
        self.host.create_dir_all(&self.root.join(BUILDS))?;
        self.host.rename(&draft, &folder)?;
        self.host.sync_folder(&self.root.join(BUILDS))?;
        self.point_at(&build.id)
    }

    /// Moves the environment to a build that is kept, in one step.
    ///
    /// # Errors
    /// `HW0901` when the link cannot be replaced.
    fn point_at(&self, build: &str) -> Result<()> {
        self.host
            .replace_link(&Path::new(BUILDS).join(build), &self.root.join(CURRENT))?;
        self.host.sync_folder(&self.root)
    }

    /// Removes builds beyond the newest `keep`, and the versions that no kept build holds.
    ///
    /// # Errors
    /// `HW0901` when something stays that should go.
    pub fn collect(&self, keep: usize) -> Result<()> {
        let folders = self.host.list(&self.root.join(BUILDS))?;
        let (old, kept) = folders.split_at(folders.len().saturating_sub(keep.max(1)));
        let mut wanted = std::collections::BTreeSet::new();
        for folder in kept {
            for relation in self.read_build(folder)?.relations {
                wanted.insert(self.version_folder(&relation.name, &relation.table.version));
            }
        }
        for folder in old {
            self.host.remove(folder)?;
        }
        for schema in self.host.list(&self.root.join(STORE))? {
            for table in self.host.list(&schema)? {
                for version in self.host.list(&table)? {
                    if !wanted.contains(&version) {
                        self.host.remove(&version)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn read_build(&self, folder: &Path) -> Result<Build> {
        let path = folder.join(BUILD_FILE);
        serde_json::from_str(&self.host.read_text(&path)?).map_err(|e| {
            Diagnostic::error(codes::BUILD_UNREADABLE, format!("`{}` cannot be read: {e}", path.display()))
                .hint("the file was changed by hand or by a newer version: remove the `current` link and build again")
                .into()
        })
    }

    /// Puts on disk what the build adds to the store, several files at a time.
    fn sync_files(&self, build: &Build) -> Result<()> {
        let fresh = build
            .relations
            .iter()
            .filter(|relation| relation.fresh && relation.kind.has_files());
        let folders: Vec<PathBuf> = fresh
            .map(|relation| self.version_folder(&relation.name, &relation.table.version))
            .collect();
        let workers = 8;
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..workers)
                .map(|worker| {
                    let mine = folders.iter().skip(worker).step_by(workers);
                    scope.spawn(move || {
                        mine.into_iter()
                            .try_for_each(|folder| self.host.sync_tree(folder))
                    })
                })
                .collect();
            handles.into_iter().try_for_each(|handle| {
                handle
                    .join()
                    .unwrap_or_else(|_| Err(Error::Internal("a thread that syncs files died".into())))
            })
        })
    }

    fn link_files(&self, draft: &Path, relation: &PublishedRelation) -> Result<()> {
        let from = self.version_folder(&relation.name, &relation.table.version);
        let to = draft.join(&relation.name.schema).join(&relation.name.identifier);
        self.host.create_dir_all(&to)?;
        relation
            .table
            .files
            .iter()
            .try_for_each(|file| self.host.link(&from.join(&file.name), &to.join(&file.name)))
    }
}
