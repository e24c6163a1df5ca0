//! The parse phase of every node, on all cores.

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use serde_json::Map;

use super::describe::describe_unnamed;
use crate::error::Diagnostic;
use crate::jinja::{Capture, RenderUnit, Renderer};
use crate::project::config::{NodeConfig, merged};
use crate::project::node::{Node, NodeKind, TemplateText};

/// The keys of a configuration that hold hooks, in both spellings.
const HOOKS: &[&str] = &["post-hook", "post_hook", "pre-hook", "pre_hook"];

/// A node with what its template and its layers say.
pub(super) struct Captured {
    pub(super) node: Node,
    pub(super) config: NodeConfig,
    pub(super) capture: Capture,
    pub(super) faults: Vec<Diagnostic>,
}

/// Captures nodes; the order stays.
pub(super) fn all(nodes: Vec<Node>, renderer: &Renderer) -> Vec<Captured> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let size = nodes.len().div_ceil(threads).max(1);
    let mut batches: Vec<Vec<Node>> = Vec::new();
    let mut nodes = nodes.into_iter().peekable();
    while nodes.peek().is_some() {
        batches.push(nodes.by_ref().take(size).collect());
    }
    thread::scope(|scope| {
        let running: Vec<_> = batches
            .into_iter()
            .map(|batch| {
                scope.spawn(move || {
                    batch
                        .into_iter()
                        .map(|node| one(node, renderer))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        running
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(captured) => captured,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

fn one(node: Node, renderer: &Renderer) -> Captured {
    let (capture, fault) = match capture(&node, renderer) {
        Ok(capture) => (capture, None),
        Err(fault) => (Capture::default(), Some(fault)),
    };
    let (config, mut faults) = NodeConfig::read(&node, &capture.config);
    faults.extend(fault);
    if !config.enabled {
        faults.clear();
    }
    Captured {
        node,
        config,
        capture,
        faults,
    }
}

fn capture(node: &Node, renderer: &Renderer) -> Result<Capture, Diagnostic> {
    let config = merged(node, &Map::new());
    let model = describe_unnamed(node, &config);
    let unit = RenderUnit {
        model: &model,
        config: &config,
        ..RenderUnit::new(&node.code, &node.package)
    };
    match (&node.generic_test, node.kind) {
        (Some(test), _) => {
            let place = node.patch_span.clone();
            renderer
                .capture_test(test, &unit)
                .map_err(|fault| fault.at_maybe(place))
        }
        (None, NodeKind::Seed) => Ok(Capture::default()),
        (None, _) => {
            let mut capture = renderer.capture(&unit)?;
            for hook in hooks(node, &capture) {
                let found = renderer.capture(&RenderUnit {
                    template: &hook,
                    ..unit
                })?;
                capture.macros.extend(found.macros);
                capture.refs.extend(found.refs);
                capture.sources.extend(found.sources);
            }
            Ok(capture)
        }
    }
}

/// A node's hooks as templates: what they refer to, the node depends on.
fn hooks(node: &Node, capture: &Capture) -> Vec<TemplateText> {
    let layers = [
        &node.config.project,
        &node.config.properties,
        &capture.config,
        &node.config.overrides,
    ];
    if !layers
        .iter()
        .any(|layer| HOOKS.iter().any(|key| layer.contains_key(*key)))
    {
        return Vec::new();
    }
    let (config, _) = NodeConfig::read(node, &capture.config);
    config
        .pre_hook
        .iter()
        .chain(&config.post_hook)
        .map(|hook| TemplateText {
            text: Arc::from(hook.as_str()),
            file: node.code.file.clone(),
            first_line: node.code.first_line,
        })
        .collect()
}

/// What a piece of template that belongs to no node refers to: `ref('orders')`.
pub(super) fn expression(
    text: &str,
    package: &str,
    at: &TemplateText,
    renderer: &Renderer,
) -> Result<Capture, Diagnostic> {
    let template = TemplateText {
        text: Arc::from(format!("{{{{ {text} }}}}")),
        ..at.clone()
    };
    renderer.capture(&RenderUnit::new(&template, package))
}
