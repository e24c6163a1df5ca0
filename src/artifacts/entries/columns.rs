//! Columns, their constraints, and the key that constraints and tests give away.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::object;
use crate::graph::{Graph, GraphNode};
use crate::project::node::{Column, GenericTest};

/// Columns by name.
pub(super) fn of(columns: &IndexMap<String, Column>) -> Value {
    let entries = columns.values().map(|column| {
        let entry = json!({
            "name": column.name,
            "description": column.description,
            "meta": column.meta,
            "data_type": column.data_type,
            "constraints": constraints(&column.constraints),
            "quote": column.quote,
            "config": { "meta": column.meta, "tags": column.tags },
            "tags": column.tags,
            "granularity": null,
        });
        (column.name.clone(), entry)
    });
    Value::Object(entries.collect())
}

/// Constraints, with every key that readers look for.
pub(super) fn constraints(declared: &[Value]) -> Vec<Value> {
    let complete = |constraint: &Value| {
        let mut entry = object(json!({
            "type": null,
            "name": null,
            "expression": null,
            "warn_unenforced": true,
            "warn_unsupported": true,
            "to": null,
            "to_columns": [],
        }));
        entry.extend(object(constraint.clone()));
        Value::Object(entry)
    };
    declared.iter().map(complete).collect()
}

/// The primary key of a model, as its constraints declare it, else as its tests for `unique` and `not_null` show it.
pub(super) fn primary_key(graph: &Graph, node: &GraphNode) -> Vec<String> {
    let is_key = |constraint: &&Value| constraint.get("type").and_then(Value::as_str) == Some("primary_key");
    if let Some(key) = node.node.constraints.iter().find(is_key) {
        return texts(key.get("columns"));
    }
    if let Some(column) = node
        .node
        .columns
        .values()
        .find(|column| column.constraints.iter().any(|c| is_key(&c)))
    {
        return vec![column.name.clone()];
    }
    let on = |tests: &mut dyn Iterator<Item = &GraphNode>, names: &[&str]| -> BTreeSet<String> {
        tests
            .filter_map(|test| test.node.generic_test.as_ref())
            .filter(|test| test.attached == node.node.id && names.contains(&test.name.as_str()))
            .flat_map(tested_columns)
            .collect()
    };
    let uniqueness = ["unique", "unique_combination_of_columns"];
    let unique = on(&mut graph.nodes.values(), &uniqueness);
    let once_unique = on(&mut graph.disabled.values(), &uniqueness);
    let not_null = on(
        &mut graph.nodes.values().chain(graph.disabled.values()),
        &["not_null"],
    );
    let both: Vec<String> = not_null
        .into_iter()
        .filter(|column| unique.contains(column) || once_unique.contains(column))
        .collect();
    match (both.is_empty(), unique.is_empty()) {
        (false, _) => both,
        (true, false) => unique.into_iter().collect(),
        (true, true) => once_unique.into_iter().collect(),
    }
}

fn tested_columns(test: &GenericTest) -> Vec<String> {
    match test.kwargs.get("column_name").and_then(Value::as_str) {
        Some(column) => vec![column.to_owned()],
        None => texts(test.kwargs.get("combination_of_columns")),
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
