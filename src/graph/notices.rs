//! What a project asks for and a run does not do, told once for each kind.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::GraphNode;
use super::plan::Planner;
use crate::error::{Code, Diagnostic, Error, Span, codes};
use crate::jinja::{RenderFailure, RenderUnit};
use crate::names::NodeId;
use crate::project::node::{NodeKind, TemplateText};

impl Planner {
    /// Tells which settings of the project and of the selected nodes this run leaves undone; hooks are rendered, and a
    /// fault of theirs is told as such.
    pub fn left_undone(&self, selected: &[NodeId]) -> Vec<Diagnostic> {
        let nodes = || selected.iter().filter_map(|id| self.graph.node(id));
        let operations = self
            .graph
            .nodes
            .values()
            .filter(|node| node.node.kind == NodeKind::Operation);
        let mut out = Vec::new();
        let mut hooked: Vec<&GraphNode> = Vec::new();
        for node in operations.chain(nodes().filter(|node| node.node.kind != NodeKind::Operation)) {
            match self.holds_sql(node) {
                Ok(true) => hooked.push(node),
                Ok(false) => {}
                Err(error) => out.extend(error.into_diagnostics()),
            }
        }
        let granted = nodes().filter(|node| is_set(node, "grants")).collect();
        let storing = nodes()
            .filter(|node| node.node.kind == NodeKind::Test && node.config.store_failures == Some(true));
        let kinds = [
            (codes::HOOK_NOT_RUN, "SQL in hooks is not executed", hooked),
            (codes::GRANTS_IGNORED, "grants are ignored", granted),
            (
                codes::FAILURES_NOT_STORED,
                "failing rows of tests are not kept as tables",
                storing.collect(),
            ),
        ];
        out.extend(
            kinds
                .into_iter()
                .filter_map(|(code, message, nodes)| notice(code, message, &nodes)),
        );
        out
    }

    /// Whether a hook of a node, rendered, holds SQL.
    fn holds_sql(&self, node: &GraphNode) -> Result<bool, Error> {
        let own = (node.node.kind == NodeKind::Operation).then(|| node.node.code.clone());
        let hooks = node
            .config
            .pre_hook
            .iter()
            .chain(&node.config.post_hook)
            .map(|text| TemplateText {
                text: Arc::from(text.as_str()),
                file: PathBuf::from(&node.node.original_file_path),
                first_line: 1,
            });
        let mut holds = false;
        for template in own.into_iter().chain(hooks) {
            holds |= !self.render_hook(node, &template)?.trim().is_empty();
        }
        Ok(holds)
    }

    /// A hook's SQL; one that asks for data that is not built counts as SQL, unseen.
    fn render_hook(&self, node: &GraphNode, template: &TemplateText) -> Result<String, Error> {
        let unit = RenderUnit {
            template,
            ..self.graph.render_unit(node)
        };
        let stand_ins = BTreeMap::new();
        match self
            .renderer
            .render(&unit, &self.world(&node.node.package, &stand_ins))
        {
            Ok(rendered) => Ok(rendered.sql),
            Err(RenderFailure::Deferred { .. }) => Ok(template.text.to_string()),
            Err(RenderFailure::Fault(fault)) => Err(fault.into()),
        }
    }
}

fn is_set(node: &GraphNode, key: &str) -> bool {
    let value = node.config.raw.get(key);
    value
        .and_then(serde_json::Value::as_object)
        .is_some_and(|map| !map.is_empty())
}

/// One warning for all nodes, at the first.
fn notice(code: Code, message: &str, nodes: &[&GraphNode]) -> Option<Diagnostic> {
    let first = nodes.first()?;
    let place = first
        .capture
        .config_span
        .clone()
        .or_else(|| first.node.patch_span.clone());
    let names: Vec<String> = nodes
        .iter()
        .take(3)
        .map(|node| format!("`{}`", node.node.name))
        .collect();
    let rest = match nodes.len().saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let place = place.unwrap_or_else(|| Span::file(&first.node.original_file_path));
    Some(
        Diagnostic::warning(code, message)
            .at(place)
            .note(format!("of {}{rest}", names.join(", "))),
    )
}
