//! From a place in rendered SQL back to the place in the author's template.

use std::sync::Arc;

use super::output::{Origin, Output, Piece, Place};
use super::syntax::Pos;
use super::syntax::file::{line_and_column, line_starts};
use crate::error::Span;

/// Where a place in rendered SQL came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplatePosition {
    /// The place in the author's template.
    pub span: Span,
    /// What stands there.
    pub kind: PositionKind,
}

/// What wrote a piece of rendered SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PositionKind {
    /// It stands in the template as it is.
    Literal,
    /// An expression gave it.
    Expression,
    /// A macro wrote it; the span is that of its call.
    Macro {
        /// The macro.
        name: String,
        /// The place in the macro's file.
        inside: Span,
    },
}

/// The way back from rendered SQL to templates.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    text: Arc<str>,
    line_starts: Vec<usize>,
    pieces: Vec<Piece>,
}

impl SourceMap {
    /// Takes what was rendered.
    pub(crate) fn new(output: &Output) -> Self {
        Self {
            line_starts: line_starts(&output.text),
            text: Arc::from(output.text.as_str()),
            pieces: output.pieces.clone(),
        }
    }

    /// The rendered text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Joins texts, each with its map where it has one, into one text and one map.
    pub fn join<'a>(parts: impl IntoIterator<Item = (&'a str, Option<&'a Self>)>) -> (String, Self) {
        let mut output = Output::default();
        for (text, map) in parts {
            output.write_pieces(text, map.map_or(&[], |map| &map.pieces), None);
        }
        let map = Self::new(&output);
        (output.text, map)
    }

    /// The map of a part of the text: of the bytes `start..end`.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let text = self.text.get(start..end).unwrap_or_default();
        let pieces = self
            .pieces
            .iter()
            .filter(|piece| piece.end > start && piece.start < end)
            .map(|piece| {
                let from = piece.start.max(start);
                Piece {
                    start: from - start,
                    end: piece.end.min(end) - start,
                    origin: shifted(&piece.origin, from - piece.start),
                }
            })
            .collect();
        Self {
            line_starts: line_starts(text),
            text: Arc::from(text),
            pieces,
        }
    }

    /// The template's place of a place in the rendered text, both from 1, columns in characters.
    ///
    /// White space between pieces and places outside the text have none.
    pub fn template_position(&self, line: usize, column: usize) -> Option<TemplatePosition> {
        let start = *self.line_starts.get(line.checked_sub(1)?)?;
        let rest = self.text.get(start..)?;
        let within = rest
            .char_indices()
            .nth(column.checked_sub(1)?)
            .map_or(rest.len(), |(at, _)| at);
        self.position_of_byte(start + within)
    }

    /// The template's place of a byte of the rendered text; the end of the text belongs to its last piece.
    pub fn position_of_byte(&self, byte: usize) -> Option<TemplatePosition> {
        let after = self.pieces.partition_point(|piece| piece.start <= byte);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        if byte >= piece.end && byte < self.text.len() {
            return None;
        }
        Some(self.position_in(piece, byte))
    }

    fn position_in(&self, piece: &Piece, byte: usize) -> TemplatePosition {
        match &piece.origin {
            Origin::Literal(place) => {
                let start = place.at.start + (byte - piece.start);
                let width = token_length(self.text.get(byte..piece.end).unwrap_or_default());
                TemplatePosition {
                    span: place.file.span(Pos::new(start, start + width)),
                    kind: PositionKind::Literal,
                }
            }
            Origin::Expression(place) => TemplatePosition {
                span: place.file.span(place.at),
                kind: PositionKind::Expression,
            },
            Origin::Macro { name, call, inside } => TemplatePosition {
                span: call.as_ref().unwrap_or(inside).span(),
                kind: PositionKind::Macro {
                    name: name.to_string(),
                    inside: inside.span(),
                },
            },
        }
    }

    /// The rendered line and column, both from 1, of a byte of the rendered text.
    pub fn rendered_position(&self, byte: usize) -> (usize, usize) {
        let (line, column) = line_and_column(&self.text, &self.line_starts, byte);
        (line + 1, column + 1)
    }
}

impl Place {
    fn span(&self) -> Span {
        self.file.span(self.at)
    }
}

fn shifted(origin: &Origin, by: usize) -> Origin {
    match origin {
        Origin::Literal(place) => Origin::Literal(Place {
            file: Arc::clone(&place.file),
            at: Pos::new(place.at.start + by, place.at.end),
        }),
        other => other.clone(),
    }
}

/// The bytes of the word that a text begins with; of its first character where that is no part of a word.
fn token_length(text: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let word: usize = text.chars().take_while(|c| is_word(*c)).map(char::len_utf8).sum();
    word.max(text.chars().next().map_or(0, char::len_utf8))
}
