//! `run_results.json`.

use serde_json::{Value, json};

use super::{Invocation, metadata};
use crate::report::{NodeResult, NodeStatus, Timing};
use crate::run::RunOutcome;
use crate::time::iso;

/// The document: one result per node that was executed, reused or skipped; ephemeral models have none.
pub(super) fn document(invocation: &Invocation, outcome: &RunOutcome) -> Value {
    let results: Vec<Value> = outcome
        .results
        .iter()
        .filter(|result| result.status != NodeStatus::NoOp)
        .map(result)
        .collect();
    let elapsed = (invocation.generated_at - invocation.started_at).as_seconds_f64();
    json!({
        "metadata": metadata("run-results/v6", invocation),
        "results": results,
        "elapsed_time": elapsed,
        "args": { "which": invocation.command, "command": invocation.command },
    })
}

fn result(result: &NodeResult) -> Value {
    let timing: Vec<Value> = [("compile", result.compile), ("execute", result.execute)]
        .into_iter()
        .filter_map(|(name, timing)| timing.map(|timing| phase(name, timing)))
        .collect();
    json!({
        "status": status(result),
        "timing": timing,
        "thread_id": "Thread-1",
        "execution_time": result.elapsed().as_secs_f64(),
        "adapter_response": response(result),
        "message": result.message.clone().or_else(|| default_message(result)),
        "failures": result.failures,
        "unique_id": result.id.as_str(),
        "compiled": result.compiled.is_some(),
        "compiled_code": result.compiled.as_deref(),
        "relation_name": result.relation.as_ref().map(crate::names::RelationName::quoted),
        "batch_results": null,
    })
}

fn phase(name: &str, timing: Timing) -> Value {
    json!({ "name": name, "started_at": iso(timing.started_at), "completed_at": iso(timing.completed_at) })
}

/// dbt's word: what is used again ended as it ended before.
fn status(result: &NodeResult) -> &'static str {
    match result.status {
        NodeStatus::Success | NodeStatus::Reused => "success",
        NodeStatus::Pass => "pass",
        NodeStatus::Warn => "warn",
        NodeStatus::Fail => "fail",
        NodeStatus::Error => "error",
        NodeStatus::Skipped => "skipped",
        NodeStatus::NoOp => "no-op",
    }
}

fn response(result: &NodeResult) -> Value {
    let facts = [
        ("rows_affected", result.rows.map(Value::from)),
        ("bytes_written", result.bytes.map(Value::from)),
        ("reused", result.reused.then(|| Value::from(true))),
    ];
    facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn default_message(result: &NodeResult) -> Option<String> {
    match result.status {
        NodeStatus::Success => Some(
            result
                .rows
                .map_or_else(|| "OK".to_owned(), |rows| format!("OK, {rows} rows")),
        ),
        NodeStatus::Reused => Some("reused: nothing it is made from has changed".to_owned()),
        _ => None,
    }
}
