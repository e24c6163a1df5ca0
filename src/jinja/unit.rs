//! What is rendered: a template and what is particular to it.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use minijinja::Value as JinjaValue;
use serde_json::{Map, Value};

use super::eval::Constant;
use super::value::json;
use crate::names::RelationName;
use crate::project::node::TemplateText;

static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// What templates may know of the run.
#[derive(Debug, Clone)]
pub struct ClockContext {
    /// The instant that the run is for.
    pub run_started_at: DateTime<Utc>,
    /// The run's identifier.
    pub invocation_id: String,
    /// The command: `build`, `compile`, …
    pub command: String,
    /// dbt's `flags`, names in capitals: `FULL_REFRESH`, `FAIL_FAST`, …
    pub flags: Map<String, Value>,
    /// The nodes of this run, dbt's `selected_resources`.
    pub selected_resources: Vec<String>,
}

/// A template to render, and what it sees.
#[derive(Debug, Clone, Copy)]
pub struct RenderUnit<'a> {
    /// The template.
    pub template: &'a TemplateText,
    /// The package it is in: its macros and variables come first.
    pub package: &'a str,
    /// The relation it builds: `this`.
    pub this: Option<&'a RelationName>,
    /// The node, as the manifest describes it: `model`.
    pub model: &'a Map<String, Value>,
    /// The node's configuration, all layers merged.
    pub config: &'a Map<String, Value>,
    /// A unit test's `overrides`: `{"vars": {…}, "macros": {…}, "env_vars": {…}}`.
    pub overrides: &'a Map<String, Value>,
    /// What `is_incremental()` answers.
    pub is_incremental: bool,
    /// What `should_full_refresh()` answers.
    pub full_refresh: bool,
}

impl<'a> RenderUnit<'a> {
    /// A template with nothing particular to it.
    pub fn new(template: &'a TemplateText, package: &'a str) -> Self {
        Self {
            template,
            package,
            this: None,
            model: &NOTHING,
            config: &NOTHING,
            overrides: &NOTHING,
            is_incremental: false,
            full_refresh: false,
        }
    }

    fn overridden(&self, kind: &str, name: &str) -> Option<&Value> {
        self.overrides.get(kind)?.get(name)
    }

    /// The value that a unit test gives a variable.
    pub(crate) fn overridden_var(&self, name: &str) -> Option<&Value> {
        self.overridden("vars", name)
    }

    /// The value that a unit test gives an environment variable.
    pub(crate) fn overridden_env(&self, name: &str) -> Option<&Value> {
        self.overridden("env_vars", name)
    }

    /// The function that a unit test puts in a macro's place.
    pub(crate) fn overridden_macro(&self, name: &str) -> Option<JinjaValue> {
        let value = self.overridden("macros", name)?;
        Some(JinjaValue::from_object(Constant(json::from_json(value))))
    }
}
