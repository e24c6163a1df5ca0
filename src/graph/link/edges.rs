//! What depends on what.

use std::path::Path;
use std::sync::Arc;

use super::capture;
use super::facets::is_enabled;
use crate::error::{Diagnostic, Severity, Span, codes};
use crate::graph::{Graph, GraphNode};
use crate::jinja::{Capture, RefCall, Renderer};
use crate::names::NodeId;
use crate::project::config::Access;
use crate::project::node::{NodeKind, TemplateText};

/// A test belongs to the group of what it tests.
pub(super) fn inherit_groups(graph: &mut Graph) {
    let inherited: Vec<(usize, String)> = graph
        .nodes
        .values()
        .enumerate()
        .filter(|(_, linked)| linked.config.group.is_none())
        .filter_map(|(place, linked)| {
            let tested = graph.nodes.get(&linked.node.generic_test.as_ref()?.attached)?;
            Some((place, tested.config.group.clone()?))
        })
        .collect();
    for (place, group) in inherited {
        if let Some((_, linked)) = graph.nodes.get_index_mut(place) {
            linked.config.group = Some(group);
        }
    }
}

/// Resolves every node's references; a test of something that is disabled or not there is disabled itself.
pub(super) fn link_nodes(graph: &mut Graph, out: &mut Vec<Diagnostic>) {
    let mut dropped = Vec::new();
    let mut resolved = Vec::with_capacity(graph.nodes.len());
    for linked in graph.nodes.values() {
        let (parents, faults) = parents_of(graph, &linked.node.package, &linked.capture);
        let is_test = linked.node.kind == NodeKind::Test;
        if is_test && !faults.is_empty() {
            dropped.push(linked.node.id.clone());
            out.extend(faults.into_iter().filter_map(|fault| softened(fault, linked)));
            continue;
        }
        out.extend(faults);
        check_access(graph, linked, &parents, out);
        resolved.push((linked.node.id.clone(), parents));
    }
    for id in dropped {
        if let Some(mut linked) = graph.nodes.shift_remove(&id) {
            linked.config.enabled = false;
            linked.config.raw.insert("enabled".to_owned(), false.into());
            graph.disabled.insert(id, linked);
        }
    }
    graph.disabled.sort_unstable_keys();
    for (id, parents) in resolved {
        if let Some(linked) = graph.nodes.get_mut(&id) {
            linked.depends_on.clone_from(&parents);
        }
        graph.parents.insert(id, parents);
    }
}

/// As in dbt, a test that refers to nothing is a warning, and one of something disabled goes without a word.
fn softened(fault: Diagnostic, linked: &GraphNode) -> Option<Diagnostic> {
    let place = linked.node.patch_span.clone();
    (fault.code != codes::DISABLED_REF).then(|| {
        Diagnostic {
            severity: Severity::Warning,
            ..fault
        }
        .at_maybe(place)
        .note(format!("the test `{}` is left out", linked.node.name))
    })
}

/// What a template refers to, each once, in order.
fn parents_of(graph: &Graph, package: &str, capture: &Capture) -> (Vec<NodeId>, Vec<Diagnostic>) {
    let mut parents: Vec<NodeId> = Vec::new();
    let mut faults = Vec::new();
    let nodes = capture.refs.iter().map(|call| graph.resolve_ref(package, call));
    let sources = capture
        .sources
        .iter()
        .map(|call| graph.resolve_source(package, call));
    for found in nodes.chain(sources) {
        match found {
            Ok(id) if !parents.contains(id) => parents.push(id.clone()),
            Ok(_) => {}
            Err(fault) => faults.push(fault),
        }
    }
    (parents, faults)
}

/// A private model is for its group alone.
fn check_access(graph: &Graph, linked: &GraphNode, parents: &[NodeId], out: &mut Vec<Diagnostic>) {
    for id in parents {
        let Some(parent) = graph
            .nodes
            .get(id)
            .filter(|parent| parent.config.access == Access::Private)
        else {
            continue;
        };
        if parent.config.group.is_some() && parent.config.group == linked.config.group {
            continue;
        }
        let named = |call: &&RefCall| graph.resolve_ref(&linked.node.package, call).ok() == Some(id);
        let place = linked.refs().iter().find(named).map(|call| call.span.clone());
        let group = parent.config.group.as_ref().map_or_else(
            || "has no group that could use it".to_owned(),
            |group| format!("is for the group `{group}` alone"),
        );
        out.push(
            Diagnostic::error(
                codes::PRIVATE_REF,
                format!(
                    "`{}` may not refer to `{}`, which is private",
                    linked.node.name, parent.node.name
                ),
            )
            .at_maybe(place)
            .note(format!("`{}` {group}", parent.node.name)),
        );
    }
}

/// Resolves what exposures depend on.
pub(super) fn link_exposures(graph: &mut Graph, renderer: &Renderer, out: &mut Vec<Diagnostic>) {
    let project = Arc::clone(&graph.project);
    for exposure in project.exposures.values() {
        let config = exposure
            .properties
            .get("config")
            .and_then(serde_json::Value::as_object);
        if config.is_some_and(|config| !is_enabled(config)) {
            continue;
        }
        let place = exposure
            .span
            .clone()
            .unwrap_or_else(|| Span::file(&exposure.original_file_path));
        let at = TemplateText {
            text: Arc::from(""),
            file: place.file.clone(),
            first_line: place.line,
        };
        let mut parents: Vec<NodeId> = Vec::new();
        for text in &exposure.depends_on {
            let found = capture::expression(text, &exposure.package, &at, renderer)
                .map(|capture| parents_of(graph, &exposure.package, &capture));
            let (ids, faults) = found.unwrap_or_else(|fault| (Vec::new(), vec![fault]));
            parents.extend(ids);
            out.extend(faults.into_iter().map(|fault| {
                fault
                    .at(place.clone())
                    .note(format!("in `depends_on` of exposure `{}`", exposure.name))
            }));
        }
        graph.exposures.insert(exposure.id.clone());
        graph.parents.insert(exposure.id.clone(), parents);
    }
}

/// Finds the model of every unit test; a test of a disabled model is disabled itself.
pub(super) fn link_unit_tests(graph: &mut Graph, out: &mut Vec<Diagnostic>) {
    let project = Arc::clone(&graph.project);
    for test in project
        .unit_tests
        .values()
        .filter(|test| is_enabled(&test.config))
    {
        let place = test
            .span
            .clone()
            .unwrap_or_else(|| Span::file(Path::new(&test.original_file_path)));
        let call = RefCall {
            package: None,
            name: test.model.clone(),
            version: test.version.clone(),
            span: place.clone(),
        };
        match graph.resolve_ref(&test.package, &call) {
            Ok(id) if id.resource_type() == "model" => {
                let model = id.clone();
                graph.unit_tests.insert(test.id.clone());
                graph.parents.insert(test.id.clone(), vec![model]);
            }
            Ok(id) => out.push(
                Diagnostic::error(
                    codes::UNIT_TEST_MODEL,
                    format!("unit test `{}` tests `{id}`, which is not a model", test.name),
                )
                .at(place),
            ),
            Err(fault) if fault.code == codes::DISABLED_REF => {}
            Err(fault) => out.push(Diagnostic {
                code: codes::UNIT_TEST_MODEL,
                message: format!(
                    "unit test `{}` tests the model `{}`, which is not there",
                    test.name, test.model
                ),
                ..fault
            }),
        }
    }
}
