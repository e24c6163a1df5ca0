//! Text as it is rendered, with where each piece of it came from.

use std::sync::Arc;

use super::syntax::{Pos, TemplateFile};

/// A place in a template.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The template.
    pub(crate) file: Arc<TemplateFile>,
    /// The range in it.
    pub(crate) at: Pos,
}

/// Where a piece of rendered text came from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// It stands in the template as it is.
    Literal(Place),
    /// An expression gave it.
    Expression(Place),
    /// A macro wrote it.
    Macro {
        /// The macro that was called in the template.
        name: Arc<str>,
        /// The call in the template, once that is known.
        call: Option<Place>,
        /// The place in a macro that wrote it.
        inside: Place,
    },
}

impl Origin {
    fn place(&self) -> &Place {
        match self {
            Self::Literal(place) | Self::Expression(place) | Self::Macro { inside: place, .. } => place,
        }
    }

    /// The same, seen from outside the macro `name`; text of the author's own template stays what it is.
    fn out_of(self, name: &Arc<str>, own: &Arc<TemplateFile>) -> Self {
        if matches!(&self, Self::Macro { call: Some(_), .. }) || Arc::ptr_eq(&self.place().file, own) {
            return self;
        }
        let inside = self.place().clone();
        Self::Macro {
            name: Arc::clone(name),
            call: None,
            inside,
        }
    }
}

/// A range of the rendered text and its origin.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
    /// Where it came from.
    pub(crate) origin: Origin,
}

/// Text under way.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// The text so far.
    pub(crate) text: String,
    /// Its pieces, in order.
    pub(crate) pieces: Vec<Piece>,
}

impl Output {
    /// Writes text of one origin.
    pub(crate) fn write(&mut self, text: &str, origin: Origin) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.pieces.push(Piece {
            start,
            end: self.text.len(),
            origin,
        });
    }

    /// Writes text whose pieces are known; those out of macros are put down to the call at `place`.
    pub(crate) fn write_pieces(&mut self, text: &str, pieces: &[Piece], place: Option<&Place>) {
        let base = self.text.len();
        self.text.push_str(text);
        self.pieces.extend(pieces.iter().map(|piece| Piece {
            start: base + piece.start,
            end: base + piece.end,
            origin: match (&piece.origin, place) {
                (
                    Origin::Macro {
                        name,
                        call: None,
                        inside,
                    },
                    Some(place),
                ) => Origin::Macro {
                    name: Arc::clone(name),
                    call: Some(place.clone()),
                    inside: inside.clone(),
                },
                (origin, _) => origin.clone(),
            },
        }));
    }

    /// The pieces as they look outside the macro `name`.
    pub(crate) fn out_of(mut self, name: &Arc<str>, own: &Arc<TemplateFile>) -> Self {
        self.pieces = self
            .pieces
            .into_iter()
            .map(|piece| Piece {
                origin: piece.origin.out_of(name, own),
                ..piece
            })
            .collect();
        self
    }
}
