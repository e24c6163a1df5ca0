//! A template's text and the places in it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Span;
use crate::project::node::TemplateText;

/// A range of bytes of a template's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pos {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

impl Pos {
    /// Makes a range.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest range that holds both.
    pub(crate) fn to(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }
}

/// A template's text, as written, with the file and line it begins at.
#[derive(Debug)]
pub(crate) struct TemplateFile {
    path: PathBuf,
    text: Arc<str>,
    first_line: usize,
    line_starts: Vec<usize>,
}

impl TemplateFile {
    /// Takes a text of a project's file.
    pub(crate) fn new(template: &TemplateText) -> Self {
        Self {
            path: template.file.clone(),
            text: Arc::clone(&template.text),
            first_line: template.first_line.max(1),
            line_starts: line_starts(&template.text),
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The text of a range.
    pub(crate) fn slice(&self, pos: Pos) -> &str {
        self.text.get(pos.start..pos.end).unwrap_or_default()
    }

    /// The place of a range; one that goes over the end of its line is cut there.
    pub(crate) fn span(&self, pos: Pos) -> Span {
        let (line, column) = line_and_column(&self.text, &self.line_starts, pos.start);
        let width = self
            .slice(pos)
            .lines()
            .next()
            .map_or(0, |first| first.chars().count());
        Span::new(&self.path, self.first_line + line, column + 1, width)
    }
}

/// The byte offset at which each line of a text begins.
pub(crate) fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect()
}

/// The line and the column of a byte, both from 0; the column counts characters.
pub(crate) fn line_and_column(text: &str, line_starts: &[usize], offset: usize) -> (usize, usize) {
    let line = line_starts
        .partition_point(|start| *start <= offset)
        .saturating_sub(1);
    let start = line_starts.get(line).copied().unwrap_or_default();
    let column = text.get(start..offset).map_or(0, |before| before.chars().count());
    (line, column)
}
