//! Jinja in YAML: what the loader asks of the template engine.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::node::{Target, TemplateText};
use super::yaml::{Content, Mapping, Yaml};
use crate::error::Diagnostic;

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

/// What the templates of one package's YAML see.
#[derive(Clone, Copy)]
pub(super) struct TextContext<'a> {
    pub(super) templates: &'a dyn TextTemplates,
    pub(super) vars: &'a Map<String, Value>,
    pub(super) target: Option<&'a Target>,
}

impl TextContext<'_> {
    /// Renders every text below a value, except under the keys of `raw`; a text that cannot be rendered is told and
    /// stays as it is.
    pub(super) fn render(&self, yaml: &Yaml, raw: &[&str], out: &mut Vec<Diagnostic>) -> Yaml {
        match &yaml.content {
            Content::Text(text) if is_template(text) => self.render_text(yaml, text, out),
            Content::List(list) => Yaml {
                content: Content::List(list.iter().map(|item| self.render(item, raw, out)).collect()),
                mark: yaml.mark.clone(),
            },
            Content::Mapping(mapping) => {
                let mut rendered = Mapping::default();
                for (key, entry) in mapping.iter() {
                    let value = if raw.contains(&key.trim_start_matches('+')) {
                        entry.value.clone()
                    } else {
                        self.render(&entry.value, raw, out)
                    };
                    rendered.insert(key, entry.key.clone(), value);
                }
                Yaml {
                    content: Content::Mapping(rendered),
                    mark: yaml.mark.clone(),
                }
            }
            _ => yaml.clone(),
        }
    }

    fn render_text(&self, yaml: &Yaml, text: &Arc<str>, out: &mut Vec<Diagnostic>) -> Yaml {
        match self
            .templates
            .render(&template_text(yaml, text), self.vars, self.target)
        {
            Ok(value) => yaml.replaced_by(value),
            Err(diagnostic) => {
                out.push(diagnostic.at(yaml.span()));
                yaml.clone()
            }
        }
    }
}

/// Whether a text holds Jinja.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// A text of a YAML file as a template.
pub(super) fn template_text(yaml: &Yaml, text: &Arc<str>) -> TemplateText {
    TemplateText {
        text: Arc::clone(text),
        file: yaml.mark.file().to_path_buf(),
        first_line: yaml.mark.content_line(),
    }
}
