//! Finding what a `ref` or a `source` means.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::error::{Diagnostic, codes};
use crate::jinja::{RefCall, SourceCall};
use crate::names::NodeId;
use crate::project::node::{Node, NodeKind, Project};

/// Every name that can be referred to.
#[derive(Debug, Default)]
pub(in crate::graph) struct Resolver {
    root_package: String,
    nodes: HashMap<String, Vec<Target>>,
    sources: HashMap<(String, String), Vec<Target>>,
    other_names: HashMap<String, NodeKind>,
}

/// Something that a name may mean.
#[derive(Debug, Clone)]
struct Target {
    package: String,
    id: NodeId,
    version: Option<Value>,
    is_latest: bool,
    enabled: bool,
}

impl Resolver {
    /// Takes the names of a project's sources; nodes are added as they are linked.
    pub(super) fn new(project: &Project, enabled_sources: &BTreeSet<NodeId>) -> Self {
        let mut resolver = Self {
            root_package: project.name.clone(),
            ..Self::default()
        };
        for source in project.sources.values() {
            let key = (source.source_name.clone(), source.name.clone());
            resolver.sources.entry(key).or_default().push(Target {
                package: source.package.clone(),
                id: source.id.clone(),
                version: None,
                is_latest: true,
                enabled: enabled_sources.contains(&source.id),
            });
        }
        resolver
    }

    pub(super) fn add_enabled(&mut self, node: &Node) {
        self.add(node, true);
    }

    pub(super) fn add_disabled(&mut self, node: &Node) {
        self.add(node, false);
    }

    fn add(&mut self, node: &Node, enabled: bool) {
        if !matches!(node.kind, NodeKind::Model | NodeKind::Seed | NodeKind::Snapshot) {
            self.other_names.insert(node.name.clone(), node.kind);
            return;
        }
        let version = node.version.as_ref();
        self.nodes.entry(node.name.clone()).or_default().push(Target {
            package: node.package.clone(),
            id: node.id.clone(),
            version: version.map(|version| version.version.clone()),
            is_latest: version.is_none_or(|version| same_version(&version.version, &version.latest)),
            enabled,
        });
    }

    /// The enabled node that a call from a package means.
    pub(in crate::graph) fn node(&self, from_package: &str, call: &RefCall) -> Result<&NodeId, Diagnostic> {
        let named = self.nodes.get(&call.name).map_or(&[][..], Vec::as_slice);
        let wanted = |target: &&Target| match &call.version {
            Some(version) => target
                .version
                .as_ref()
                .is_some_and(|found| same_version(found, version)),
            None => target.is_latest,
        };
        let matching: Vec<&Target> = named.iter().filter(wanted).collect();
        let mut disabled = None;
        for package in self.search_order(from_package, call.package.as_deref()) {
            let here: Vec<&Target> = matching
                .iter()
                .filter(|target| package.is_none_or(|name| target.package == name))
                .copied()
                .collect();
            let enabled: Vec<&Target> = here.iter().filter(|target| target.enabled).copied().collect();
            match enabled.as_slice() {
                [one] => return Ok(&one.id),
                [] => disabled = disabled.or(here.first().copied()),
                [_, _, ..] => return Err(ambiguous(call, &enabled)),
            }
        }
        Err(match disabled {
            Some(target) => disabled_fault(&format!("`{}`", written(call)), &target.id).at(call.span.clone()),
            None if !named.is_empty() && call.version.is_some() => missing_version(call, named),
            None => self.missing(call),
        })
    }

    /// The enabled table that a call from a package means.
    pub(in crate::graph) fn source(
        &self,
        from_package: &str,
        call: &SourceCall,
    ) -> Result<&NodeId, Diagnostic> {
        let key = (call.source.clone(), call.table.clone());
        let named = self.sources.get(&key).map_or(&[][..], Vec::as_slice);
        let mut disabled = None;
        for package in self.search_order(from_package, None) {
            let mut here = named
                .iter()
                .filter(|target| package.is_none_or(|name| target.package == name));
            match here.clone().find(|target| target.enabled) {
                Some(target) => return Ok(&target.id),
                None => disabled = disabled.or_else(|| here.next()),
            }
        }
        let title = format!("`source('{}', '{}')`", call.source, call.table);
        Err(match disabled {
            Some(target) => disabled_fault(&title, &target.id).at(call.span.clone()),
            None => self.missing_source(call, &title),
        })
    }

    /// Where a name is looked for: in the package that is named, or at the root, nearby, anywhere.
    fn search_order<'a>(&'a self, from: &'a str, named: Option<&'a str>) -> Vec<Option<&'a str>> {
        match named {
            Some(package) => vec![Some(package)],
            None if from == self.root_package => vec![Some(from), None],
            None => vec![Some(self.root_package.as_str()), Some(from), None],
        }
    }

    fn missing(&self, call: &RefCall) -> Diagnostic {
        let diagnostic = Diagnostic::error(
            codes::MISSING_REF,
            format!("`{}` leads to nothing", written(call)),
        )
        .at(call.span.clone());
        if let Some(kind) = self.other_names.get(&call.name) {
            return diagnostic.hint(format!(
                "`{}` is of kind {}, which has no table",
                call.name,
                kind.resource_type()
            ));
        }
        let mut tables: Vec<&(String, String)> = self
            .sources
            .keys()
            .filter(|(_, table)| *table == call.name)
            .collect();
        tables.sort_unstable();
        if let Some((source, table)) = tables.first() {
            return diagnostic.hint(format!(
                "it is a table of a source: `source('{source}', '{table}')`"
            ));
        }
        if self.nodes.contains_key(&call.name) {
            let packages = self
                .nodes
                .get(&call.name)
                .into_iter()
                .flatten()
                .map(|target| target.package.as_str());
            let packages: BTreeSet<&str> = packages.collect();
            let packages: Vec<String> = packages.into_iter().map(|name| format!("`{name}`")).collect();
            return diagnostic.hint(format!("`{}` is in package {}", call.name, packages.join(", ")));
        }
        let mut names: Vec<&str> = self.nodes.keys().map(String::as_str).collect();
        names.sort_unstable();
        diagnostic.nearest(&call.name, names)
    }

    fn missing_source(&self, call: &SourceCall, title: &str) -> Diagnostic {
        let diagnostic = Diagnostic::error(codes::MISSING_SOURCE, format!("{title} leads to nothing"))
            .at(call.span.clone());
        let mut tables: Vec<&str> = self
            .sources
            .keys()
            .filter(|(source, _)| *source == call.source)
            .map(|(_, table)| table.as_str())
            .collect();
        tables.sort_unstable();
        if tables.is_empty() {
            let sources: BTreeSet<&str> = self.sources.keys().map(|(source, _)| source.as_str()).collect();
            return diagnostic
                .note(format!("no properties file declares a source `{}`", call.source))
                .nearest(&call.source, sources);
        }
        diagnostic
            .note(format!("source `{}` has {}", call.source, listed(&tables)))
            .nearest(&call.table, tables.iter().copied())
    }
}

/// The call as its author wrote it, about.
fn written(call: &RefCall) -> String {
    let package = call
        .package
        .as_ref()
        .map(|package| format!("'{package}', "))
        .unwrap_or_default();
    let version = call
        .version
        .as_ref()
        .map(|version| format!(", v={version}"))
        .unwrap_or_default();
    format!("ref({package}'{}'{version})", call.name)
}

fn ambiguous(call: &RefCall, found: &[&Target]) -> Diagnostic {
    let ids: Vec<&str> = found.iter().map(|target| target.id.as_str()).collect();
    Diagnostic::error(
        codes::AMBIGUOUS_REF,
        format!("`{}` leads to several nodes", written(call)),
    )
    .at(call.span.clone())
    .note(format!("they are {}", listed(&ids)))
    .hint(format!(
        "name the package: `ref('{}', '{}')`",
        found.first().map_or("", |t| &t.package),
        call.name
    ))
}

fn missing_version(call: &RefCall, named: &[Target]) -> Diagnostic {
    let versions: Vec<String> = named
        .iter()
        .filter_map(|target| target.version.as_ref())
        .map(plain_version)
        .collect();
    let names: Vec<&str> = versions.iter().map(String::as_str).collect();
    let diagnostic = Diagnostic::error(
        codes::MISSING_VERSION,
        format!("`{}` leads to nothing", written(call)),
    )
    .at(call.span.clone());
    if names.is_empty() {
        return diagnostic.hint(format!("`{}` has no versions: leave the version out", call.name));
    }
    diagnostic.hint(format!("the versions of `{}` are {}", call.name, listed(&names)))
}

fn disabled_fault(title: &str, id: &NodeId) -> Diagnostic {
    Diagnostic::error(
        codes::DISABLED_REF,
        format!("{title} leads to `{id}`, which is disabled"),
    )
    .hint("enable it, disable what refers to it, or refer to it only where it is enabled")
}

fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn plain_version(version: &Value) -> String {
    version
        .as_str()
        .map_or_else(|| version.to_string(), str::to_owned)
}

fn same_version(a: &Value, b: &Value) -> bool {
    plain_version(a) == plain_version(b)
}
