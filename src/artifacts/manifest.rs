//! `manifest.json`: the whole project, as its readers take it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Described, Invocation, entries, metadata};
use crate::graph::Graph;

/// The document.
pub(super) fn document(described: Described<'_>, invocation: &Invocation) -> Value {
    let Described {
        graph,
        renderer,
        planner,
    } = described;
    let project = &graph.project;
    let mut header = metadata("manifest/v12", invocation);
    let more = [
        ("project_name", json!(project.name)),
        ("project_id", json!(format!("{:x}", md5(&project.name)))),
        ("user_id", Value::Null),
        ("send_anonymous_usage_stats", json!(false)),
        ("adapter_type", json!("datafusion")),
        (
            "quoting",
            json!({ "database": true, "schema": true, "identifier": true, "column": null }),
        ),
    ];
    if let Value::Object(header) = &mut header {
        header.extend(more.map(|(key, value)| (key.to_owned(), value)));
    }
    let (parent_map, child_map) = maps(graph);
    json!({
        "metadata": header,
        "nodes": by_id(graph.nodes.values().map(|node| entries::node(graph, node, planner))),
        "sources": by_id(graph.sources.iter().filter_map(|id| project.sources.get(id)).map(|source| entries::source(graph, source))),
        "macros": by_id(renderer.macros().iter().map(|(id, definition)| entries::macro_entry(graph, id, definition))),
        "docs": by_id(project.docs.values().map(entries::doc)),
        "exposures": by_id(graph.exposures.iter().filter_map(|id| project.exposures.get(id)).map(|exposure| entries::exposure(graph, exposure))),
        "metrics": {},
        "groups": by_id(project.groups.values().map(entries::group)),
        "selectors": selectors(graph),
        "disabled": disabled(graph),
        "parent_map": parent_map,
        "child_map": child_map,
        "group_map": group_map(graph),
        "saved_queries": {},
        "semantic_models": {},
        "unit_tests": by_id(graph.unit_tests.iter().filter_map(|id| project.unit_tests.get(id)).map(|test| entries::unit_test(graph, test))),
    })
}

fn by_id(entries: impl Iterator<Item = Value>) -> Value {
    let keyed = entries.filter_map(|entry| Some((entry.get("unique_id")?.as_str()?.to_owned(), entry)));
    Value::Object(keyed.collect::<BTreeMap<_, _>>().into_iter().collect())
}

/// Every node, source, exposure and unit test, with what it depends on and what depends on it.
fn maps(graph: &Graph) -> (Value, Value) {
    let mut children: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut above: Map<String, Value> = Map::new();
    for (id, list) in &graph.parents {
        children.entry(id.to_string()).or_default();
        let mut names: Vec<String> = list.iter().map(ToString::to_string).collect();
        names.dedup();
        for parent in &names {
            children.entry(parent.clone()).or_default().push(id.to_string());
        }
        above.insert(id.to_string(), json!(names));
    }
    let below = children
        .into_iter()
        .map(|(id, mut list)| {
            list.sort();
            list.dedup();
            (id, json!(list))
        })
        .collect::<Map<_, _>>();
    (Value::Object(above), Value::Object(below))
}

fn group_map(graph: &Graph) -> Value {
    let mut groups: BTreeMap<String, Vec<String>> = graph
        .project
        .groups
        .values()
        .map(|group| (group.name.clone(), Vec::new()))
        .collect();
    for node in graph.nodes.values() {
        if let Some(group) = &node.config.group {
            groups
                .entry(group.clone())
                .or_default()
                .push(node.node.id.to_string());
        }
    }
    json!(groups)
}

fn disabled(graph: &Graph) -> Value {
    let nodes = graph.disabled.values().map(|node| {
        (
            node.node.id.to_string(),
            json!([entries::node(graph, node, None)]),
        )
    });
    let off = graph
        .project
        .sources
        .values()
        .filter(|source| !graph.sources.contains(&source.id));
    let sources = off.map(|source| (source.id.to_string(), json!([entries::source(graph, source)])));
    Value::Object(
        nodes
            .chain(sources)
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .collect(),
    )
}

fn selectors(graph: &Graph) -> Value {
    let entries = graph.project.selectors.iter().map(|(name, definition)| {
        (
            name.clone(),
            json!({ "name": name, "definition": definition, "description": "" }),
        )
    });
    Value::Object(entries.collect())
}

fn md5(text: &str) -> u128 {
    use md5::Digest as _;
    let digest: [u8; 16] = md5::Md5::digest(text.as_bytes()).into();
    u128::from_be_bytes(digest)
}
