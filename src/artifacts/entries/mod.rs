//! The entries of the manifest.

mod columns;
mod config;

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::graph::plan::Planner;
use crate::graph::{Graph, GraphNode};
use crate::jinja::MacroDef;
use crate::names::NodeId;
use crate::project::node::{
    DocBlock, Exposure, GenericTest, Group, NodeKind, SourceTable, UnitRows, UnitRowsFormat, UnitTest,
};

/// A model, seed, snapshot, test, analysis or hook.
pub(super) fn node(graph: &Graph, node: &GraphNode, planner: Option<&Planner>) -> Value {
    let mut entry = common(node);
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
        entry.insert("compiled_code".into(), json!(compiled.map(ToString::to_string)));
        entry.insert(
            "compiled_path".into(),
            json!(compiled.map(|_| text(&graph.compiled_path(&node.node)))),
        );
    }
    match node.node.kind {
        NodeKind::Model => entry.extend(model_keys(graph, node)),
        NodeKind::Test => {
            if let Some(test) = &node.node.generic_test {
                entry.extend(generic_test_keys(test));
            }
        }
        NodeKind::Seed | NodeKind::Snapshot | NodeKind::Analysis | NodeKind::Operation => {}
    }
    Value::Object(entry)
}

fn common(node: &GraphNode) -> Map<String, Value> {
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
        "config": config::of(node),
        "tags": node.config.tags,
        "description": inner.description,
        "columns": columns::of(&inner.columns),
        "meta": node.config.meta,
        "group": node.config.group,
        "docs": config::docs(node),
        "patch_path": inner.patch_path,
        "build_path": null,
        "unrendered_config": unrendered(node),
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

fn model_keys(graph: &Graph, node: &GraphNode) -> Map<String, Value> {
    let version = node.node.version.as_ref();
    object(json!({
        "access": node.config.raw.get("access").cloned().unwrap_or_else(|| json!("protected")),
        "constraints": columns::constraints(&node.node.constraints),
        "version": version.map(|version| &version.version),
        "latest_version": version.map(|version| &version.latest),
        "deprecation_date": node.node.deprecation_date.as_deref().map(instant),
        "primary_key": columns::primary_key(graph, node),
        "time_spine": null,
    }))
}

/// A day as the instant it begins.
fn instant(text: &str) -> String {
    let is_day = text.len() == "2030-01-01".len();
    if is_day {
        format!("{text}T00:00:00+00:00")
    } else {
        text.to_owned()
    }
}

fn generic_test_keys(test: &GenericTest) -> Map<String, Value> {
    let mut kwargs = test.kwargs.clone();
    kwargs.insert(
        "model".into(),
        json!(format!("{{{{ get_where_subquery({}) }}}}", test.model)),
    );
    object(json!({
        "column_name": test.column_name,
        "file_key_name": file_key_name(&test.attached),
        "attached_node": (test.attached.resource_type() != "source").then(|| test.attached.as_str()),
        "test_metadata": { "name": test.name, "kwargs": kwargs, "namespace": test.namespace },
    }))
}

/// The section of the properties file that a test hangs on, and the name in it.
fn file_key_name(attached: &NodeId) -> String {
    let name = attached.as_str().split('.').nth(2).unwrap_or_default();
    format!("{}s.{name}", attached.resource_type())
}

/// What the files configure, before defaults: of each setting the last word, as it is written.
fn unrendered(node: &GraphNode) -> Map<String, Value> {
    let layers = &node.node.config;
    let in_order = [
        &layers.project,
        &layers.properties,
        &node.capture.config,
        &layers.overrides,
    ];
    let settings = in_order.into_iter().flatten();
    settings
        .map(|(key, value)| match key.as_str() {
            "pre_hook" | "post_hook" => (key.replace('_', "-"), value.clone()),
            _ => (key.clone(), value.clone()),
        })
        .collect()
}

fn raw_code(node: &GraphNode) -> &str {
    if node.node.kind == NodeKind::Seed {
        ""
    } else {
        node.node.code.text.trim()
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

fn depends_on(node: &GraphNode) -> Value {
    if node.node.kind == NodeKind::Seed {
        return json!({ "macros": [] });
    }
    let nodes: Vec<&str> = node.depends_on.iter().map(NodeId::as_str).collect();
    json!({ "macros": node.depends_on_macros, "nodes": nodes })
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
        "loaded_at_query": null,
        "freshness": freshness(source),
        "external": null,
        "description": source.description,
        "columns": columns::of(&source.columns),
        "meta": source.meta,
        "source_meta": {},
        "tags": source.tags,
        "config": {
            "enabled": source.config.get("enabled").cloned().unwrap_or(json!(true)),
            "event_time": source.config.get("event_time"),
            "freshness": freshness(source),
            "loaded_at_field": source.loaded_at_field,
            "loaded_at_query": null,
            "meta": source.meta,
            "tags": source.tags,
        },
        "patch_path": null,
        "unrendered_config": source.config,
        "relation_name": relation.quoted(),
        "created_at": 0.0,
    })
}

/// A source's rule of freshness, with every key that readers look for.
fn freshness(source: &SourceTable) -> Value {
    let none = || json!({ "count": null, "period": null });
    let declared = source.freshness.as_ref().filter(|value| !value.is_null());
    let part = |key: &str| {
        declared
            .and_then(|rule| rule.get(key))
            .filter(|value| !value.is_null())
            .cloned()
    };
    json!({
        "warn_after": part("warn_after").unwrap_or_else(none),
        "error_after": part("error_after").unwrap_or_else(none),
        "filter": part("filter"),
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
        "path": below(&doc.original_file_path),
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
        "path": below(&group.original_file_path),
        "original_file_path": text(&group.original_file_path),
        "unique_id": group.id.as_str(),
        "owner": group.owner,
        "description": null,
        "config": { "meta": {} },
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
    let configured = |key: &str, standard: Value| {
        let value = exposure
            .properties
            .get("config")
            .and_then(|config| config.get(key));
        value.cloned().unwrap_or_else(|| declared(key, standard))
    };
    json!({
        "name": exposure.name,
        "resource_type": "exposure",
        "package_name": exposure.package,
        "path": below(&exposure.original_file_path),
        "original_file_path": text(&exposure.original_file_path),
        "unique_id": exposure.id.as_str(),
        "fqn": exposure.fqn,
        "type": exposure.exposure_type,
        "owner": declared("owner", json!({ "name": null, "email": null })),
        "description": declared("description", json!("")),
        "label": declared("label", Value::Null),
        "maturity": declared("maturity", Value::Null),
        "meta": configured("meta", json!({})),
        "tags": exposure.tags,
        "config": { "enabled": true, "tags": exposure.tags, "meta": configured("meta", json!({})) },
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
    let model = graph.unit_test_model(test).and_then(|id| graph.node(id));
    let schema = model.map_or(&graph.project.target.schema, |model| &model.schema);
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
        "path": below(&test.original_file_path),
        "original_file_path": text(&test.original_file_path),
        "unique_id": test.id.as_str(),
        "fqn": test.fqn,
        "description": test.description,
        "overrides": overrides(test),
        "depends_on": { "macros": [], "nodes": parents },
        "config": { "tags": tags, "meta": meta, "enabled": true },
        "checksum": null,
        "schema": schema,
        "created_at": 0.0,
        "versions": null,
        "version": null,
    })
}

/// What a unit test puts in the place of variables and macros; all three kinds, once there is one.
fn overrides(test: &UnitTest) -> Value {
    if test.overrides.is_empty() {
        return Value::Null;
    }
    let kind = |key: &str| test.overrides.get(key).cloned().unwrap_or_else(|| json!({}));
    json!({ "macros": kind("macros"), "vars": kind("vars"), "env_vars": kind("env_vars") })
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

/// A path below the folder that its kind of file lies in: `marts/_marts.yml` of `models/marts/_marts.yml`.
fn below(path: &Path) -> String {
    let inner: std::path::PathBuf = path.components().skip(1).collect();
    text(if inner.as_os_str().is_empty() {
        path
    } else {
        &inner
    })
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
