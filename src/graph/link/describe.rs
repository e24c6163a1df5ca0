//! A node as the manifest describes it: what templates see as `model` and what `generate_*_name` macros get as `node`.

use serde_json::{Map, Value, json};

use crate::graph::GraphNode;
use crate::project::node::{Column, Node, NodeKind};

/// Describes a linked node.
pub(in crate::graph) fn describe(linked: &GraphNode) -> Map<String, Value> {
    let mut described = describe_unnamed(&linked.node, &linked.config.raw);
    let depends_on = json!({
        "nodes": linked.depends_on.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "macros": linked.depends_on_macros,
    });
    let relation = linked.relation.as_ref().map(crate::names::RelationName::quoted);
    let refs: Vec<Value> = linked
        .refs()
        .iter()
        .map(|call| json!({"name": call.name, "package": call.package, "version": call.version}))
        .collect();
    let sources: Vec<Value> = linked
        .sources()
        .iter()
        .map(|call| json!([call.source, call.table]))
        .collect();
    described.extend([
        ("alias".to_owned(), json!(linked.alias)),
        ("schema".to_owned(), json!(linked.schema)),
        ("database".to_owned(), json!(linked.database)),
        ("relation_name".to_owned(), json!(relation)),
        ("depends_on".to_owned(), depends_on),
        ("refs".to_owned(), Value::Array(refs)),
        ("sources".to_owned(), Value::Array(sources)),
    ]);
    described
}

/// Describes a node before it has a name in the warehouse.
pub(super) fn describe_unnamed(node: &Node, config: &Map<String, Value>) -> Map<String, Value> {
    let columns: Map<String, Value> = node
        .columns
        .values()
        .map(|column| (column.name.clone(), describe_column(column)))
        .collect();
    let text = |key: &str| config.get(key).cloned().unwrap_or(Value::Null);
    let mut described = Map::from_iter([
        ("name".to_owned(), json!(node.name)),
        ("resource_type".to_owned(), json!(node.kind.resource_type())),
        ("package_name".to_owned(), json!(node.package)),
        ("path".to_owned(), json!(node.path)),
        ("original_file_path".to_owned(), json!(node.original_file_path)),
        ("unique_id".to_owned(), json!(node.id.as_str())),
        ("fqn".to_owned(), json!(node.fqn)),
        ("checksum".to_owned(), describe_checksum(node)),
        ("language".to_owned(), json!("sql")),
        ("raw_code".to_owned(), json!(raw_code(node))),
        ("config".to_owned(), Value::Object(config.clone())),
        (
            "tags".to_owned(),
            config.get("tags").cloned().unwrap_or_else(|| json!([])),
        ),
        (
            "meta".to_owned(),
            config.get("meta").cloned().unwrap_or_else(|| json!({})),
        ),
        ("group".to_owned(), text("group")),
        ("description".to_owned(), json!(node.description)),
        ("columns".to_owned(), Value::Object(columns)),
        ("patch_path".to_owned(), json!(node.patch_path)),
    ]);
    described.extend(describe_kind(node, config));
    described
}

/// What models and generic tests have beyond other nodes.
fn describe_kind(node: &Node, config: &Map<String, Value>) -> Map<String, Value> {
    let mut described = Map::new();
    if node.kind == NodeKind::Model {
        let version = node.version.as_ref();
        described.extend([
            (
                "access".to_owned(),
                config
                    .get("access")
                    .cloned()
                    .unwrap_or_else(|| json!("protected")),
            ),
            ("constraints".to_owned(), json!(node.constraints)),
            ("deprecation_date".to_owned(), json!(node.deprecation_date)),
            (
                "version".to_owned(),
                json!(version.map(|version| &version.version)),
            ),
            (
                "latest_version".to_owned(),
                json!(version.map(|version| &version.latest)),
            ),
        ]);
    }
    if let Some(test) = &node.generic_test {
        let metadata = json!({"name": test.name, "namespace": test.namespace, "kwargs": test.kwargs});
        described.extend([
            ("test_metadata".to_owned(), metadata),
            ("column_name".to_owned(), json!(test.column_name)),
            ("attached_node".to_owned(), json!(test.attached.as_str())),
        ]);
    }
    described
}

fn raw_code(node: &Node) -> &str {
    if node.kind == NodeKind::Seed {
        ""
    } else {
        node.code.text.trim()
    }
}

fn describe_checksum(node: &Node) -> Value {
    let name = if node.checksum.is_empty() {
        "none"
    } else {
        "sha256"
    };
    json!({"name": name, "checksum": node.checksum})
}

fn describe_column(column: &Column) -> Value {
    json!({
        "name": column.name,
        "description": column.description,
        "data_type": column.data_type,
        "quote": column.quote,
        "constraints": column.constraints,
        "meta": column.meta,
        "tags": column.tags,
    })
}
