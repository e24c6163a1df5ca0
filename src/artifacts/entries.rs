//! The entries of the manifest.

use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::graph::plan::Planner;
use crate::graph::{Graph, GraphNode};
use crate::jinja::MacroDef;
use crate::names::NodeId;
use crate::project::node::{
    Column, DocBlock, Exposure, GenericTest, Group, NodeKind, SourceTable, UnitRows, UnitRowsFormat, UnitTest,
};

/// A model, seed, snapshot, test, analysis or hook.
pub(super) fn node(graph: &Graph, node: &GraphNode, planner: Option<&Planner>) -> Value {
    let mut entry = common(graph, node);
    let planned = planner.and_then(|planner| planner.planned(&node.node.id));
    let compiled = planned
        .as_ref()
        .map(|planned| &planned.compiled)
        .filter(|sql| !sql.is_empty());
    if node.node.kind == NodeKind::Seed {
        let root = graph
            .project
            .packages
            .get(&node.node.package)
            .map(|package| text(&package.root));
        entry.insert("root_path".into(), json!(root));
    } else {
        entry.extend(sql_keys(node));
        entry.insert("compiled".into(), json!(compiled.is_some()));
        entry.insert("compiled_code".into(), json!(compiled.map(|sql| sql.to_string())));
        entry.insert(
            "compiled_path".into(),
            json!(compiled.map(|_| text(&graph.compiled_path(&node.node)))),
        );
    }
    match node.node.kind {
        NodeKind::Model => entry.extend(model_keys(node)),
        NodeKind::Test => {
            if let Some(test) = &node.node.generic_test {
                entry.extend(generic_test_keys(test));
            }
        }
        NodeKind::Seed | NodeKind::Snapshot | NodeKind::Analysis | NodeKind::Operation => {}
    }
    Value::Object(entry)
}

fn common(graph: &Graph, node: &GraphNode) -> Map<String, Value> {
    let inner = &node.node;
    object(json!({
        "database": node.database,
        "schema": node.schema,
        "name": inner.name,
        "resource_type": inner.kind.resource_type(),
        "package_name": inner.package,
        "path": text(&inner.path),
        "original_file_path": text(&inner.original_file_path),
        "unique_id": inner.id.as_str(),
        "fqn": inner.fqn,
        "alias": node.alias,
        "checksum": checksum(node),
        "config": config(node),
        "tags": node.config.tags,
        "description": inner.description,
        "columns": columns(&inner.columns),
        "meta": node.config.meta,
        "group": node.config.group,
        "docs": node.config.raw.get("docs").cloned().unwrap_or_else(|| json!({ "show": true, "node_color": null })),
        "patch_path": inner.patch_path,
        "build_path": null,
        "unrendered_config": inner.config.properties,
        "created_at": 0.0,
        "relation_name": node.relation.as_ref().map(crate::names::RelationName::quoted),
        "raw_code": raw_code(node),
        "depends_on": depends_on(node),
    }))
}

fn sql_keys(node: &GraphNode) -> Map<String, Value> {
    let refs: Vec<Value> = node
        .refs()
        .iter()
        .map(|call| json!({ "name": call.name, "package": call.package, "version": call.version }))
        .collect();
    let sources: Vec<Value> = node
        .sources()
        .iter()
        .map(|call| json!([call.source, call.table]))
        .collect();
    object(json!({
        "language": "sql",
        "refs": refs,
        "sources": sources,
        "metrics": [],
        "contract": contract(node),
        "extra_ctes_injected": true,
        "extra_ctes": [],
    }))
}

fn model_keys(node: &GraphNode) -> Map<String, Value> {
    let version = node.node.version.as_ref();
    object(json!({
        "access": node.config.raw.get("access").cloned().unwrap_or_else(|| json!("protected")),
        "constraints": [],
        "version": version.map(|version| &version.version),
        "latest_version": version.map(|version| &version.latest),
        "deprecation_date": null,
        "primary_key": node.config.unique_key,
        "time_spine": null,
    }))
}

fn generic_test_keys(test: &GenericTest) -> Map<String, Value> {
    object(json!({
        "column_name": test.column_name,
        "attached_node": test.attached.as_str(),
        "test_metadata": { "name": test.name, "kwargs": test.kwargs, "namespace": test.namespace },
    }))
}

fn raw_code(node: &GraphNode) -> &str {
    if node.node.kind == NodeKind::Seed {
        ""
    } else {
        &node.node.code.text
    }
}

/// A generic test has no contents of its own.
fn checksum(node: &GraphNode) -> Value {
    let kind = if node.node.checksum.is_empty() {
        "none"
    } else {
        "sha256"
    };
    json!({ "name": kind, "checksum": node.node.checksum })
}

fn contract(node: &GraphNode) -> Value {
    json!({ "enforced": node.config.contract_enforced, "alias_types": true, "checksum": null })
}

/// The configuration as readers expect it: every key that they look for is there.
fn config(node: &GraphNode) -> Value {
    let mut config = object(json!({
        "enabled": node.config.enabled,
        "materialized": node.config.materialized,
        "tags": node.config.tags,
        "meta": node.config.meta,
        "schema": node.config.schema,
        "database": node.config.database,
        "alias": node.config.alias,
        "group": node.config.group,
    }));
    let standard = [
        ("severity", NodeKind::Test),
        ("warn_if", NodeKind::Test),
        ("error_if", NodeKind::Test),
        ("fail_calc", NodeKind::Test),
    ];
    for (key, _) in standard.iter().filter(|(_, kind)| *kind == node.node.kind) {
        let value = match *key {
            "fail_calc" => json!(node.config.fail_calc),
            "warn_if" => json!(node.config.warn_if),
            "error_if" => json!(node.config.error_if),
            _ => node
                .config
                .raw
                .get("severity")
                .cloned()
                .unwrap_or_else(|| json!("ERROR")),
        };
        config.insert((*key).to_owned(), value);
    }
    for (key, value) in &node.config.raw {
        let key = if key == "pre_hook" || key == "post_hook" {
            key.replace('_', "-")
        } else {
            key.clone()
        };
        if key == "pre-hook" || key == "post-hook" {
            config.insert(key, hooks(value));
        } else {
            config.entry(key).or_insert_with(|| value.clone());
        }
    }
    if node.node.kind != NodeKind::Test {
        config.insert(
            "contract".into(),
            json!({ "enforced": node.config.contract_enforced, "alias_types": true }),
        );
    }
    Value::Object(config)
}

fn hooks(value: &Value) -> Value {
    let hook = |sql: &Value| match sql {
        Value::String(sql) => json!({ "sql": sql, "transaction": true, "index": null }),
        other => other.clone(),
    };
    match value {
        Value::Array(list) => list.iter().map(hook).collect(),
        Value::Null => json!([]),
        one => json!([hook(one)]),
    }
}

fn depends_on(node: &GraphNode) -> Value {
    if node.node.kind == NodeKind::Seed {
        return json!({ "macros": [] });
    }
    let nodes: Vec<&str> = node.depends_on.iter().map(NodeId::as_str).collect();
    json!({ "macros": node.depends_on_macros, "nodes": nodes })
}

fn columns(columns: &IndexMap<String, Column>) -> Value {
    let entries = columns.values().map(|column| {
        let entry = json!({
            "name": column.name,
            "description": column.description,
            "meta": column.meta,
            "data_type": column.data_type,
            "constraints": column.constraints,
            "quote": column.quote,
            "tags": column.tags,
        });
        (column.name.clone(), entry)
    });
    Value::Object(entries.collect())
}

/// A source's table.
pub(super) fn source(graph: &Graph, source: &SourceTable) -> Value {
    let relation = graph.readable_name(&source.id);
    json!({
        "database": relation.database,
        "schema": source.schema,
        "name": source.name,
        "resource_type": "source",
        "package_name": source.package,
        "path": text(&source.original_file_path),
        "original_file_path": text(&source.original_file_path),
        "unique_id": source.id.as_str(),
        "fqn": source.fqn,
        "source_name": source.source_name,
        "source_description": source.source_description,
        "loader": source.loader,
        "identifier": source.identifier,
        "quoting": { "database": null, "schema": null, "identifier": null, "column": null },
        "loaded_at_field": source.loaded_at_field,
        "freshness": source.freshness,
        "external": null,
        "description": source.description,
        "columns": columns(&source.columns),
        "meta": source.meta,
        "source_meta": {},
        "tags": source.tags,
        "config": { "enabled": source.config.get("enabled").cloned().unwrap_or(json!(true)), "meta": source.meta },
        "patch_path": null,
        "unrendered_config": {},
        "relation_name": relation.quoted(),
        "created_at": 0.0,
    })
}

/// A macro.
pub(super) fn macro_entry(graph: &Graph, id: &str, definition: &MacroDef) -> Value {
    let patch = graph
        .project
        .macro_patches
        .iter()
        .find(|patch| patch.name == definition.name && patch.package == definition.package);
    json!({
        "name": definition.name,
        "resource_type": "macro",
        "package_name": definition.package,
        "path": text(&definition.original_file_path),
        "original_file_path": text(&definition.original_file_path),
        "unique_id": id,
        "macro_sql": definition.macro_sql,
        "depends_on": { "macros": definition.depends_on_macros },
        "description": patch.map(|patch| patch.description.clone()).unwrap_or_default(),
        "meta": {},
        "docs": { "show": true, "node_color": null },
        "patch_path": patch.map(|patch| patch.patch_path.clone()),
        "arguments": patch.map(|patch| patch.arguments.clone()).unwrap_or_default(),
        "created_at": 0.0,
        "supported_languages": null,
    })
}

/// A docs block.
pub(super) fn doc(doc: &DocBlock) -> Value {
    json!({
        "name": doc.name,
        "resource_type": "doc",
        "package_name": doc.package,
        "path": text(&doc.original_file_path),
        "original_file_path": text(&doc.original_file_path),
        "unique_id": doc.id.as_str(),
        "block_contents": doc.contents,
    })
}

/// A group.
pub(super) fn group(group: &Group) -> Value {
    json!({
        "name": group.name,
        "resource_type": "group",
        "package_name": group.package,
        "path": text(&group.original_file_path),
        "original_file_path": text(&group.original_file_path),
        "unique_id": group.id.as_str(),
        "owner": group.owner,
    })
}

/// An exposure.
pub(super) fn exposure(graph: &Graph, exposure: &Exposure) -> Value {
    let parents: Vec<String> = graph
        .parents(&exposure.id)
        .iter()
        .map(ToString::to_string)
        .collect();
    let declared = |key: &str, standard: Value| exposure.properties.get(key).cloned().unwrap_or(standard);
    json!({
        "name": exposure.name,
        "resource_type": "exposure",
        "package_name": exposure.package,
        "path": text(&exposure.original_file_path),
        "original_file_path": text(&exposure.original_file_path),
        "unique_id": exposure.id.as_str(),
        "fqn": exposure.fqn,
        "type": exposure.exposure_type,
        "owner": declared("owner", json!({ "name": null, "email": null })),
        "description": declared("description", json!("")),
        "label": declared("label", Value::Null),
        "maturity": declared("maturity", Value::Null),
        "meta": declared("meta", json!({})),
        "tags": declared("tags", json!([])),
        "config": { "enabled": true, "tags": [], "meta": {} },
        "unrendered_config": {},
        "url": declared("url", Value::Null),
        "depends_on": { "macros": [], "nodes": parents },
        "refs": [],
        "sources": [],
        "metrics": [],
        "created_at": 0.0,
    })
}

/// A unit test.
pub(super) fn unit_test(graph: &Graph, test: &UnitTest) -> Value {
    let parents: Vec<String> = graph.parents(&test.id).iter().map(ToString::to_string).collect();
    let given: Vec<Value> = test.given.iter().map(|rows| unit_rows(rows, true)).collect();
    let tags = test.config.get("tags").cloned().unwrap_or(json!([]));
    let meta = test.config.get("meta").cloned().unwrap_or(json!({}));
    json!({
        "model": test.model,
        "given": given,
        "expect": unit_rows(&test.expect, false),
        "name": test.name,
        "resource_type": "unit_test",
        "package_name": test.package,
        "path": text(&test.original_file_path),
        "original_file_path": text(&test.original_file_path),
        "unique_id": test.id.as_str(),
        "fqn": test.fqn,
        "description": test.description,
        "overrides": if test.overrides.is_empty() { Value::Null } else { json!(test.overrides) },
        "depends_on": { "macros": [], "nodes": parents },
        "config": { "tags": tags, "meta": meta, "enabled": true },
        "checksum": null,
        "schema": graph.project.target.schema,
        "created_at": 0.0,
        "versions": null,
        "version": null,
    })
}

fn unit_rows(rows: &UnitRows, is_input: bool) -> Value {
    let (format, content) = match &rows.rows {
        UnitRowsFormat::Dict(rows) => ("dict", json!(rows)),
        UnitRowsFormat::Csv(text) => ("csv", json!(text)),
        UnitRowsFormat::Sql(sql) => ("sql", json!(sql)),
    };
    let mut entry = object(json!({ "rows": content, "format": format, "fixture": null }));
    if is_input {
        entry.insert("input".into(), json!(rows.input));
    }
    Value::Object(entry)
}

/// A node as `list --output json` shows it.
pub(super) fn list_entry(graph: &Graph, id: &NodeId) -> Value {
    let wanted = [
        "alias",
        "name",
        "package_name",
        "depends_on",
        "tags",
        "config",
        "resource_type",
        "source_name",
        "original_file_path",
        "unique_id",
    ];
    let entry = match (
        graph.node(id),
        graph.source(id),
        graph.project.exposures.get(id),
        graph.unit_test(id),
    ) {
        (Some(found), _, _, _) => node(graph, found, None),
        (_, Some(found), _, _) => source(graph, found),
        (_, _, Some(found), _) => exposure(graph, found),
        (_, _, _, Some(found)) => unit_test(graph, found),
        _ => Value::Null,
    };
    let kept = object(entry)
        .into_iter()
        .filter(|(key, _)| wanted.contains(&key.as_str()));
    Value::Object(kept.collect())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
