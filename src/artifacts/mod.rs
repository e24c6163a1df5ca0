//! dbt's artifacts: `manifest.json` (v12) and `run_results.json` (v6), as dbt's own tools read them.
//!
//! No keys of our own stand at the top level, in nodes or in metadata, since strict readers refuse them; what Headwater
//! adds lies in `adapter_response` and in `config.meta`.

mod entries;
mod manifest;
mod run_results;

use std::thread;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::graph::plan::Planner;
use crate::host::Host;
use crate::jinja::Renderer;
use crate::names::NodeId;
use crate::run::RunOutcome;
use crate::time::iso;

/// The version of dbt whose artifacts these are like; readers parse it.
const DBT_VERSION: &str = "1.10.0";

/// The invocation that writes artifacts.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Its identifier.
    pub id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it writes.
    pub generated_at: DateTime<Utc>,
    /// The command: `build`.
    pub command: &'static str,
}

/// A project, linked, with its templates: what the manifest describes.
#[derive(Debug, Clone, Copy)]
pub struct Described<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// The templates.
    pub renderer: &'a Renderer,
    /// What has been planned, if anything has.
    pub planner: Option<&'a Planner>,
}

/// Writes `manifest.json`, and the SQL of what has been planned under `compiled/`.
///
/// # Errors
/// `HW0901` when a file cannot be written.
pub fn write_manifest(host: &Host, described: Described<'_>, invocation: &Invocation) -> Result<()> {
    let graph = described.graph;
    thread::scope(|scope| {
        let compiled = scope.spawn(|| write_compiled(host, described));
        let document = manifest::document(described, invocation);
        let written = write(host, graph, "manifest.json", &document);
        match compiled.join() {
            Ok(outcome) => outcome.and(written),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn write_compiled(host: &Host, Described { graph, planner, .. }: Described<'_>) -> Result<()> {
    let nodes = graph.nodes.values().map(|node| &node.node);
    let planned = nodes.filter_map(|node| Some((node, planner?.planned(&node.id)?)));
    for (node, planned) in planned.filter(|(_, planned)| !planned.compiled.is_empty()) {
        let path = graph.project.root.join(graph.compiled_path(node));
        host.write_if_changed(&path, planned.compiled.as_bytes())?;
    }
    Ok(())
}

/// Writes `run_results.json`.
///
/// # Errors
/// `HW0901` when the file cannot be written.
pub fn write_run_results(
    host: &Host,
    graph: &Graph,
    invocation: &Invocation,
    outcome: &RunOutcome,
) -> Result<()> {
    write(
        host,
        graph,
        "run_results.json",
        &run_results::document(invocation, outcome),
    )
}

/// A node as `list --output json` shows it.
pub fn list_entry(graph: &Graph, id: &NodeId) -> Value {
    entries::list_entry(graph, id)
}

fn write(host: &Host, graph: &Graph, name: &str, document: &Value) -> Result<()> {
    let bytes = serde_json::to_vec(document).map_err(|e| Error::Internal(e.to_string()))?;
    host.create_dir_all(&graph.project.target_path)?;
    host.replace_unsynced(&graph.project.target_path.join(name), &bytes)
}

fn metadata(schema: &str, invocation: &Invocation) -> Value {
    json!({
        "dbt_schema_version": format!("https://schemas.getdbt.com/dbt/{schema}.json"),
        "dbt_version": DBT_VERSION,
        "generated_at": iso(invocation.generated_at),
        "invocation_id": invocation.id,
        "invocation_started_at": iso(invocation.started_at),
        "env": {},
    })
}
