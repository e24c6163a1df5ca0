//! The only printing: data on stdout, talk on stderr.
//!
//! On a terminal a live line of what is being worked on, and a line for each node that was built or found something;
//! elsewhere a line for every node; with `--log-format json` one JSON object per line.
#![allow(clippy::print_stdout, reason = "this is the one place that prints data")]

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;
use serde_json::json;

use super::arguments::LogFormat;
use super::excerpt;
use super::style::{Role, Style};
use crate::error::{Diagnostic, Error};
use crate::host::Host;
use crate::report::{NodeResult, NodeStatus, ProgressReporter, RunEvent};

/// How talkative the terminal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verbosity {
    /// Errors only.
    Quiet,
    /// Everything.
    Normal,
}

/// Prints.
#[derive(Debug)]
pub(super) struct Terminal {
    host: Host,
    root: Mutex<PathBuf>,
    format: LogFormat,
    verbosity: Verbosity,
    style: Style,
    is_live: bool,
    bar: ProgressBar,
    at_work: Mutex<Vec<String>>,
    n_done: Mutex<usize>,
    n_total: Mutex<usize>,
}

impl Terminal {
    /// Sets up for a command.
    pub(super) fn new(host: &Host, format: LogFormat, verbosity: Verbosity) -> Self {
        let live = format == LogFormat::Text && verbosity == Verbosity::Normal && io::stderr().is_terminal();
        let target = if live {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        bar.set_style(
            ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Self {
            host: host.clone(),
            root: Mutex::new(host.working_directory().to_path_buf()),
            format,
            verbosity,
            style: Style::of_stderr(host),
            is_live: live,
            bar,
            at_work: Mutex::new(Vec::new()),
            n_done: Mutex::new(0),
            n_total: Mutex::new(0),
        }
    }

    /// Says which folder diagnostics' files are relative to.
    pub(super) fn set_root(&self, root: PathBuf) {
        *self.root.lock() = root;
    }

    /// Prints data.
    #[allow(clippy::unused_self, reason = "whoever prints holds a terminal")]
    pub(super) fn data(&self, text: &str) {
        let mut out = anstream::stdout().lock();
        // A closed pipe is quiet: whoever reads has read enough.
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    /// Prints a message for people.
    pub(super) fn say(&self, text: &str) {
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        match self.format {
            LogFormat::Text => self.line(&self.nearby(text)),
            LogFormat::Json => self.json("info", "Message", &json!({ "msg": text })),
        }
    }

    /// Prints a diagnostic.
    pub(super) fn diagnostic(&self, diagnostic: &Diagnostic) {
        if self.verbosity == Verbosity::Quiet && !diagnostic.is_error() {
            return;
        }
        match self.format {
            LogFormat::Text => {
                let root = self.root.lock().clone();
                let text = excerpt::render(&self.host, &root, diagnostic, self.style);
                self.line(self.nearby(&text).trim_end());
            }
            LogFormat::Json => {
                let level = if diagnostic.is_error() { "error" } else { "warn" };
                self.json(level, "Diagnostic", &diagnostic_json(diagnostic));
            }
        }
    }

    /// Prints why a command failed: dbt's heading, then every diagnostic.
    pub(super) fn fail(&self, error: Error) {
        let diagnostics = error.into_diagnostics();
        if self.format == LogFormat::Text
            && let Some(first) = diagnostics.iter().find(|diagnostic| diagnostic.is_error())
        {
            self.line(&self.paint(Role::Bad, first.code.heading()));
        }
        for diagnostic in &diagnostics {
            self.diagnostic(diagnostic);
        }
        let n_errors = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .count();
        if n_errors > 1 && self.format == LogFormat::Text {
            self.line(&format!("{n_errors} errors"));
        }
        self.offer_pages(&diagnostics);
    }

    /// Says where more is written about faults of the project.
    fn offer_pages(&self, diagnostics: &[Diagnostic]) {
        let codes: BTreeSet<&str> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error() && diagnostic.span.is_some())
            .map(|diagnostic| diagnostic.code.as_str())
            .collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        match codes.as_slice() {
            [] => {}
            [code] => self.say(&format!("more: `headwater explain {code}`")),
            codes => self.say(&format!(
                "more: `headwater explain CODE` for {}",
                codes.join(", ")
            )),
        }
    }

    /// Shows paths below the working directory as relative ones.
    fn nearby(&self, text: &str) -> String {
        let here = self.host.working_directory();
        match here.parent() {
            Some(_) => text.replace(&format!("{}/", here.display()), ""),
            None => text.to_owned(),
        }
    }

    /// Ends the live line.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Paints a text as stderr allows.
    pub(super) fn paint(&self, role: Role, text: &str) -> String {
        self.style.paint(role, text)
    }

    fn line(&self, text: &str) {
        self.bar.suspend(|| {
            let mut out = anstream::stderr().lock();
            drop(writeln!(out, "{text}"));
        });
    }

    fn json(&self, level: &str, name: &str, data: &serde_json::Value) {
        let line = json!({
            "info": { "name": name, "level": level, "ts": crate::time::iso(self.host.now()) },
            "data": data,
        });
        self.line(&line.to_string());
    }

    fn finished(&self, result: &NodeResult) {
        let (done, total) = {
            let mut done = self.n_done.lock();
            *done += 1;
            (*done, *self.n_total.lock())
        };
        self.at_work.lock().retain(|label| *label != result.label);
        self.bar.inc(1);
        self.bar.set_message(self.at_work.lock().join(", "));
        let is_routine = matches!(
            result.status,
            NodeStatus::Pass | NodeStatus::Reused | NodeStatus::NoOp
        );
        let is_quiet = self.verbosity == Verbosity::Quiet && !result.status.is_failure();
        let silent = is_quiet || (self.is_live && is_routine);
        match self.format {
            _ if silent => {}
            LogFormat::Text => self.line(&self.node_line(result, done, total)),
            LogFormat::Json => self.json(
                level(result.status),
                "NodeFinished",
                &node_json(result, done, total),
            ),
        }
        for diagnostic in &result.diagnostics {
            self.diagnostic(diagnostic);
        }
    }

    fn node_line(&self, result: &NodeResult, done: usize, total: usize) -> String {
        let role = match result.status {
            NodeStatus::Success | NodeStatus::Pass => Role::Good,
            NodeStatus::Fail | NodeStatus::Error => Role::Bad,
            NodeStatus::Warn => Role::Doubtful,
            NodeStatus::Reused | NodeStatus::Skipped | NodeStatus::NoOp => Role::Faint,
        };
        let width = total.to_string().len();
        let plural = |is_one: bool| if is_one { "row" } else { "rows" };
        let rows = result
            .rows
            .map(|rows| format!("{} {}", grouped(rows), plural(rows == 1)));
        let failures = result
            .failures
            .filter(|n| *n > 0)
            .map(|n| format!("{n} failing {}", plural(n == 1)));
        let facts: Vec<String> = [
            rows,
            failures,
            result.message.as_deref().map(|message| self.nearby(message)),
            Some(seconds(result.elapsed())),
        ]
        .into_iter()
        .flatten()
        .collect();
        format!(
            "{done:>width$}/{total} {} {:<9} {}  {}",
            self.style.paint(role, &format!("{:<6}", result.status.word())),
            result.what,
            result.label,
            self.style.paint(Role::Faint, &facts.join(", ")),
        )
    }
}

impl ProgressReporter for Terminal {
    fn report(&self, event: &RunEvent<'_>) {
        match event {
            RunEvent::Diagnostic(diagnostic) => self.diagnostic(diagnostic),
            RunEvent::Message(text) => self.say(text),
            RunEvent::Planned { n_nodes, elapsed } => {
                *self.n_total.lock() = *n_nodes;
                self.bar.set_length(u64::try_from(*n_nodes).unwrap_or(u64::MAX));
                let nodes = if *n_nodes == 1 { "node" } else { "nodes" };
                self.say(&format!("planned {n_nodes} {nodes} in {}", seconds(*elapsed)));
            }
            RunEvent::Started { label, .. } => {
                let mut at_work = self.at_work.lock();
                at_work.push((*label).to_owned());
                self.bar.set_message(at_work.join(", "));
            }
            RunEvent::Finished(result) => self.finished(result),
            // People read it in the summary.
            RunEvent::Published { build } if self.format == LogFormat::Json => {
                self.say(&format!("published build {build}"));
            }
            RunEvent::Published { .. } => {}
            RunEvent::Sync {
                name,
                n_done,
                n_total,
                waiting_for,
            } => {
                self.bar.set_length(*n_total);
                self.bar.set_position(*n_done);
                let waiting = waiting_for
                    .map(|what| format!(", waiting for {what}"))
                    .unwrap_or_default();
                self.bar.set_message(format!("{name}{waiting}"));
            }
        }
    }
}

/// A duration, short: `0.42s`, `3m05s`.
pub(super) fn seconds(elapsed: Duration) -> String {
    let whole = elapsed.as_secs();
    if whole >= 60 {
        format!("{}m{:02}s", whole / 60, whole % 60)
    } else {
        format!("{:.2}s", elapsed.as_secs_f64())
    }
}

/// A number with thin groups of three: `12 345`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A size: `3.4 MB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    #[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut amount = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        unit = next;
        if amount < 1000.0 {
            break;
        }
        amount /= 1000.0;
    }
    if unit == "B" {
        format!("{bytes} B")
    } else {
        format!("{amount:.1} {unit}")
    }
}

fn level(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::Fail | NodeStatus::Error => "error",
        NodeStatus::Warn => "warn",
        _ => "info",
    }
}

fn diagnostic_json(diagnostic: &Diagnostic) -> serde_json::Value {
    let place = diagnostic.span.as_ref();
    json!({
        "code": diagnostic.code.as_str(),
        "msg": diagnostic.message,
        "file": place.map(|span| span.file.display().to_string()),
        "line": place.map(|span| span.line),
        "column": place.map(|span| span.column),
        "notes": diagnostic.notes,
        "hints": diagnostic.hints,
    })
}

fn node_json(result: &NodeResult, done: usize, total: usize) -> serde_json::Value {
    json!({
        "unique_id": result.id.as_str(),
        "name": result.label,
        "materialized": result.what,
        "status": result.status.word(),
        "reused": result.reused,
        "rows": result.rows,
        "bytes": result.bytes,
        "failures": result.failures,
        "msg": result.message,
        "execution_time": result.elapsed().as_secs_f64(),
        "index": done,
        "total": total,
    })
}
