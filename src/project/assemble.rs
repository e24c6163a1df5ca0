//! Putting a project together: settings, target, variables, packages, and everything in their files.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::audiences::{self, Audiences};
use super::fields::Fields;
use super::node::{Node, NodeKind, Package, Project, Target};
use super::package::{self, Parts, Scope};
use super::packages::{self, Found};
use super::profile::{self, Wanted};
use super::project_file::{self, FILE_NAME, ProjectFile};
use super::templates::{TextContext, TextTemplates};
use super::yaml::Yaml;
use super::{LoadOptions, config_layers, properties, prose};
use crate::error::{Diagnostic, Span, codes};
use crate::host::Host;
use crate::names::NodeId;

/// The deepest chain of packages that is followed.
const MAX_PACKAGES: usize = 200;

/// What every step needs.
struct Loader<'a> {
    host: &'a Host,
    root: &'a Path,
    options: &'a LoadOptions,
    templates: &'a dyn TextTemplates,
}

/// Loads the project in `root`.
pub(super) fn project(
    host: &Host,
    root: &Path,
    options: &LoadOptions,
    templates: &dyn TextTemplates,
    out: &mut Vec<Diagnostic>,
) -> Option<Project> {
    let loader = Loader {
        host,
        root,
        options,
        templates,
    };
    let yaml = project_file::read(host, &root.join(FILE_NAME), Path::new(FILE_NAME), out)?;
    let target = loader.target(&yaml, out);
    let audiences = audiences::read(host, root, out);
    let vars = loader.vars(&yaml, &target, audiences.as_ref());
    let file = project_file::interpret(&yaml, &loader.context(&vars, Some(&target)), out)?;
    let vars = hoisted(vars, &file.name, &options.vars);
    let others = loader.packages(&file, &vars, &target, out);

    let mut parts = Parts::default();
    loader.read_package(
        (&file, root, Path::new("")),
        (None, &loader.context(&vars, Some(&target))),
        &mut parts,
        out,
    );
    for (other, found) in &others {
        let seen = package_vars(&other.vars, &other.name, &vars);
        let context = loader.context(&seen, Some(&target));
        loader.read_package(
            (other, &found.root, &found.shown),
            (Some(&file), &context),
            &mut parts,
            out,
        );
    }
    check_trees(&file, &parts, out);
    let mut project = loader.finish((file, others), (vars, target, audiences), parts, out);
    prose::fill(&mut project);
    Some(project)
}

impl Loader<'_> {
    fn context<'c>(&'c self, vars: &'c Map<String, Value>, target: Option<&'c Target>) -> TextContext<'c> {
        TextContext {
            templates: self.templates,
            vars,
            target,
        }
    }

    fn target(&self, yaml: &Yaml, out: &mut Vec<Diagnostic>) -> Target {
        let vars = profile::overlay(&project_file::vars(yaml), &self.options.vars);
        let context = self.context(&vars, None);
        let (name, profile) = project_file::heading(yaml, &context, out);
        let wanted = Wanted {
            root: self.root,
            profile: self.options.profile.clone().or(profile).unwrap_or(name),
            options: self.options,
        };
        profile::resolve(self.host, &wanted, &context, out)
    }

    /// The project's variables, then the target's, the audiences, the command line's.
    fn vars(&self, yaml: &Yaml, target: &Target, audiences: Option<&Audiences>) -> Map<String, Value> {
        let mut vars = profile::overlay(&project_file::vars(yaml), &target.vars);
        if let Some(audiences) = audiences {
            vars.insert("audiences".to_owned(), Value::Array(audiences.list.clone()));
        }
        profile::overlay(&vars, &self.options.vars)
    }

    /// Every package that the project uses, directly or through another, each once.
    fn packages(
        &self,
        file: &ProjectFile,
        vars: &Map<String, Value>,
        target: &Target,
        out: &mut Vec<Diagnostic>,
    ) -> Vec<(ProjectFile, Found)> {
        let context = self.context(vars, Some(target));
        let own = Found {
            root: self.root.to_path_buf(),
            shown: PathBuf::new(),
        };
        let mut waiting = packages::find(self.host, &own, &file.packages_folder, &context, out);
        waiting.reverse();
        let mut found: Vec<(ProjectFile, Found)> = Vec::new();
        while let Some(package) = waiting.pop() {
            let is_known = found.iter().any(|(_, other)| other.root == package.root);
            if is_known || package.root == self.root || found.len() >= MAX_PACKAGES {
                continue;
            }
            let Some(other) = self.package_file(&package, vars, target, out) else {
                continue;
            };
            let namesake = found
                .iter()
                .find(|(known, _)| known.name == other.name)
                .map(|(_, first)| &first.shown);
            if namesake.is_some() || file.name == other.name {
                let first = namesake.cloned().unwrap_or_default().join(FILE_NAME);
                out.push(
                    Diagnostic::error(
                        codes::DUPLICATE_NAME,
                        format!("two packages are named `{}`", other.name),
                    )
                    .at(Span::file(package.shown.join(FILE_NAME)))
                    .note(format!("the first: {}", first.display())),
                );
                continue;
            }
            let mut inner = packages::find(self.host, &package, &other.packages_folder, &context, out);
            inner.reverse();
            waiting.append(&mut inner);
            found.push((other, package));
        }
        found
    }

    fn package_file(
        &self,
        package: &Found,
        vars: &Map<String, Value>,
        target: &Target,
        out: &mut Vec<Diagnostic>,
    ) -> Option<ProjectFile> {
        let shown = package.shown.join(FILE_NAME);
        let yaml = project_file::read(self.host, &package.root.join(FILE_NAME), &shown, out)?;
        let own = project_file::vars(&yaml);
        let (name, _) = project_file::heading(&yaml, &self.context(&own, Some(target)), out);
        let seen = package_vars(&own, &name, vars);
        project_file::interpret(&yaml, &self.context(&seen, Some(target)), out)
    }

    fn read_package(
        &self,
        (file, root, shown): (&ProjectFile, &Path, &Path),
        (owner, context): (Option<&ProjectFile>, &TextContext<'_>),
        parts: &mut Parts,
        out: &mut Vec<Diagnostic>,
    ) {
        let scope = Scope::new(
            self.host,
            file,
            (root, shown),
            owner.map(|owner| &owner.trees),
            *context,
        );
        let first = parts.nodes.len();
        package::read(&scope, parts, out);
        properties::read(&scope, parts, first, out);
    }

    /// Where compiled SQL and artifacts go: flag, then project, then `target`.
    fn target_path(&self, file: &ProjectFile) -> PathBuf {
        let path = match &self.options.target_path {
            Some(typed) => self.host.working_directory().join(typed),
            None => self.root.join(file.target_path.as_deref().unwrap_or("target")),
        };
        profile::normal(&path)
    }

    /// What `clean` removes: the folders that the project names, else the one for artifacts.
    fn clean_targets(&self, file: &ProjectFile, target_path: &Path) -> Vec<PathBuf> {
        if file.clean_targets.is_empty() {
            return vec![target_path.to_path_buf()];
        }
        let named = file.clean_targets.iter();
        named
            .map(|folder| profile::normal(&self.root.join(folder)))
            .collect()
    }

    fn finish(
        &self,
        (file, others): (ProjectFile, Vec<(ProjectFile, Found)>),
        (vars, target, audiences): (Map<String, Value>, Target, Option<Audiences>),
        parts: Parts,
        out: &mut Vec<Diagnostic>,
    ) -> Project {
        tell_ignored(&parts, out);
        let target_path = self.target_path(&file);
        let mut owners = IndexMap::from([(file.name.clone(), as_package(&file, self.root))]);
        owners.extend(
            others
                .iter()
                .map(|(other, found)| (other.name.clone(), as_package(other, &found.root))),
        );
        Project {
            clean_targets: self.clean_targets(&file, &target_path),
            name: file.name,
            root: self.root.to_path_buf(),
            packages: owners,
            target,
            vars,
            cli_vars: self.options.vars.clone(),
            nodes: unique(parts.nodes, node_place, out),
            sources: unique(
                parts.sources,
                |s| (&s.id, s.span.as_ref(), &s.original_file_path),
                out,
            ),
            exposures: unique(
                parts.exposures,
                |e| (&e.id, e.span.as_ref(), &e.original_file_path),
                out,
            ),
            unit_tests: unique(
                parts.unit_tests,
                |t| (&t.id, t.span.as_ref(), &t.original_file_path),
                out,
            ),
            groups: unique(parts.groups, |g| (&g.id, None, &g.original_file_path), out),
            docs: unique(parts.docs, |d| (&d.id, None, &d.original_file_path), out),
            macro_files: parts.macro_files,
            macro_patches: parts.macro_patches,
            selectors: selectors(self, out),
            origins: audiences.map(|audiences| audiences.origins).unwrap_or_default(),
            sync_folders: file
                .paths
                .syncs
                .iter()
                .map(|folder| self.root.join(folder))
                .collect(),
            target_path,
            flags: file.flags,
        }
    }
}

/// Tells once of the sections that a build does not use.
fn tell_ignored(parts: &Parts, out: &mut Vec<Diagnostic>) {
    if let Some((section, span)) = parts.ignored_sections.first() {
        let names: Vec<String> = parts
            .ignored_sections
            .keys()
            .map(|name| format!("`{name}`"))
            .collect();
        let (subject, verb) = if names.len() == 1 {
            ("section", "is")
        } else {
            ("sections", "are")
        };
        out.push(
            Diagnostic::warning(
                codes::IGNORED_SECTION,
                format!("the {subject} {} {verb} not used by a build", names.join(", ")),
            )
            .at(span.clone())
            .note(format!("`{section}` stands here first")),
        );
    }
}

fn as_package(file: &ProjectFile, root: &Path) -> Package {
    Package {
        name: file.name.clone(),
        root: root.to_path_buf(),
        version: file.version.clone(),
        dispatch: file.dispatch.clone(),
        vars: file.vars.clone(),
    }
}

/// The variables that a package's own files see: its own, then the root's, each package's scope over the globals.
fn package_vars(own: &Map<String, Value>, package: &str, root: &Map<String, Value>) -> Map<String, Value> {
    let mut seen = own.clone();
    for vars in [own, root] {
        if !std::ptr::eq(vars, own) {
            seen.extend(vars.clone());
        }
        if let Some(Value::Object(scoped)) = vars.get(package) {
            seen.extend(scoped.clone());
        }
    }
    seen
}

/// The variables of the project's own scope among the global ones; the command line beats them still.
fn hoisted(mut vars: Map<String, Value>, name: &str, cli: &Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Object(scoped)) = vars.get(name).cloned() {
        vars.extend(scoped);
        vars.extend(cli.clone());
    }
    vars
}

/// Where a node is written: a generic test in its properties file, everything else in its own.
fn node_place(node: &Node) -> (&NodeId, Option<&Span>, &PathBuf) {
    let span = node.patch_span.as_ref().filter(|_| node.generic_test.is_some());
    (&node.id, span, &node.code.file)
}

/// Warns of the folders in the configuration trees that nothing lies in.
fn check_trees(file: &ProjectFile, parts: &Parts, out: &mut Vec<Diagnostic>) {
    let kinds = [
        ("models", NodeKind::Model),
        ("seeds", NodeKind::Seed),
        ("snapshots", NodeKind::Snapshot),
        ("data_tests", NodeKind::Test),
    ];
    for (name, kind) in kinds {
        let fqns = parts
            .nodes
            .iter()
            .filter(|node| node.kind == kind)
            .map(|node| node.fqn.as_slice());
        config_layers::unused_paths(name, package::tree(&file.trees, kind), fqns, out);
    }
    let fqns = parts.sources.iter().map(|source| source.fqn.as_slice());
    config_layers::unused_paths("sources", file.trees.sources.as_ref(), fqns, out);
}

/// Indexes things by their id, in order; a second thing of one id is told and left out.
fn unique<T>(
    mut things: Vec<T>,
    key: impl Fn(&T) -> (&NodeId, Option<&Span>, &PathBuf),
    out: &mut Vec<Diagnostic>,
) -> IndexMap<NodeId, T> {
    things.sort_by(|a, b| key(a).0.cmp(key(b).0));
    let mut index: IndexMap<NodeId, T> = IndexMap::with_capacity(things.len());
    for thing in things {
        let (id, span, file) = key(&thing);
        let place = |span: Option<&Span>, file: &PathBuf| span.cloned().unwrap_or_else(|| Span::file(file));
        if let Some(first) = index.get(id) {
            let (_, first_span, first_file) = key(first);
            out.push(
                Diagnostic::error(
                    codes::DUPLICATE_NAME,
                    format!(
                        "two {}s are named `{}`",
                        id.resource_type().replace('_', " "),
                        id.short()
                    ),
                )
                .at(place(span, file))
                .note(format!("the first: {}", place(first_span, first_file))),
            );
            continue;
        }
        index.insert(id.clone(), thing);
    }
    index
}

/// `selectors.yml`, as declared, by name.
fn selectors(loader: &Loader<'_>, out: &mut Vec<Diagnostic>) -> IndexMap<String, Value> {
    const FILE: &str = "selectors.yml";
    let path = loader.root.join(FILE);
    if !loader.host.exists(&path) {
        return IndexMap::new();
    }
    let Some(yaml) = project_file::read(loader.host, &path, Path::new(FILE), out) else {
        return IndexMap::new();
    };
    let mut found = IndexMap::new();
    let Some(fields) = Fields::of(&yaml, format!("`{FILE}`"), &["selectors", "version"], out) else {
        return found;
    };
    for item in fields.list("selectors", out) {
        let known = ["default", "definition", "description", "name"];
        let Some(selector) = Fields::of(item, "a selector", &known, out) else {
            continue;
        };
        if let Some(name) = selector.required_text("name", out) {
            if selector.get("definition").is_none() {
                let message = format!("selector `{name}` has no `definition`");
                out.push(Diagnostic::error(codes::MISSING_KEY, message).at(item.span()));
            }
            found.insert(name, item.to_value());
        }
    }
    found
}
