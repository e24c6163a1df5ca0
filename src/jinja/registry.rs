//! Every macro of the project, its packages and the built-in ones, and who finds which.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;

use super::builtin;
use super::context;
use super::eval::MacroValue;
use super::syntax::blocks::{self, Block, BlockKind};
use super::syntax::tree::{MacroDecl, Stmt};
use super::syntax::walk;
use super::syntax::{TemplateFile, parse_template};
use crate::error::{Diagnostic, Span, codes};
use crate::project::node::{MacroFile, Project};

/// The package of the macros that come with Headwater.
pub(crate) const INTERNAL: &str = "dbt";

/// The adapters whose implementations `adapter.dispatch` takes, best first.
const ADAPTERS: [&str; 3] = ["datafusion", "postgres", "default"];

/// A macro, as the manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacroDef {
    /// The package.
    pub package: String,
    /// The name; a generic test's with `test_` before it.
    pub name: String,
    /// The file, relative to the package's folder.
    pub original_file_path: PathBuf,
    /// The whole block.
    pub macro_sql: String,
    /// The names of its parameters.
    pub arguments: Vec<String>,
    /// Whether it is a generic test.
    pub is_test: bool,
    /// The macros it names: `macro.<package>.<name>`, in order.
    pub depends_on_macros: Vec<String>,
    /// Where it is.
    pub span: Span,
}

/// A macro that was found.
#[derive(Debug, Clone)]
pub(crate) struct Entry(Value);

impl Entry {
    /// The macro as a value.
    pub(crate) fn value(&self) -> Value {
        self.0.clone()
    }
}

/// Every macro.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    root: String,
    installed: Vec<String>,
    packages: IndexMap<String, IndexMap<String, Entry>>,
    definitions: IndexMap<String, MacroDef>,
    mentions: IndexMap<String, Vec<walk::Mention>>,
    search_orders: IndexMap<String, Vec<String>>,
}

impl Registry {
    /// Reads every file of macros; what cannot be parsed is told and left out.
    pub(crate) fn load(project: &Project) -> (Self, Vec<Diagnostic>) {
        let mut registry = Self {
            root: project.name.clone(),
            installed: project.packages.keys().cloned().collect(),
            packages: project
                .packages
                .keys()
                .map(|name| (name.clone(), IndexMap::new()))
                .collect(),
            search_orders: search_orders(project),
            ..Self::default()
        };
        let mut diagnostics = Vec::new();
        let builtin = builtin::files(|package| !project.packages.contains_key(package));
        for file in builtin.iter().chain(&project.macro_files) {
            diagnostics.extend(registry.add_file(file));
        }
        registry.resolve_mentions();
        (registry, diagnostics)
    }

    fn add_file(&mut self, source: &MacroFile) -> Vec<Diagnostic> {
        let file = Arc::new(TemplateFile::new(&source.code));
        let rewritten = blocks::rewrite(file.text());
        let mut diagnostics: Vec<_> = rewritten
            .blocks
            .iter()
            .filter(|block| block.kind == BlockKind::Materialization)
            .map(|block| unsupported_materialization(&file, block))
            .collect();
        let statements = match parse_template(&file, &rewritten.text) {
            Ok(statements) => statements,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                return diagnostics;
            }
        };
        let (macros, prelude) = split(statements);
        let prelude = (!prelude.is_empty()).then(|| Arc::new(prelude));
        for decl in macros {
            let block = rewritten
                .blocks
                .iter()
                .find(|block| block.opening.start <= decl.at.start && decl.at.start < block.at.end);
            diagnostics.extend(self.add_macro(source, &file, decl, (block, prelude.clone())));
        }
        diagnostics
    }

    fn add_macro(
        &mut self,
        source: &MacroFile,
        file: &Arc<TemplateFile>,
        decl: MacroDecl,
        (block, prelude): (Option<&Block>, Option<Arc<Vec<Stmt>>>),
    ) -> Option<Diagnostic> {
        let is_test = block.is_some_and(|block| block.kind == BlockKind::Test);
        let name = if is_test {
            format!("test_{}", decl.name)
        } else {
            decl.name.to_string()
        };
        let decl = MacroDecl {
            name: Arc::from(name.as_str()),
            ..decl
        };
        let id = format!("macro.{}.{name}", source.package);
        let span = file.span(block.map_or(decl.at, |block| block.opening));
        if let Some(known) = self.definitions.get(&id) {
            return Some(
                Diagnostic::error(
                    codes::DUPLICATE_MACRO,
                    format!("macro `{name}` is there twice in `{}`", source.package),
                )
                .note(format!("the other one is at {}", known.span))
                .at(span),
            );
        }
        let definition = MacroDef {
            package: source.package.clone(),
            name: name.clone(),
            original_file_path: source.original_file_path.clone(),
            macro_sql: file.slice(block.map_or(decl.at, |block| block.at)).to_owned(),
            arguments: decl
                .parameters
                .iter()
                .map(|parameter| parameter.name.to_string())
                .collect(),
            is_test,
            depends_on_macros: Vec::new(),
            span,
        };
        self.definitions.insert(id.clone(), definition);
        self.mentions.insert(id.clone(), walk::mentions(&decl.body));
        let value = Value::from_object(MacroValue {
            decl: Arc::new(decl),
            file: Arc::clone(file),
            package: Arc::from(source.package.as_str()),
            closure: None,
            prelude,
            id: Some(Arc::from(id)),
        });
        let package = self.packages.entry(source.package.clone()).or_default();
        package.insert(name, Entry(value));
        None
    }

    /// The macros, by `macro.<package>.<name>`.
    pub(crate) fn definitions(&self) -> &IndexMap<String, MacroDef> {
        &self.definitions
    }

    /// The macro that a bare name means in a package: its own, the project's, that of an installed package (the first
    /// that has one; never in place of a name of dbt's context, such as `ref`), a built-in one.
    pub(crate) fn find(&self, package: &str, name: &str) -> Option<&Entry> {
        let installed = if context::NAMES.contains(&name) {
            &[][..]
        } else {
            &self.installed
        };
        [package, &self.root]
            .into_iter()
            .chain(installed.iter().map(String::as_str))
            .chain([INTERNAL])
            .find_map(|package| self.find_in(package, name))
    }

    /// As [`Registry::find`] without the installed packages, which dbt does not ask for the macros that name relations
    /// nor for implementations to dispatch to.
    pub(crate) fn find_uninstalled(&self, package: &str, name: &str) -> Option<&Entry> {
        [package, &self.root, INTERNAL]
            .into_iter()
            .find_map(|package| self.find_in(package, name))
    }

    /// The macro of a package.
    pub(crate) fn find_in(&self, package: &str, name: &str) -> Option<&Entry> {
        self.packages.get(package)?.get(name)
    }

    /// Whether there is a package of a name.
    pub(crate) fn has_package(&self, package: &str) -> bool {
        self.packages.contains_key(package)
    }

    /// The names that a bare call can mean in a package.
    pub(crate) fn names(&self, package: &str) -> Vec<String> {
        let installed = self.installed.iter().map(String::as_str);
        [package, &self.root]
            .into_iter()
            .chain(installed)
            .chain([INTERNAL])
            .flat_map(|package| self.names_in(package))
            .collect()
    }

    /// The names of a package's macros.
    pub(crate) fn names_in(&self, package: &str) -> Vec<String> {
        self.packages
            .get(package)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The macros of a name in any package, each with its package before it.
    pub(crate) fn anywhere(&self, name: &str) -> Vec<String> {
        let packages = self
            .packages
            .iter()
            .filter(|(_, macros)| macros.contains_key(name));
        packages.map(|(package, _)| format!("{package}.{name}")).collect()
    }

    /// The packages that `adapter.dispatch` looks through for a namespace.
    pub(crate) fn search_order(&self, namespace: &str) -> Vec<String> {
        self.search_orders.get(namespace).cloned().unwrap_or_else(|| {
            let mut packages = vec![self.root.clone(), namespace.to_owned()];
            packages.dedup();
            packages
        })
    }

    /// The implementation that `adapter.dispatch` takes, or the names that were looked for.
    pub(crate) fn dispatch(&self, name: &str, searched: &Searched<'_>) -> Result<&Entry, Vec<String>> {
        let mut tried = Vec::new();
        let packages: Vec<&str> = match searched {
            Searched::Visible(_) => vec![""],
            Searched::Packages(packages) => packages.iter().map(String::as_str).collect(),
        };
        for package in packages {
            for adapter in ADAPTERS {
                let wanted = format!("{adapter}__{name}");
                let found = match searched {
                    Searched::Visible(from) => self.find_uninstalled(from, &wanted),
                    Searched::Packages(_) => self.find_in(package, &wanted),
                };
                if let Some(entry) = found {
                    return Ok(entry);
                }
                tried.push(if package.is_empty() {
                    wanted
                } else {
                    format!("{package}.{wanted}")
                });
            }
        }
        Err(tried)
    }

    fn resolve_mentions(&mut self) {
        let mentions = std::mem::take(&mut self.mentions);
        for (id, mentions) in mentions {
            let Some(package) = self
                .definitions
                .get(&id)
                .map(|definition| definition.package.clone())
            else {
                continue;
            };
            let mut names: Vec<String> = Vec::new();
            for mention in &mentions {
                if let Some(found) = self
                    .mentioned(&package, mention)
                    .filter(|found| !names.contains(found))
                {
                    names.push(found);
                }
            }
            if let Some(definition) = self.definitions.get_mut(&id) {
                definition.depends_on_macros = names;
            }
        }
    }

    fn mentioned(&self, package: &str, mention: &walk::Mention) -> Option<String> {
        let entry = match mention {
            walk::Mention::Name(name) => self.find(package, name)?,
            walk::Mention::Member(namespace, name) => self.find_in(namespace, name)?,
            walk::Mention::Dispatch(name, None) => self.dispatch(name, &Searched::Visible(package)).ok()?,
            walk::Mention::Dispatch(name, Some(namespace)) => self
                .dispatch(name, &Searched::Packages(self.search_order(namespace)))
                .ok()?,
        };
        let found = entry.0.downcast_object_ref::<MacroValue>()?;
        found.id.as_ref().map(ToString::to_string)
    }
}

/// Where `adapter.dispatch` looks.
#[derive(Debug)]
pub(crate) enum Searched<'a> {
    /// Wherever a bare name of this package is looked for.
    Visible(&'a str),
    /// In these packages, in order.
    Packages(Vec<String>),
}

fn split(statements: Vec<Stmt>) -> (Vec<MacroDecl>, Vec<Stmt>) {
    let mut macros = Vec::new();
    let mut prelude = Vec::new();
    for statement in statements {
        match statement {
            Stmt::Macro(decl) => macros.extend(Arc::into_inner(decl)),
            Stmt::Raw(_) => {}
            other => prelude.push(other),
        }
    }
    (macros, prelude)
}

fn unsupported_materialization(file: &TemplateFile, block: &Block) -> Diagnostic {
    Diagnostic::warning(
        codes::UNSUPPORTED_TEMPLATE,
        format!("the materialization `{}` is passed over", block.name),
    )
    .at(file.span(block.opening))
    .hint("Headwater's own materializations are `table`, `view`, `incremental`, `ephemeral`, `seed` and `snapshot`")
}

/// The project's `dispatch:` list, by namespace.
fn search_orders(project: &Project) -> IndexMap<String, Vec<String>> {
    let declared = project
        .packages
        .get(&project.name)
        .map(|package| package.dispatch.as_slice());
    declared
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| {
            let namespace = entry.get("macro_namespace")?.as_str()?;
            let order = entry.get("search_order")?.as_array()?;
            let order = order
                .iter()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect();
            Some((namespace.to_owned(), order))
        })
        .collect()
}
