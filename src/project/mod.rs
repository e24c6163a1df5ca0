//! Files to values: a dbt-format project as it is written.

pub mod node;

use serde_json::{Map, Value};

use crate::error::Diagnostic;
use node::{Target, TemplateText};

/// Renders the Jinja in YAML texts: `env_var`, `var`, `target`, …
pub trait TextTemplates {
    /// Renders one text; a text that is a single expression keeps the type of its value.
    ///
    /// # Errors
    /// `HW02`: the text is not a template, or names what is not there.
    fn render(
        &self,
        text: &TemplateText,
        vars: &Map<String, Value>,
        target: Option<&Target>,
    ) -> Result<Value, Diagnostic>;
}
