//! Planning beside the walk: a query of the command line, a model over the rows of a unit test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Graph;
use super::plan::{Planner, Planning, ephemeral_name};
use crate::engine::SqlFault;
use crate::error::{Diagnostic, Error, Result, Span, codes};
use crate::jinja::{RefCall, RenderFailure, RenderUnit, Rendered, SourceCall, SourceMap};
use crate::names::{NodeId, RelationName};
use crate::project::node::TemplateText;

impl Planner {
    /// Renders a text of the command line, with everything that the project's templates see.
    ///
    /// # Errors
    /// The fault of the template; `HW0405` when it asks for data that is not built.
    pub fn render_inline(&self, text: &str) -> Result<Rendered> {
        self.render_text(&TemplateText {
            text: Arc::from(text),
            file: PathBuf::from("<inline>"),
            first_line: 1,
        })
    }

    /// Renders a text of a file that is no node: the query of a sync.
    ///
    /// # Errors
    /// As [`Planner::render_inline`].
    pub fn render_text(&self, template: &TemplateText) -> Result<Rendered> {
        let package = self.graph.project.name.clone();
        let unit = RenderUnit::new(template, &package);
        for id in self.ephemerals_named_in(&unit)? {
            self.plan_with_ephemerals(&id);
        }
        let stand_ins = BTreeMap::new();
        self.renderer
            .render(&unit, &self.world(&package, &stand_ins))
            .map_err(failed)
    }

    /// Renders a model with other relations in the place of what it reads, and other variables and macros.
    ///
    /// # Errors
    /// The fault of the template; `HW0405` when it asks for data that is not built.
    pub fn render_with(
        &self,
        model: &NodeId,
        stand_ins: &BTreeMap<NodeId, RelationName>,
        overrides: &Map<String, Value>,
    ) -> Result<Rendered> {
        let Some(node) = self.graph.node(model) else {
            return Err(Error::Internal(format!("no node `{model}`")));
        };
        let unit = RenderUnit {
            overrides,
            ..self.graph.render_unit(node)
        };
        self.renderer
            .render(&unit, &self.world(&node.node.package, stand_ins))
            .map_err(failed)
    }

    /// Turns a fault in a model's SQL into a diagnostic at the author's place.
    pub fn locate_in(&self, model: &NodeId, places: &SourceMap, fault: SqlFault) -> Diagnostic {
        match self.graph.node(model) {
            Some(node) => self.locate(node, places, fault),
            None => fault.into_diagnostic(),
        }
    }

    /// Plans a node and the ephemeral models it reads.
    pub fn plan_with_ephemerals(&self, id: &NodeId) -> Planning {
        for ancestor in self.graph.with_ephemeral_ancestors(std::slice::from_ref(id)) {
            if ancestor != *id {
                self.plan(&ancestor);
            }
        }
        self.plan(id)
    }

    /// A node's SQL as a text that stands alone: the ephemeral models it reads are expressions before it.
    pub fn standing_alone(&self, id: &NodeId, sql: &str) -> String {
        let above = self.graph.with_ephemeral_ancestors(std::slice::from_ref(id));
        let expressions: Vec<String> = above
            .iter()
            .filter(|ancestor| *ancestor != id)
            .filter_map(|ancestor| Some((ephemeral_name(ancestor), self.planned(ancestor)?)))
            .map(|(name, planned)| format!("{name} as (\n{}\n)", planned.compiled))
            .collect();
        if expressions.is_empty() {
            return sql.to_owned();
        }
        format!(
            "with {}\nselect * from (\n{sql}\n) as model",
            expressions.join(",\n")
        )
    }

    fn ephemerals_named_in(&self, unit: &RenderUnit<'_>) -> Result<Vec<NodeId>> {
        let capture = self.renderer.capture(unit)?;
        let named = capture
            .refs
            .iter()
            .filter_map(|call| self.graph.resolve_ref(unit.package, call).ok().cloned());
        Ok(named.filter(|id| self.graph.relation(id).is_none()).collect())
    }
}

impl Graph {
    /// What the input of a unit test means: `ref('orders')`, `source('raw', 'orders')`; `this` is the model itself.
    pub fn find_input(&self, package: &str, model: &NodeId, input: &str) -> Option<NodeId> {
        let input = input.trim();
        if input == "this" {
            return Some(model.clone());
        }
        let (call, rest) = input.split_once('(')?;
        let arguments: Vec<String> = rest
            .trim_end()
            .strip_suffix(')')?
            .split(',')
            .map(|argument| argument.trim().trim_matches(['\'', '"']).to_owned())
            .collect();
        let span = Span::file("");
        let found = match (call.trim(), arguments.as_slice()) {
            ("ref", [name]) => self.referred(package, (None, name, None)),
            ("ref", [name, version]) if version.contains('=') => {
                let version = version
                    .split_once('=')
                    .map(|(_, value)| value.trim().trim_matches(['\'', '"']))?;
                self.referred(package, (None, name, Some(Value::from(version))))
            }
            ("ref", [from, name]) => self.referred(package, (Some(from), name, None)),
            ("source", [source, table]) => {
                let call = SourceCall {
                    source: source.clone(),
                    table: table.clone(),
                    span,
                };
                self.resolve_source(package, &call).ok().cloned()
            }
            _ => None,
        }?;
        self.parents(model).contains(&found).then_some(found)
    }

    fn referred(
        &self,
        package: &str,
        (from, name, version): (Option<&String>, &str, Option<Value>),
    ) -> Option<NodeId> {
        let call = RefCall {
            package: from.cloned(),
            name: name.to_owned(),
            version,
            span: Span::file(""),
        };
        self.resolve_ref(package, &call).ok().cloned()
    }
}

fn failed(failure: RenderFailure) -> Error {
    match failure {
        RenderFailure::Fault(diagnostic) => diagnostic.into(),
        RenderFailure::Deferred { needs } => {
            let names: Vec<String> = needs.iter().map(|id| format!("`{}`", id.short())).collect();
            Diagnostic::error(
                codes::NOT_BUILT,
                format!("the template reads {}, which is not built", names.join(", ")),
            )
            .hint("build it once: `headwater build`")
            .into()
        }
    }
}
