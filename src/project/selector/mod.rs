//! Selection: dbt's `--select`, `--exclude` and `--selector` over anything that has nodes and edges.

mod definitions;
mod evaluate;
mod grammar;
mod methods;
mod pattern;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use definitions::default_selector;
pub use grammar::IndirectSelection;
use grammar::Spec;

use super::node::Version;
use crate::error::Diagnostic;
use crate::names::NodeId;

/// What selections can see of a node, source, exposure or unit test.
#[derive(Debug, Clone)]
pub struct Facets<'g> {
    /// Its id.
    pub id: &'g NodeId,
    /// Its name: a source's is its table's.
    pub name: &'g str,
    /// Its package.
    pub package: &'g str,
    /// dbt's fully qualified name.
    pub fqn: &'g [String],
    /// Its file, relative to the package's folder.
    pub original_file_path: &'g Path,
    /// The properties file that describes it, with its package.
    pub patch_path: Option<&'g str>,
    /// Its tags.
    pub tags: &'g [String],
    /// Its configuration, if `config:` is to find it.
    pub config: Option<&'g Map<String, Value>>,
    /// Its group.
    pub group: Option<&'g str>,
    /// Its access level, for a model.
    pub access: Option<&'g str>,
    /// Its version, for a versioned model.
    pub version: Option<&'g Version>,
    /// The source it is a table of.
    pub source: Option<&'g str>,
    /// The generic test that it calls.
    pub generic_test: Option<&'g str>,
}

impl Facets<'_> {
    /// dbt's `resource_type`.
    pub fn resource_type(&self) -> &str {
        self.id.resource_type()
    }

    /// Whether it comes along with the nodes it tests.
    fn is_test(&self) -> bool {
        matches!(self.resource_type(), "test" | "unit_test")
    }
}

/// A graph whose nodes can be selected; disabled ones are no part of it.
pub trait Selectable {
    /// The name of the root project.
    fn root_package(&self) -> &str;
    /// Every node, source, exposure and unit test, in order.
    fn members(&self) -> Vec<Facets<'_>>;
    /// What a member depends on directly.
    fn parents(&self, id: &NodeId) -> &[NodeId];
}

/// What selections can know beyond the project: for `state:modified`, `result:error`, `source_status:fresher` the
/// nodes that are so. A method without an entry here cannot be used.
pub type SelectionFacts = BTreeMap<String, BTreeSet<NodeId>>;

/// What the command line selects.
#[derive(Debug, Clone, Default)]
pub struct SelectionRequest {
    /// `--select`; none means everything, or the selector that is marked as the default.
    pub select: Vec<String>,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--selector`: the name of one in `selectors.yml`.
    pub selector: Option<String>,
    /// `--resource-type`: kinds that are kept; none keeps all.
    pub resource_types: Vec<String>,
    /// `--indirect-selection`.
    pub indirect: IndirectSelection,
    /// What is known beyond the project.
    pub facts: SelectionFacts,
}

/// Selects from a graph. A part that matches nothing is a warning; `HW0105` is told, and nothing selected, when the
/// selection cannot be understood or asks for facts that are not there.
pub fn select(
    graph: &dyn Selectable,
    definitions: &IndexMap<String, Value>,
    request: &SelectionRequest,
) -> (BTreeSet<NodeId>, Vec<Diagnostic>) {
    let mut evaluation = evaluate::Evaluation::new(graph, &request.facts);
    match specs(definitions, request).and_then(|(included, excluded)| {
        evaluation.difference(included.as_ref(), &excluded, request.indirect)
    }) {
        Ok(mut selected) => {
            let kinds = &request.resource_types;
            selected.retain(|id| kinds.is_empty() || kinds.iter().any(|kind| kind == id.resource_type()));
            (selected, evaluation.into_warnings())
        }
        Err(fault) => (BTreeSet::new(), vec![fault]),
    }
}

/// What is included, if anything is named, and what is excluded.
fn specs(
    definitions: &IndexMap<String, Value>,
    request: &SelectionRequest,
) -> Result<(Option<Spec>, Spec), Diagnostic> {
    let excluded = grammar::parse(&request.exclude, request.indirect)?;
    let is_bare = request.select.is_empty() && request.exclude.is_empty();
    let default = default_selector(definitions).filter(|_| is_bare);
    let included = match request.selector.as_deref().or(default) {
        Some(name) => Some(definitions::named(name, definitions, request.indirect)?),
        None if request.select.is_empty() => None,
        None => Some(grammar::parse(&request.select, request.indirect)?),
    };
    Ok((included, excluded))
}
