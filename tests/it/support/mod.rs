//! What the tests share: projects in folders of their own, the program, and what it printed.

pub(crate) mod table;
pub(crate) mod transcript;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The instant that every test is for, unless it says otherwise.
pub(crate) const NOW: &str = "2026-07-01";

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_headwater"))
}

/// Whether golden files are to be written anew: `HEADWATER_BLESS=1 cargo test`.
pub(crate) fn blessing() -> bool {
    std::env::var_os("HEADWATER_BLESS").is_some()
}

/// The folders below a folder of `fixtures`, sorted, that have a file of that name.
pub(crate) fn cases(folder: &str, file: &str) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(repository().join("fixtures").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join(file).is_file())
        .collect();
    cases.sort();
    cases
}

/// A folder of its own with a project in it.
pub(crate) struct Workspace {
    folder: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("headwater-").tempdir().unwrap();
        Self { folder }
    }

    /// A copy of a folder, links and times included.
    pub(crate) fn copy_of(folder: &Path) -> Self {
        let workspace = Self::empty();
        copy(&folder.join("."), workspace.path());
        workspace
    }

    /// The bundled project, unbuilt, reading the repository's `fixtures/raw`.
    pub(crate) fn bundled() -> Self {
        let workspace = Self::empty();
        copy(&repository().join("sql"), &workspace.path().join("sql"));
        for left_behind in ["target", "logs"] {
            let folder = workspace.path().join("sql").join(left_behind);
            if folder.exists() {
                fs::remove_dir_all(folder).unwrap();
            }
        }
        let raw = repository().join("fixtures/raw");
        workspace.edit(
            "sql/dbt_project.yml",
            "../fixtures/raw",
            &raw.display().to_string(),
        );
        workspace
    }

    /// The bundled project, built; one for all tests, which leave it as it is.
    pub(crate) fn built() -> &'static Self {
        static BUILT: OnceLock<Workspace> = OnceLock::new();
        BUILT.get_or_init(|| {
            let workspace = Self::bundled();
            workspace.build();
            workspace
        })
    }

    /// Its folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file's text.
    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }

    /// A JSON file.
    pub(crate) fn json(&self, file: &str) -> Value {
        serde_json::from_str(&self.read(file)).unwrap()
    }

    /// Writes a file, and the folders it lies in.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces text that must be there.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has `{from}`");
        self.write(file, &text.replace(from, to));
    }

    /// The program, about to start in this folder with nothing of the caller's environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", path_with_program())
            .env("HOME", self.path())
            .env("LC_ALL", "C.UTF-8")
            .env("HEADWATER_NOW", NOW)
            .stdin(Stdio::null());
        command
    }

    /// Runs the program.
    pub(crate) fn headwater(&self, arguments: &[&str]) -> Outcome {
        outcome(self.command(program()).args(arguments))
    }

    /// Builds, and expects that all goes well.
    pub(crate) fn build(&self) -> Outcome {
        self.headwater(&["build"]).succeeds()
    }

    /// The published build's `build.json`.
    pub(crate) fn published(&self) -> Value {
        self.json("warehouse/current/build.json")
    }
}

impl Outcome {
    /// Expects exit status 0.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self
    }
}

/// Runs a command to its end.
pub(crate) fn outcome(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Copies a folder, links and times included.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(status.unwrap().success(), "{} is copied", from.display());
}

fn path_with_program() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{path}", program().parent().unwrap().display())
}
