//! Templates in YAML texts: `env_var`, `var`, `target`; secrets are allowed here, macros and relations are not there.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::eval::{Interpreter, Phase};
use super::registry::Registry;
use super::syntax::tree::Stmt;
use super::syntax::{TemplateFile, parse_template};
use super::unit::{ClockContext, RenderUnit};
use super::value::json;
use super::vars::Vars;
use super::{Renderer, Secrets, environment, settled};
use crate::error::{Diagnostic, codes};
use crate::host::Host;
use crate::project::TextTemplates;
use crate::project::node::{Target, TemplateText};

/// Renders the templates of YAML files.
#[derive(Debug, Clone)]
pub struct YamlTemplates {
    clock: ClockContext,
    host_environment: BTreeMap<String, String>,
}

impl YamlTemplates {
    /// Prepares rendering.
    pub fn new(clock: ClockContext, host: &Host) -> Self {
        Self {
            clock,
            host_environment: host.environment().clone(),
        }
    }

    fn renderer(&self, vars: &Map<String, Value>, target: Option<&Target>) -> Renderer {
        Renderer {
            registry: Registry::default(),
            environment: environment(),
            clock: self.clock.clone(),
            vars: Vars::flat(vars),
            target: target.cloned(),
            project_name: String::new(),
            docs: BTreeMap::new(),
            host_environment: self.host_environment.clone(),
            secrets: Secrets::Shown,
        }
    }
}

impl TextTemplates for YamlTemplates {
    fn render(
        &self,
        text: &TemplateText,
        vars: &Map<String, Value>,
        target: Option<&Target>,
    ) -> Result<Value, Diagnostic> {
        if !text.text.contains("{{") && !text.text.contains("{%") && !text.text.contains("{#") {
            return Ok(Value::from(text.text.as_ref()));
        }
        let file = Arc::new(TemplateFile::new(text));
        let body = parse_template(&file, file.text())?;
        let renderer = self.renderer(vars, target);
        let unit = RenderUnit::new(text, "");
        let mut interpreter = Interpreter::new(&renderer, &unit, Phase::Capture, file);
        let outcome = match body.as_slice() {
            [Stmt::Emit(expr)] => settled(interpreter.defined(expr)).map(|value| json::to_json(&value)),
            body => settled(interpreter.run(body)).map(|output| Value::from(output.text)),
        };
        outcome.map_err(|failure| match failure {
            super::RenderFailure::Fault(diagnostic) => diagnostic,
            super::RenderFailure::Deferred { .. } => {
                Diagnostic::error(codes::UNSUPPORTED_TEMPLATE, "YAML texts cannot ask for data")
            }
        })
    }
}
