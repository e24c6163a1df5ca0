//! dbt's artifacts: `manifest.json` (v12) and `run_results.json` (v6), as dbt's own tools read them.
//!
//! No keys of our own stand at the top level, in nodes or in metadata, since strict readers refuse them; what Headwater
//! adds lies in `adapter_response` and in `config.meta`.

mod manifest;
mod nodes;
mod run_results;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::graph::plan::Planner;
use crate::host::Host;
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

/// Writes `manifest.json`, and the SQL of what `planner` has planned under `compiled/`.
///
/// # Errors
/// `HW0901` when a file cannot be written.
pub fn write_manifest(
    host: &Host,
    graph: &Graph,
    invocation: &Invocation,
    planner: Option<&Planner>,
) -> Result<()> {
    let folder = &graph.project.target_path;
    if let Some(planner) = planner {
        for (node, planned) in graph.nodes().filter_map(|node| Some((node, planner.planned(&node.node.id)?))) {
            if !planned.compiled.is_empty() {
                let path = graph.project.root.join(graph.compiled_path(&node.node));
                host.write_if_changed(&path, planned.compiled.as_bytes())?;
            }
        }
    }
    write(host, graph, "manifest.json", &manifest::document(graph, invocation, planner))?;
    // A reader that finds a manifest finds its folder ready for the other artifacts.
    host.create_dir_all(folder)
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
    write(host, graph, "run_results.json", &run_results::document(invocation, outcome))
}

/// A node as `list --output json` shows it.
pub fn list_entry(graph: &Graph, id: &NodeId) -> Value {
    nodes::list_entry(graph, id)
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
