//! What is noticed while a template is evaluated.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use minijinja::Value as JinjaValue;
use serde_json::{Map, Value};

use crate::error::Span;

/// A `ref(…)` that a template makes.
#[derive(Debug, Clone, PartialEq)]
pub struct RefCall {
    /// The package, where one is named.
    pub package: Option<String>,
    /// The node.
    pub name: String,
    /// The version, where one is named.
    pub version: Option<Value>,
    /// The call in the author's template.
    pub span: Span,
}

/// A `source(…)` that a template makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCall {
    /// The source.
    pub source: String,
    /// The table.
    pub table: String,
    /// The call in the author's template.
    pub span: Span,
}

/// How loud a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageLevel {
    /// `log(…)`: for the log file.
    Debug,
    /// `log(…, info=true)`.
    Info,
    /// `exceptions.warn(…)`.
    Warning,
    /// `print(…)`: for standard output.
    Print,
}

/// Something a template says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How loud.
    pub level: MessageLevel,
    /// What.
    pub text: String,
    /// Where the author's template says it.
    pub span: Option<Span>,
}

/// What the parse phase finds in a template.
#[derive(Debug, Clone, Default)]
pub struct Capture {
    /// The arguments of its `config(…)` calls.
    pub config: Map<String, Value>,
    /// Where `config(…)` is called first.
    pub config_span: Option<Span>,
    /// Its references to nodes, in order, each once.
    pub refs: Vec<RefCall>,
    /// Its references to sources, in order, each once.
    pub sources: Vec<SourceCall>,
    /// The macros it calls, directly or not: `macro.<package>.<name>`.
    pub macros: BTreeSet<String>,
    /// The variables it reads.
    pub vars_read: BTreeSet<String>,
    /// The environment variables it reads.
    pub env_read: BTreeSet<String>,
    /// Whether it asks for data.
    pub introspects: bool,
    /// Whether it reads the clock.
    pub reads_clock: bool,
}

/// Everything that is noticed.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) config: Map<String, Value>,
    pub(crate) config_span: Option<Span>,
    pub(crate) refs: Vec<RefCall>,
    pub(crate) sources: Vec<SourceCall>,
    pub(crate) macros: BTreeSet<String>,
    pub(crate) vars_read: BTreeSet<String>,
    pub(crate) env_read: BTreeSet<String>,
    pub(crate) introspects: bool,
    pub(crate) reads_clock: bool,
    pub(crate) messages: Vec<Message>,
    pub(crate) sql_header: Option<String>,
    pub(crate) results: IndexMap<String, JinjaValue>,
}

impl Record {
    /// Notes a text for standard output.
    pub(crate) fn print(&mut self, text: String) {
        self.messages.push(Message {
            level: MessageLevel::Print,
            text,
            span: None,
        });
    }

    /// Notes a reference to a node, once.
    pub(crate) fn refers(&mut self, call: RefCall) {
        let is_known = self.refs.iter().any(|known| {
            (&known.package, &known.name, &known.version) == (&call.package, &call.name, &call.version)
        });
        if !is_known {
            self.refs.push(call);
        }
    }

    /// Notes a reference to a source, once.
    pub(crate) fn reads(&mut self, call: SourceCall) {
        let is_known = self
            .sources
            .iter()
            .any(|known| (&known.source, &known.table) == (&call.source, &call.table));
        if !is_known {
            self.sources.push(call);
        }
    }

    /// What the parse phase is to know.
    pub(crate) fn into_capture(self) -> Capture {
        Capture {
            config: self.config,
            config_span: self.config_span,
            refs: self.refs,
            sources: self.sources,
            macros: self.macros,
            vars_read: self.vars_read,
            env_read: self.env_read,
            introspects: self.introspects,
            reads_clock: self.reads_clock,
        }
    }
}
