//! Descriptions: `{{ doc('name') }}` becomes the text of the docs block.

use std::sync::LazyLock;

use indexmap::IndexMap;
use regex::{Captures, Regex};
use serde_json::Value;

use super::node::{Column, DocBlock, Project};
use crate::names::NodeId;

/// A call of `doc`, with the name of a block or of a package and a block.
static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"\{\{-?\s*doc\(\s*['"]([^'"]+)['"]\s*(?:,\s*['"]([^'"]+)['"]\s*)?\)\s*-?\}\}"#).ok()
});

/// Puts the docs blocks into every description that calls for them; a call that leads to nothing stays as it is.
pub(super) fn fill(project: &mut Project) {
    let docs = std::mem::take(&mut project.docs);
    let library = Library {
        docs: &docs,
        root: project.name.clone(),
    };
    for node in project.nodes.values_mut() {
        library.fill(&node.package, &mut node.description);
        library.fill_columns(&node.package, &mut node.columns);
    }
    for source in project.sources.values_mut() {
        library.fill(&source.package, &mut source.description);
        library.fill(&source.package, &mut source.source_description);
        library.fill_columns(&source.package, &mut source.columns);
    }
    for exposure in project.exposures.values_mut() {
        if let Some(Value::String(text)) = exposure.properties.get_mut("description") {
            library.fill(&exposure.package, text);
        }
    }
    for test in project.unit_tests.values_mut() {
        library.fill(&test.package, &mut test.description);
    }
    for patch in &mut project.macro_patches {
        library.fill(&patch.package, &mut patch.description);
    }
    project.docs = docs;
}

struct Library<'a> {
    docs: &'a IndexMap<NodeId, DocBlock>,
    root: String,
}

impl Library<'_> {
    fn fill_columns(&self, package: &str, columns: &mut IndexMap<String, Column>) {
        for column in columns.values_mut() {
            self.fill(package, &mut column.description);
        }
    }

    fn fill(&self, package: &str, text: &mut String) {
        if !text.contains("doc(") {
            return;
        }
        let Some(call) = CALL.as_ref() else { return };
        let filled = call.replace_all(text, |call: &Captures<'_>| {
            let written = call.get(0).map_or("", |whole| whole.as_str());
            let named = |index: usize| call.get(index).map(|part| part.as_str());
            let found = match (named(1), named(2)) {
                (Some(package), Some(name)) => self.block(Some(package), name),
                (Some(name), None) => self
                    .block(Some(package), name)
                    .or_else(|| self.block(Some(&self.root), name))
                    .or_else(|| self.block(None, name)),
                (None, _) => None,
            };
            found.map_or_else(|| written.to_owned(), |block| block.contents.trim().to_owned())
        });
        *text = filled.into_owned();
    }

    fn block(&self, package: Option<&str>, name: &str) -> Option<&DocBlock> {
        let mut blocks = self.docs.values();
        blocks.find(|block| block.name == name && package.is_none_or(|package| block.package == package))
    }
}
