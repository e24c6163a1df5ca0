//! A node's configuration as readers of the manifest expect it: every key that they look for is there.

use serde_json::{Map, Value, json};

use super::object;
use crate::graph::GraphNode;
use crate::project::node::NodeKind;

/// The configuration of a node.
///
/// # Shape
/// dbt's keys with its defaults, then what the project configures, its own keys included.
pub(super) fn of(node: &GraphNode) -> Value {
    let mut config = standard(node);
    for (key, value) in &node.config.raw {
        match key.as_str() {
            "pre_hook" | "post_hook" => config.insert(key.replace('_', "-"), hooks(value)),
            "docs" | "contract" | "materialized" | "tags" | "enabled" => continue,
            "snapshot_meta_column_names" => config.insert(key.clone(), laid_over(column_names(), value)),
            _ => config.insert(key.clone(), value.clone()),
        };
    }
    Value::Object(config)
}

/// How the docs site shows a node.
pub(super) fn docs(node: &GraphNode) -> Value {
    let standard = json!({ "show": true, "node_color": null });
    node.config
        .raw
        .get("docs")
        .map_or_else(|| standard.clone(), |docs| laid_over(standard.clone(), docs))
}

/// dbt's defaults for the kind of node.
fn standard(node: &GraphNode) -> Map<String, Value> {
    let mut config = object(json!({
        "enabled": node.config.enabled,
        "alias": null,
        "schema": null,
        "database": null,
        "tags": node.config.tags,
        "meta": {},
        "group": null,
        "materialized": node.config.materialized,
    }));
    config.extend(object(match node.node.kind {
        NodeKind::Test => test(node),
        _ => built(node),
    }));
    config.extend(object(match node.node.kind {
        NodeKind::Model => json!({ "access": "protected", "freshness": null }),
        NodeKind::Seed => json!({ "delimiter": ",", "quote_columns": null }),
        NodeKind::Snapshot => snapshot(),
        NodeKind::Test | NodeKind::Analysis | NodeKind::Operation => json!({}),
    }));
    config
}

fn built(node: &GraphNode) -> Value {
    json!({
        "incremental_strategy": null,
        "batch_size": null,
        "lookback": 1,
        "begin": null,
        "persist_docs": {},
        "post-hook": [],
        "pre-hook": [],
        "quoting": {},
        "column_types": {},
        "full_refresh": null,
        "unique_key": null,
        "on_schema_change": "ignore",
        "on_configuration_change": "apply",
        "grants": {},
        "packages": [],
        "docs": docs(node),
        "contract": { "enforced": node.config.contract_enforced, "alias_types": true },
        "event_time": null,
        "concurrent_batches": null,
    })
}

fn test(node: &GraphNode) -> Value {
    json!({
        "schema": "dbt_test__audit",
        "severity": "ERROR",
        "store_failures": null,
        "store_failures_as": if node.config.store_failures == Some(true) { "table" } else { "ephemeral" },
        "where": null,
        "limit": null,
        "fail_calc": node.config.fail_calc,
        "warn_if": node.config.warn_if,
        "error_if": node.config.error_if,
    })
}

fn snapshot() -> Value {
    json!({
        "strategy": null,
        "target_schema": null,
        "target_database": null,
        "updated_at": null,
        "check_cols": null,
        "snapshot_meta_column_names": column_names(),
        "dbt_valid_to_current": null,
    })
}

fn column_names() -> Value {
    json!({
        "dbt_valid_to": null,
        "dbt_valid_from": null,
        "dbt_scd_id": null,
        "dbt_updated_at": null,
        "dbt_is_deleted": null,
    })
}

/// A mapping over its defaults.
fn laid_over(standard: Value, configured: &Value) -> Value {
    let mut merged = object(standard);
    merged.extend(
        configured
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    Value::Object(merged)
}

fn hooks(value: &Value) -> Value {
    let hook = |sql: &Value| match sql {
        Value::String(sql) => json!({ "sql": sql, "transaction": true, "index": null }),
        Value::Object(_) => laid_over(json!({ "transaction": true, "index": null }), sql),
        other => other.clone(),
    };
    match value {
        Value::Array(list) => list.iter().map(hook).collect(),
        Value::Null => json!([]),
        one => json!([hook(one)]),
    }
}
