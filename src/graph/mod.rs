//! One typed graph: every node with its configuration, its name in the warehouse, and what it depends on.

pub mod catalog;
mod contract;
mod inline;
pub mod link;
mod notices;
pub mod plan;
mod queries;
pub mod sources;
pub mod version;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::error::Diagnostic;
use crate::jinja::{Capture, RefCall, RenderUnit, SourceCall};
use crate::names::{NodeId, RelationName};
use crate::project::config::NodeConfig;
use crate::project::node::{Exposure, Node, NodeKind, Project, SourceTable, UnitTest};
use crate::project::selector::{Facets, Selectable};
pub use link::link;
use link::resolve::Resolver;

/// A linked project.
#[derive(Debug)]
pub struct Graph {
    /// The project.
    pub project: Arc<Project>,
    /// The enabled nodes, sorted by id.
    pub nodes: IndexMap<NodeId, GraphNode>,
    /// The disabled nodes, sorted by id.
    pub disabled: IndexMap<NodeId, GraphNode>,
    /// The enabled tables of sources.
    pub sources: BTreeSet<NodeId>,
    /// The enabled exposures.
    pub exposures: BTreeSet<NodeId>,
    /// The enabled unit tests.
    pub unit_tests: BTreeSet<NodeId>,
    /// What each node, source, exposure and unit test depends on directly, in the order of its references.
    pub parents: IndexMap<NodeId, Vec<NodeId>>,
    /// What depends on each directly, sorted.
    pub children: IndexMap<NodeId, Vec<NodeId>>,
    /// Everything that is enabled, parents first; what is equally free is sorted by id.
    pub order: Vec<NodeId>,
    source_relations: BTreeMap<NodeId, RelationName>,
    resolver: Resolver,
}

/// A node in its graph.
#[derive(Debug, Clone)]
pub struct GraphNode {
    /// The node as its files say it.
    pub node: Node,
    /// Its configuration.
    pub config: NodeConfig,
    /// Its table; none for ephemeral models, analyses, hooks, and tests that keep no failures.
    pub relation: Option<RelationName>,
    /// Its table's name, whether there is a table or not.
    pub alias: String,
    /// Its schema, whether there is a table or not.
    pub schema: String,
    /// Its database, whether there is a table or not.
    pub database: String,
    /// The nodes and sources it depends on, in the order of its references.
    pub depends_on: Vec<NodeId>,
    /// The macros it calls, directly or not: `macro.<package>.<name>`, sorted.
    pub depends_on_macros: Vec<String>,
    /// What its template refers to, asks for and reads.
    pub capture: Capture,
    /// The node as the manifest describes it: `model` in templates.
    pub model: Map<String, Value>,
}

impl GraphNode {
    /// Its references to nodes.
    pub fn refs(&self) -> &[RefCall] {
        &self.capture.refs
    }

    /// Its references to sources.
    pub fn sources(&self) -> &[SourceCall] {
        &self.capture.sources
    }

    /// Whether it is part of what refers to it, rather than a relation.
    pub fn is_ephemeral(&self) -> bool {
        self.node.kind == NodeKind::Model && self.config.materialized == "ephemeral"
    }
}

impl Graph {
    /// What an id depends on directly.
    pub fn parents(&self, id: &NodeId) -> &[NodeId] {
        self.parents.get(id).map_or(&[], Vec::as_slice)
    }

    /// What depends on an id directly.
    pub fn children(&self, id: &NodeId) -> &[NodeId] {
        self.children.get(id).map_or(&[], Vec::as_slice)
    }

    /// An enabled node.
    pub fn node(&self, id: &NodeId) -> Option<&GraphNode> {
        self.nodes.get(id)
    }

    /// An enabled table of a source.
    pub fn source(&self, id: &NodeId) -> Option<&SourceTable> {
        self.sources.get(id).and_then(|id| self.project.sources.get(id))
    }

    /// An enabled exposure.
    pub fn exposure(&self, id: &NodeId) -> Option<&Exposure> {
        self.exposures
            .get(id)
            .and_then(|id| self.project.exposures.get(id))
    }

    /// An enabled unit test.
    pub fn unit_test(&self, id: &NodeId) -> Option<&UnitTest> {
        self.unit_tests
            .get(id)
            .and_then(|id| self.project.unit_tests.get(id))
    }

    /// The node that a `ref` in a package means.
    ///
    /// # Errors
    /// `HW0350`, `HW0352`, `HW0355` or `HW0356`: there is none, or not one alone; the diagnostic has the call's place.
    pub fn resolve_ref(&self, from_package: &str, call: &RefCall) -> Result<&NodeId, Diagnostic> {
        self.resolver.node(from_package, call)
    }

    /// The table that a `source` in a package means.
    ///
    /// # Errors
    /// `HW0351` or `HW0352`: there is none, or it is disabled; the diagnostic has the call's place.
    pub fn resolve_source(&self, from_package: &str, call: &SourceCall) -> Result<&NodeId, Diagnostic> {
        self.resolver.source(from_package, call)
    }

    /// The relation of a node or of a source's table.
    pub fn relation(&self, id: &NodeId) -> Option<&RelationName> {
        match self.nodes.get(id) {
            Some(node) => node.relation.as_ref(),
            None => self.source_relations.get(id),
        }
    }

    /// The nodes that make relations, by what they make.
    pub fn makers(&self) -> BTreeMap<RelationName, NodeId> {
        let made = self
            .nodes
            .iter()
            .filter_map(|(id, node)| Some((node.relation.clone()?, id.clone())));
        made.collect()
    }

    /// What is needed to render a node; a full build of it.
    pub fn render_unit<'g>(&self, node: &'g GraphNode) -> RenderUnit<'g> {
        RenderUnit {
            this: node.relation.as_ref(),
            model: &node.model,
            config: &node.config.raw,
            ..RenderUnit::new(&node.node.code, &node.node.package)
        }
    }

    /// Whether a node, source, exposure or unit test is there and enabled.
    pub fn is_enabled(&self, id: &NodeId) -> bool {
        self.nodes.contains_key(id)
            || self.sources.contains(id)
            || self.exposures.contains(id)
            || self.unit_tests.contains(id)
    }
}

impl Selectable for Graph {
    fn root_package(&self) -> &str {
        &self.project.name
    }

    fn members(&self) -> Vec<Facets<'_>> {
        self.order
            .iter()
            .filter_map(|id| link::facets::of(self, id))
            .collect()
    }

    fn parents(&self, id: &NodeId) -> &[NodeId] {
        Self::parents(self, id)
    }
}
