//! Linking: from a loaded project to its graph.

mod capture;
mod describe;
mod edges;
pub(super) mod facets;
mod naming;
mod order;
pub(super) mod resolve;

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Map;

use crate::error::{Diagnostic, Span, codes};
use crate::graph::{Graph, GraphNode};
use crate::jinja::Renderer;
use crate::names::NodeId;
use crate::project::node::Project;
use capture::Captured;
use resolve::Resolver;

/// Links a project: captures every template, settles every configuration, names every table, resolves every reference,
/// and puts everything in order. Faults are told all at once; what they touch stays in the graph as far as it goes.
pub fn link(mut project: Project, renderer: &Renderer) -> (Graph, Vec<Diagnostic>) {
    let mut out = Vec::new();
    let nodes: Vec<_> = std::mem::take(&mut project.nodes).into_values().collect();
    let captured = capture::all(nodes, renderer);

    let sources: BTreeSet<NodeId> = project
        .sources
        .values()
        .filter(|source| facets::is_enabled(&source.config))
        .map(|source| source.id.clone())
        .collect();
    let mut resolver = Resolver::new(&project, &sources);
    for Captured { node, config, .. } in &captured {
        if config.enabled {
            resolver.add_enabled(node);
        } else {
            resolver.add_disabled(node);
        }
    }

    let mut graph = Graph {
        source_relations: naming::sources(&project),
        project: Arc::new(project),
        nodes: IndexMap::with_capacity(captured.len()),
        disabled: IndexMap::new(),
        sources,
        exposures: BTreeSet::new(),
        unit_tests: BTreeSet::new(),
        parents: IndexMap::new(),
        children: IndexMap::new(),
        order: Vec::new(),
        resolver,
    };
    for mut captured in captured {
        out.append(&mut captured.faults);
        add(&mut graph, captured, renderer, &mut out);
    }
    naming::part_sources(&mut graph);
    edges::inherit_groups(&mut graph);
    edges::link_nodes(&mut graph, &mut out);
    edges::link_exposures(&mut graph, renderer, &mut out);
    edges::link_unit_tests(&mut graph, &mut out);
    for linked in graph.nodes.values_mut().chain(graph.disabled.values_mut()) {
        linked.model = describe::describe(linked);
    }
    naming::check_unique(graph.nodes.values(), &mut out);
    arrange(&mut graph, &mut out);
    (graph, out)
}

/// Adds a node, named.
fn add(graph: &mut Graph, captured: Captured, renderer: &Renderer, out: &mut Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let naming = naming::name(&captured, &graph.project, renderer, &mut faults);
    let relation = naming::relation(&captured, &naming);
    if captured.config.enabled {
        out.append(&mut faults);
    }
    let enabled = captured.config.enabled;
    let linked = GraphNode {
        depends_on: Vec::new(),
        depends_on_macros: captured.capture.macros.iter().cloned().collect(),
        node: captured.node,
        config: captured.config,
        relation,
        alias: naming.alias,
        schema: naming.schema,
        database: naming.database,
        capture: captured.capture,
        model: Map::new(),
    };
    let id = linked.node.id.clone();
    if enabled {
        graph.nodes.insert(id, linked)
    } else {
        graph.disabled.insert(id, linked)
    };
}

/// Orders everything, tells the cycles, and turns the edges round.
fn arrange(graph: &mut Graph, out: &mut Vec<Diagnostic>) {
    let mut parents: IndexMap<NodeId, Vec<NodeId>> = graph
        .sources
        .iter()
        .map(|source| (source.clone(), Vec::new()))
        .collect();
    parents.extend(std::mem::take(&mut graph.parents));
    graph.order = order::topological(&parents);
    for cycle in order::cycles(&parents, &graph.order) {
        out.push(told(graph, &cycle));
    }
    let mut children: IndexMap<NodeId, Vec<NodeId>> =
        parents.keys().map(|id| (id.clone(), Vec::new())).collect();
    for (id, of) in &parents {
        for parent in of {
            if let Some(list) = children.get_mut(parent) {
                list.push(id.clone());
            }
        }
    }
    for list in children.values_mut() {
        list.sort();
        list.dedup();
    }
    graph.parents = parents;
    graph.children = children;
}

/// A cycle, at the reference that closes it.
fn told(graph: &Graph, cycle: &[NodeId]) -> Diagnostic {
    let mut names: Vec<String> = cycle.iter().map(|id| format!("`{}`", id.short())).collect();
    names.extend(names.first().cloned());
    let first = cycle.first().and_then(|id| graph.nodes.get(id));
    let next = cycle.get(1).or_else(|| cycle.first());
    let place = first.and_then(|linked| {
        let calls = linked.refs().iter();
        let closing = calls.filter(|call| graph.resolve_ref(&linked.node.package, call).ok() == next);
        closing
            .map(|call| call.span.clone())
            .next()
            .or_else(|| Some(Span::file(&linked.node.code.file)))
    });
    let message = match cycle {
        [_] => format!("{} depends on itself", names.first().map_or("", String::as_str)),
        _ => format!("a cycle: {}", names.join(" depends on ")),
    };
    Diagnostic::error(codes::CYCLE, message)
        .at_maybe(place)
        .hint("a table cannot be built from itself: an incremental model reads itself with `{{ this }}`")
}
