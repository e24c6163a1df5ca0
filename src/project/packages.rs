//! Packages: those that `packages.yml` or `dependencies.yml` names with `local`, and those installed already.

use std::path::{Path, PathBuf};

use super::fields::{Fields, scalar_text};
use super::project_file::{self, FILE_NAME};
use super::templates::TextContext;
use super::yaml::Yaml;
use crate::error::{Diagnostic, codes};
use crate::host::Host;

const FILES: &[&str] = &["packages.yml", "dependencies.yml"];
const KNOWN: &[&str] = &[
    "git",
    "local",
    "name",
    "package",
    "private",
    "provider",
    "revision",
    "subdirectory",
    "tarball",
    "unrendered",
    "version",
    "warn-unpinned",
    "install-prerelease",
];

/// A package's folder, absolute and as messages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) root: PathBuf,
    pub(super) shown: PathBuf,
}

/// Finds the packages that a project uses: `root` is its folder, `installed` the folder of installed ones.
pub(super) fn find(
    host: &Host,
    owner: &Found,
    installed: &str,
    context: &TextContext<'_>,
    out: &mut Vec<Diagnostic>,
) -> Vec<Found> {
    let mut found = Vec::new();
    let mut wanted_elsewhere = Vec::new();
    for name in FILES {
        let path = owner.root.join(name);
        if !host.exists(&path) {
            continue;
        }
        let Some(yaml) = project_file::read(host, &path, &owner.shown.join(name), out) else {
            continue;
        };
        let yaml = context.render(&yaml, &[], out);
        let Some(fields) = Fields::of(&yaml, format!("`{name}`"), &["packages", "projects"], out) else {
            continue;
        };
        for item in fields.list("packages", out) {
            match declared(host, owner, item, out) {
                Some(Declared::Local(package)) => found.push(package),
                Some(Declared::Elsewhere(package)) => wanted_elsewhere.push((package, item.span())),
                None => {}
            }
        }
    }
    let there = installed_packages(host, owner, installed);
    if there.is_empty()
        && let Some((package, span)) = wanted_elsewhere
            .into_iter()
            .find(|(package, _)| !is_built_in(package))
    {
        out.push(
            Diagnostic::error(
                codes::PACKAGE_NOT_FOUND,
                format!("package `{package}` is not installed"),
            )
            .at(span)
            .hint(format!(
                "put it into `{installed}` with `dbt deps`, or name its folder with `local:`"
            )),
        );
    }
    for package in there {
        if !found.iter().any(|other: &Found| other.root == package.root) {
            found.push(package);
        }
    }
    found
}

enum Declared {
    Local(Found),
    Elsewhere(String),
}

fn declared(host: &Host, owner: &Found, item: &Yaml, out: &mut Vec<Diagnostic>) -> Option<Declared> {
    let fields = Fields::of(item, "a package", KNOWN, out)?;
    if let Some(local) = fields.text("local", out) {
        let package = below(owner, Path::new(&local));
        if host.exists(&package.root.join(FILE_NAME)) {
            return Some(Declared::Local(package));
        }
        out.push(
            Diagnostic::error(codes::PACKAGE_NOT_FOUND, format!("no package lies in `{local}`"))
                .at(fields.get("local").map_or_else(|| item.span(), Yaml::span))
                .note(format!(
                    "looked for `{}`",
                    package.shown.join(FILE_NAME).display()
                )),
        );
        return None;
    }
    let name = ["package", "git", "tarball", "private"]
        .iter()
        .find_map(|key| fields.get(key).and_then(scalar_text));
    name.map(Declared::Elsewhere)
}

/// Whether Headwater has the macros of a package itself.
fn is_built_in(package: &str) -> bool {
    package
        .rsplit('/')
        .next()
        .is_some_and(|name| name.trim_end_matches(".git").replace('-', "_") == "dbt_utils")
}

fn installed_packages(host: &Host, owner: &Found, folder: &str) -> Vec<Found> {
    let top = owner.root.join(folder);
    let entries = host.list(&top).unwrap_or_default();
    entries
        .into_iter()
        .filter(|entry| host.exists(&entry.join(FILE_NAME)))
        .map(|entry| {
            let shown = owner
                .shown
                .join(folder)
                .join(entry.file_name().unwrap_or_default());
            Found { root: entry, shown }
        })
        .collect()
}

fn below(owner: &Found, path: &Path) -> Found {
    let joined = |base: &Path| super::profile::normal(&base.join(path));
    Found {
        root: joined(&owner.root),
        shown: joined(&owner.shown),
    }
}
