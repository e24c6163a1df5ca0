//! Variables, and which package sees which.

use serde_json::{Map, Value};

use indexmap::IndexMap;

use crate::project::node::Project;

/// The variables of a project and its packages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vars {
    root: String,
    command_line: Map<String, Value>,
    project: Map<String, Value>,
    packages: IndexMap<String, Map<String, Value>>,
}

impl Vars {
    /// Takes a project's.
    pub(crate) fn of(project: &Project) -> Self {
        Self {
            root: project.name.clone(),
            command_line: project.cli_vars.clone(),
            project: project.vars.clone(),
            packages: project
                .packages
                .iter()
                .map(|(name, package)| (name.clone(), package.vars.clone()))
                .collect(),
        }
    }

    /// The variables of texts that have no project yet.
    pub(crate) fn flat(vars: &Map<String, Value>) -> Self {
        Self {
            project: vars.clone(),
            ..Self::default()
        }
    }

    /// The scopes that a package's templates see, nearest first: the command line, what the project sets for the
    /// package, the project's own, the package's own.
    fn scopes(&self, package: &str) -> impl Iterator<Item = &Map<String, Value>> + use<'_> {
        let own = self.packages.get(package).filter(|_| package != self.root);
        [
            Some(&self.command_line),
            self.project.get(package).and_then(Value::as_object),
            Some(&self.project),
            own.and_then(|vars| vars.get(package)).and_then(Value::as_object),
            own,
        ]
        .into_iter()
        .flatten()
    }

    /// A variable's value.
    pub(crate) fn get(&self, package: &str, name: &str) -> Option<&Value> {
        self.scopes(package).find_map(|vars| vars.get(name))
    }

    /// The variables that a package sees.
    pub(crate) fn names(&self, package: &str) -> Vec<String> {
        self.scopes(package)
            .flat_map(|vars| vars.keys().cloned())
            .collect()
    }
}
