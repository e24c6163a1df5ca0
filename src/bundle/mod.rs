//! The bundled project and its raw data, carried in the binary.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::host::Host;

/// Every file: its path from the repository's root, and its bytes.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

/// The name of the bundled project, which a new project replaces by its own.
const BUNDLED_NAME: &str = "headwater_cdp";

/// Writes the bundled project into a folder that must be new or empty: the project in `sql/`, its data in `fixtures/`.
///
/// # Errors
/// A usage error when the name is no name or the folder holds something; `HW0901` when it cannot be written.
pub fn write(host: &Host, folder: &Path, name: &str) -> Result<Vec<PathBuf>> {
    if !is_project_name(name) {
        return Err(Error::Usage(format!(
            "`{name}` is no project name: use letters, digits and `_`, a letter first"
        )));
    }
    if !host.list(folder)?.is_empty() {
        return Err(Error::Usage(format!(
            "`{}` is not empty: choose another name",
            folder.display()
        )));
    }
    let mut written = Vec::new();
    for (path, bytes) in FILES {
        let target = folder.join(path);
        host.write_atomic(&target, &renamed(path, bytes, name))?;
        written.push(target);
    }
    host.write_atomic(
        &folder.join(".gitignore"),
        b"/warehouse/\n/sql/target/\n/sql/logs/\n",
    )?;
    Ok(written)
}

/// Project and profile take the new name; so does the tree of settings that is headed by the project's name.
fn renamed(path: &str, bytes: &[u8], name: &str) -> Vec<u8> {
    let is_settings = path == "sql/dbt_project.yml" || path == "sql/profiles.yml";
    match (is_settings, std::str::from_utf8(bytes)) {
        (true, Ok(text)) => {
            let lines = text.split_inclusive('\n').map(|line| rename_in(line, name));
            lines.collect::<String>().into_bytes()
        }
        _ => bytes.to_vec(),
    }
}

fn rename_in(line: &str, name: &str) -> String {
    let trimmed = line.trim();
    let is_key = trimmed == format!("{BUNDLED_NAME}:");
    let is_value = [
        format!("name: {BUNDLED_NAME}"),
        format!("profile: {BUNDLED_NAME}"),
    ]
    .iter()
    .any(|v| v == trimmed);
    if is_key || is_value {
        line.replacen(BUNDLED_NAME, name, 1)
    } else {
        line.to_owned()
    }
}

fn is_project_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
