//! `manifest.json`: the whole project, as its readers take it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Invocation, metadata, nodes};
use crate::graph::Graph;
use crate::graph::plan::Planner;

/// The document.
pub(super) fn document(graph: &Graph, invocation: &Invocation, planner: Option<&Planner>) -> Value {
    let project = &graph.project;
    let mut header = metadata("manifest/v12", invocation);
    let more = [
        ("project_name", json!(project.name)),
        ("project_id", json!(format!("{:x}", md5(&project.name)))),
        ("user_id", Value::Null),
        ("send_anonymous_usage_stats", json!(false)),
        ("adapter_type", json!("datafusion")),
        ("quoting", json!({ "database": true, "schema": true, "identifier": true, "column": null })),
        ("run_started_at", json!(crate::time::iso(invocation.started_at))),
    ];
    if let Value::Object(header) = &mut header {
        header.extend(more.map(|(key, value)| (key.to_owned(), value)));
    }
    let (parent_map, child_map) = maps(graph);
    json!({
        "metadata": header,
        "nodes": by_id(graph.nodes().map(|node| nodes::node(graph, node, planner))),
        "sources": by_id(graph.sources().map(|source| nodes::source(graph, source))),
        "macros": by_id(graph.macros().map(|definition| nodes::macro_entry(graph, definition))),
        "docs": by_id(project.docs.values().map(nodes::doc)),
        "exposures": by_id(graph.exposures().map(|exposure| nodes::exposure(graph, exposure))),
        "metrics": {},
        "groups": by_id(project.groups.values().map(nodes::group)),
        "selectors": selectors(graph),
        "disabled": disabled(graph),
        "parent_map": parent_map,
        "child_map": child_map,
        "group_map": group_map(graph),
        "saved_queries": {},
        "semantic_models": {},
        "unit_tests": by_id(graph.unit_tests().map(|test| nodes::unit_test(graph, test))),
    })
}

fn by_id(entries: impl Iterator<Item = Value>) -> Value {
    let keyed = entries.filter_map(|entry| Some((entry["unique_id"].as_str()?.to_owned(), entry)));
    Value::Object(keyed.collect::<BTreeMap<_, _>>().into_iter().collect())
}

/// Every node, source, exposure and unit test, with what it depends on and what depends on it.
fn maps(graph: &Graph) -> (Value, Value) {
    let parents = graph.parents();
    let mut children: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut above: Map<String, Value> = Map::new();
    for (id, list) in &parents {
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
    let mut groups: BTreeMap<String, Vec<String>> =
        graph.project.groups.values().map(|group| (group.name.clone(), Vec::new())).collect();
    for node in graph.nodes() {
        if let Some(group) = &node.config.group {
            groups.entry(group.clone()).or_default().push(node.node.id.to_string());
        }
    }
    json!(groups)
}

fn disabled(graph: &Graph) -> Value {
    let entries = graph.disabled_nodes().map(|node| (node.node.id.to_string(), json!([nodes::node(graph, node, None)])));
    let sources = graph.disabled_sources().map(|source| (source.id.to_string(), json!([nodes::source(graph, source)])));
    Value::Object(entries.chain(sources).collect::<BTreeMap<_, _>>().into_iter().collect())
}

fn selectors(graph: &Graph) -> Value {
    let entries = graph.project.selectors.iter().map(|(name, definition)| {
        (name.clone(), json!({ "name": name, "definition": definition, "description": "" }))
    });
    Value::Object(entries.collect())
}

fn md5(text: &str) -> u128 {
    use md5::Digest as _;
    let digest: [u8; 16] = md5::Md5::digest(text.as_bytes()).into();
    u128::from_be_bytes(digest)
}
