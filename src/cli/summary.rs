//! What a run says at its end: the tables it is about, and the counts.

use std::collections::BTreeMap;
use std::time::Duration;

use super::style::Role;
use super::terminal::{Terminal, grouped, seconds, size};
use crate::materialize::RunCtx;
use crate::report::NodeStatus;
use crate::run::RunOutcome;
use crate::warehouse::PublishedRelation;

/// How many tables are listed at most.
const LISTED: usize = 12;

/// Prints the summary of a run.
pub(super) fn print(terminal: &Terminal, ctx: &RunCtx, outcome: &RunOutcome, elapsed: Duration) {
    for line in tables(ctx, outcome) {
        terminal.say(&line);
    }
    let counts = counts(outcome);
    let (word, role) = if outcome.failed() {
        ("failed", Role::Bad)
    } else {
        ("done", Role::Good)
    };
    terminal.say(&format!(
        "{} in {}: {counts}",
        terminal.paint(role, word),
        seconds(elapsed)
    ));
    match &outcome.published {
        Some(build) => terminal.say(&format!(
            "published: build {} for {}",
            build.id,
            crate::time::iso(build.as_of)
        )),
        None if outcome.failed() => {
            terminal.say("nothing was published: what was published before stays as it was");
        }
        None => {}
    }
}

/// The tables that others are meant to use (`access: public`); without any, those that no model reads.
fn tables(ctx: &RunCtx, outcome: &RunOutcome) -> Vec<String> {
    let Some(build) = &outcome.published else {
        return Vec::new();
    };
    let shown = ctx.graph.public_tables();
    let relations: Vec<&PublishedRelation> = build
        .relations
        .iter()
        .filter(|relation| relation.kind.has_files() && shown.contains(&relation.node))
        .take(LISTED)
        .collect();
    let width = relations
        .iter()
        .map(|relation| relation.name.to_string().len())
        .max()
        .unwrap_or_default();
    let root = ctx.planner.host().working_directory();
    relations
        .iter()
        .map(|relation| {
            let path = ctx.warehouse.stable_path(&relation.name);
            let path = path.strip_prefix(root).unwrap_or(&path);
            format!(
                "  {:<width$}  {:>12} {:<4}  {:>9}  {}",
                relation.name.to_string(),
                grouped(relation.table.rows()),
                if relation.table.rows() == 1 { "row" } else { "rows" },
                size(relation.table.bytes()),
                path.display(),
            )
        })
        .collect()
}

fn counts(outcome: &RunOutcome) -> String {
    let mut by_word: BTreeMap<(NodeStatus, bool), usize> = BTreeMap::new();
    for result in &outcome.results {
        let is_test = matches!(result.what, "test" | "unit test");
        *by_word.entry((result.status, is_test)).or_default() += 1;
    }
    let told: Vec<String> = by_word
        .into_iter()
        .map(|((status, _), count)| {
            let word = match status {
                NodeStatus::Success => "built",
                NodeStatus::Reused => "reused",
                NodeStatus::Pass => "tests passed",
                NodeStatus::Warn => "warned",
                NodeStatus::Fail => "tests failed",
                NodeStatus::Error => "in error",
                NodeStatus::Skipped => "skipped",
                NodeStatus::NoOp => "nothing to do",
            };
            format!("{count} {word}")
        })
        .collect();
    if told.is_empty() {
        "nothing to do".to_owned()
    } else {
        told.join(", ")
    }
}
