//! Files to values: a dbt-format project as it is written.
//!
//! [`load`] reads everything and tells every fault it meets; nothing of the SQL is rendered here.

mod assemble;
mod audiences;
mod blocks;
pub mod config;
pub mod config_layers;
mod fields;
pub mod node;
mod package;
mod packages;
mod profile;
mod project_file;
mod properties;
mod prose;
pub mod selector;
mod templates;
pub mod yaml;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::{Diagnostic, codes};
use crate::host::Host;
use node::Project;
pub use profile::parse_bytes;
use project_file::FILE_NAME;
pub(crate) use properties::compare_versions;
pub use templates::TextTemplates;

/// What the command line says of the project.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// `--project-dir`; without it the project is looked for in `.`, then in `./sql`.
    pub project_dir: Option<PathBuf>,
    /// `--profiles-dir`.
    pub profiles_dir: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--target-path`.
    pub target_path: Option<PathBuf>,
    /// `--vars`.
    pub vars: Map<String, Value>,
    /// `--threads`.
    pub threads: Option<usize>,
}

/// Reads a project; `None` when there is none, or its `dbt_project.yml` cannot be understood.
///
/// # Errors
/// None: every fault is among the diagnostics, and everything that could be read is in the project.
pub fn load(
    host: &Host,
    options: &LoadOptions,
    templates: &dyn TextTemplates,
) -> (Option<Project>, Vec<Diagnostic>) {
    let mut out = Vec::new();
    let project = find(host, options.project_dir.as_deref(), &mut out)
        .and_then(|root| assemble::project(host, &root, options, templates, &mut out));
    (project, out)
}

/// Finds the folder of the project.
fn find(host: &Host, wanted: Option<&Path>, out: &mut Vec<Diagnostic>) -> Option<PathBuf> {
    let here = host.working_directory();
    let candidates = match wanted {
        Some(folder) => vec![here.join(folder)],
        None => vec![here.to_path_buf(), here.join("sql")],
    };
    let found = candidates
        .iter()
        .find(|folder| host.exists(&folder.join(FILE_NAME)));
    if found.is_none() {
        let place = wanted.map_or_else(
            || "here or in `sql`".to_owned(),
            |f| format!("in `{}`", f.display()),
        );
        out.push(
            Diagnostic::error(
                codes::PROJECT_NOT_FOUND,
                format!("there is no `{FILE_NAME}` {place}"),
            )
            .hint("go to the project's folder or name it with `--project-dir`"),
        );
    }
    found.map(|folder| profile::normal(folder))
}
