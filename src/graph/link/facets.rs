//! What selections see of a graph's members.

use serde_json::{Map, Value};

use crate::graph::{Graph, GraphNode};
use crate::names::NodeId;
use crate::project::config::Access;
use crate::project::node::NodeKind;
use crate::project::selector::Facets;

/// The facets of a member; none for an id that the graph does not know.
pub(in crate::graph) fn of<'g>(graph: &'g Graph, id: &'g NodeId) -> Option<Facets<'g>> {
    if let Some(node) = graph.nodes.get(id) {
        return Some(of_node(id, node));
    }
    let project = &graph.project;
    if let Some(source) = project.sources.get(id) {
        return Some(Facets {
            fqn: &source.fqn,
            original_file_path: &source.original_file_path,
            tags: &source.tags,
            config: Some(&source.config),
            source: Some(&source.source_name),
            ..named(id, &source.name, &source.package)
        });
    }
    if let Some(exposure) = project.exposures.get(id) {
        return Some(Facets {
            fqn: &exposure.fqn,
            original_file_path: &exposure.original_file_path,
            tags: &exposure.tags,
            ..named(id, &exposure.name, &exposure.package)
        });
    }
    let test = project.unit_tests.get(id)?;
    Some(Facets {
        fqn: &test.fqn,
        original_file_path: &test.original_file_path,
        tags: &test.tags,
        ..named(id, &test.name, &test.package)
    })
}

fn of_node<'g>(id: &'g NodeId, graph_node: &'g GraphNode) -> Facets<'g> {
    let GraphNode { node, config, .. } = graph_node;
    Facets {
        fqn: &node.fqn,
        original_file_path: &node.original_file_path,
        patch_path: node.patch_path.as_deref(),
        tags: &config.tags,
        config: Some(&config.raw),
        group: config.group.as_deref(),
        access: (node.kind == NodeKind::Model).then_some(match config.access {
            Access::Private => "private",
            Access::Protected => "protected",
            Access::Public => "public",
        }),
        version: node.version.as_ref(),
        generic_test: node.generic_test.as_ref().map(|test| test.name.as_str()),
        ..named(id, &node.name, &node.package)
    }
}

fn named<'g>(id: &'g NodeId, name: &'g str, package: &'g str) -> Facets<'g> {
    Facets {
        id,
        name,
        package,
        fqn: &[],
        original_file_path: std::path::Path::new(""),
        patch_path: None,
        tags: &[],
        config: None,
        group: None,
        access: None,
        version: None,
        source: None,
        generic_test: None,
    }
}

/// Whether a free-form configuration leaves a thing enabled.
pub(super) fn is_enabled(config: &Map<String, Value>) -> bool {
    match config.get("enabled") {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => !text.eq_ignore_ascii_case("false"),
        _ => true,
    }
}
