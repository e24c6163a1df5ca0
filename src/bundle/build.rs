//! The build script: lists the files of the bundled project, so that the binary carries them.
#![allow(clippy::disallowed_methods, reason = "a build script has no `Host`")]

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders that the binary carries.
const FOLDERS: [&str; 2] = ["sql", "fixtures/raw"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut list = String::from("&[\n");
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        for file in files(&root.join(folder))? {
            let name = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
            // The path is put together by the compiler: two checkouts may share a target folder.
            let path = format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?})", format!("/{name}"));
            writeln!(list, "    ({name:?}, include_bytes!({path})),")?;
        }
    }
    list.push_str("]\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("bundle.rs"), list)?;
    Ok(())
}

/// The files below a folder, sorted; hidden ones and what a build leaves behind are left out.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || ["target", "logs", "dbt_packages"].contains(&name.as_str()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}
