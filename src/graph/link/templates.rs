//! What linking asks of the template engine.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::error::{Diagnostic, Span};
use crate::project::node::{Node, TemplateText};

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

/// The template engine, as far as linking uses it.
pub trait Templates: Sync {
    /// Evaluates a node's template without executing: collects what it refers to and configures.
    ///
    /// # Errors
    /// `HW02`: the template is not well formed, or something in it fails.
    fn capture_node(&self, node: &Node, config: &Map<String, Value>) -> Result<Capture, Diagnostic>;

    /// Evaluates a piece of template that belongs to no node, such as an exposure's `ref('orders')`.
    ///
    /// # Errors
    /// `HW02`, as above.
    fn capture_text(&self, text: &TemplateText, package: &str) -> Result<Capture, Diagnostic>;

    /// Calls `generate_schema_name`, `generate_alias_name` or `generate_database_name` for a node that `model`
    /// describes; `custom` is the name that its configuration asks for.
    ///
    /// # Errors
    /// `HW02`: the macro fails.
    fn name(
        &self,
        macro_name: &str,
        custom: Option<&str>,
        model: (&Node, &Map<String, Value>),
    ) -> Result<String, Diagnostic>;
}
