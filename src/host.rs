//! The only clock, environment, random source and file system.
//!
//! Everything else asks a [`Host`], so that tests fix the clock and the environment, and every write is atomic.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the one place where the operating system is asked"
)]

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SubsecRound as _, Utc};
use uuid::Uuid;

use crate::error::{Error, Result};

/// The machine, as far as Headwater uses it.
#[derive(Debug, Clone)]
pub struct Host {
    fixed_now: Option<DateTime<Utc>>,
    environment: BTreeMap<String, String>,
    working_directory: PathBuf,
}

impl Host {
    /// The machine as it is.
    ///
    /// # Errors
    /// `HW0901` when the working directory is gone.
    pub fn system() -> Result<Self> {
        Ok(Self {
            fixed_now: None,
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            working_directory: std::env::current_dir().map_err(|e| Error::io("read", ".", e))?,
        })
    }

    /// A machine with a fixed clock and environment, for tests.
    pub fn fixed(
        now: DateTime<Utc>,
        environment: BTreeMap<String, String>,
        working_directory: PathBuf,
    ) -> Self {
        Self {
            fixed_now: Some(now),
            environment,
            working_directory,
        }
    }

    /// The present instant, to the microsecond.
    pub fn now(&self) -> DateTime<Utc> {
        self.fixed_now.unwrap_or_else(Utc::now).trunc_subsecs(6)
    }

    /// An environment variable.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// All environment variables, in order of their names.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// The folder the command was started in.
    pub fn working_directory(&self) -> &Path {
        &self.working_directory
    }

    /// A fresh random identifier.
    pub fn new_id(&self) -> Uuid {
        Uuid::new_v4()
    }

    /// Reads a text file.
    ///
    /// # Errors
    /// `HW0901` when it cannot be read or is not UTF-8.
    pub fn read_text(&self, path: &Path) -> Result<String> {
        fs::read_to_string(path).map_err(|e| Error::io("read", path, e))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `HW0901` when it cannot be read.
    pub fn read_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        fs::read(path).map_err(|e| Error::io("read", path, e))
    }

    /// Writes a file so that readers see either the old or the new content, and the new one survives a crash.
    ///
    /// # Errors
    /// `HW0901` when the folder or the file cannot be written.
    pub fn write_atomic(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        self.create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(".writing-")
            .tempfile_in(folder)
            .map_err(|e| Error::io("write", path, e))?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|e| Error::io("write", path, e))?;
        file.persist(path)
            .map_err(|e| Error::io("write", path, e.error))?;
        self.sync_folder(folder)
    }

    /// Writes a file that need not survive a crash of the machine yet: it is made durable later, or never read then.
    ///
    /// # Errors
    /// `HW0901` when it cannot be written.
    pub fn write_unsynced(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        fs::write(path, bytes).map_err(|e| Error::io("write", path, e))
    }

    /// Writes a file in one step, for readers that may look at any moment; it need not survive a crash of the machine.
    ///
    /// # Errors
    /// `HW0901` when it cannot be written.
    pub fn replace_unsynced(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let draft = path.with_extension("writing");
        self.write_unsynced(&draft, bytes)?;
        self.rename(&draft, path)
    }

    /// Writes a file unless it holds these bytes already.
    ///
    /// # Errors
    /// `HW0901` when it cannot be written.
    pub fn write_if_changed(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        if fs::read(path).is_ok_and(|found| found == bytes) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            self.create_dir_all(folder)?;
        }
        self.write_unsynced(path, bytes)
    }

    /// Makes the files of a folder, and the folder, survive a crash.
    ///
    /// # Errors
    /// `HW0901` when one of them cannot be opened.
    pub fn sync_tree(&self, folder: &Path) -> Result<()> {
        for path in self.list(folder)? {
            File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(|e| Error::io("sync", &path, e))?;
        }
        self.sync_folder(folder)
    }

    /// Gives a file a second name; copies it where the disk knows no second names.
    ///
    /// # Errors
    /// `HW0901` when neither can be done.
    pub fn link(&self, from: &Path, to: &Path) -> Result<()> {
        fs::hard_link(from, to)
            .or_else(|_| fs::copy(from, to).map(|_| ()))
            .map_err(|e| Error::io("link", to, e))
    }

    /// Makes `link` a symbolic link to `target`, replacing the one that is there in one step.
    ///
    /// # Errors
    /// `HW0901` when the link cannot be made or moved.
    pub fn replace_link(&self, target: &Path, link: &Path) -> Result<()> {
        let draft = link.with_extension("next");
        self.remove(&draft)?;
        std::os::unix::fs::symlink(target, &draft).map_err(|e| Error::io("create", &draft, e))?;
        self.rename(&draft, link)
    }

    /// Makes what was renamed in a folder survive a crash.
    ///
    /// # Errors
    /// `HW0901` when the folder cannot be opened.
    pub fn sync_folder(&self, folder: &Path) -> Result<()> {
        File::open(folder)
            .and_then(|handle| handle.sync_all())
            .map_err(|e| Error::io("sync", folder, e))
    }

    /// Makes a folder and its parents.
    ///
    /// # Errors
    /// `HW0901` when it cannot be made.
    pub fn create_dir_all(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).map_err(|e| Error::io("create", folder, e))
    }

    /// Moves a file or a folder on one disk, in one step.
    ///
    /// # Errors
    /// `HW0901` when it cannot be moved.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to).map_err(|e| Error::io("move", to, e))
    }

    /// Removes a file or a folder with all it holds; what is not there counts as removed.
    ///
    /// # Errors
    /// `HW0901` when it is there and stays.
    pub fn remove(&self, path: &Path) -> Result<()> {
        let outcome = match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
            Err(e) => Err(e),
        };
        match outcome {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, e)),
            _ => Ok(()),
        }
    }

    /// Whether a path leads to something.
    pub fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    /// The names in a folder, sorted; none when the folder is not there.
    ///
    /// # Errors
    /// `HW0901` when it cannot be read.
    pub fn list(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|e| Error::io("read", folder, e))?,
        };
        let mut paths = entries
            .map(|entry| {
                entry
                    .map(|entry| entry.path())
                    .map_err(|e| Error::io("read", folder, e))
            })
            .collect::<Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    }

    /// Every file below a folder, sorted; hidden ones are left out.
    pub fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        walkdir::WalkDir::new(folder)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.'))
            .filter_map(std::result::Result::ok)
            .filter(|entry| entry.file_type().is_file())
            .map(walkdir::DirEntry::into_path)
            .collect()
    }

    /// Opens a file to add to its end; made if it is not there.
    ///
    /// # Errors
    /// `HW0901` when it cannot be opened.
    pub fn open_append(&self, path: &Path) -> Result<File> {
        if let Some(folder) = path.parent() {
            self.create_dir_all(folder)?;
        }
        File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|e| Error::io("open", path, e))
    }

    /// Opens a file to read it piece by piece.
    ///
    /// # Errors
    /// `HW0901` when it cannot be opened.
    pub fn open_read(&self, path: &Path) -> Result<File> {
        File::open(path).map_err(|e| Error::io("open", path, e))
    }

    /// The size of a file, in bytes.
    ///
    /// # Errors
    /// `HW0901` when it cannot be asked.
    pub fn read_length(&self, path: &Path) -> Result<u64> {
        fs::metadata(path)
            .map(|found| found.len())
            .map_err(|e| Error::io("read", path, e))
    }

    /// Cuts a file off after `length` bytes, for good.
    ///
    /// # Errors
    /// `HW0901` when it cannot be opened or changed.
    pub fn truncate(&self, path: &Path, length: u64) -> Result<()> {
        File::options()
            .write(true)
            .open(path)
            .and_then(|file| file.set_len(length).and_then(|()| file.sync_all()))
            .map_err(|e| Error::io("write", path, e))
    }

    /// Takes an exclusive lock on a file, made if it is not there; dropping the handle releases it.
    ///
    /// `Ok(None)` means that another process holds it.
    ///
    /// # Errors
    /// `HW0901` when the file cannot be opened.
    pub fn try_lock(&self, path: &Path) -> Result<Option<File>> {
        if let Some(folder) = path.parent() {
            self.create_dir_all(folder)?;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(|e| Error::io("open", path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(e)) => Err(Error::io("lock", path, e)),
        }
    }
}

/// Text that must not be seen: it prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
