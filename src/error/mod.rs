//! What can go wrong, and how it is told.
//!
//! A [`Diagnostic`] is for people: what is wrong, where, what to do. An [`Error`] is for callers: it carries
//! diagnostics and answers with an [`ExitStatus`]. Loading, rendering and planning return `(T, Vec<Diagnostic>)` and
//! carry on, so that one run shows every mistake.

pub mod codes;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use codes::Code;

/// The result of anything that can fail in Headwater.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A place in one of the author's files.
///
/// # Units
/// `line` and `column` count from 1; `column` and `width` count characters, not bytes. A `width` of 0 marks a point.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file, relative to the project's folder where it lies inside it.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column of the first character, from 1.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
}

impl Span {
    /// Makes a span of `width` characters.
    pub fn new(file: impl Into<PathBuf>, line: usize, column: usize, width: usize) -> Self {
        Self {
            file: file.into(),
            line,
            column,
            width,
        }
    }

    /// Makes a span that means a file as a whole.
    pub fn file(file: impl Into<PathBuf>) -> Self {
        Self::new(file, 1, 1, 0)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The command goes on; `--warn-error` makes it an error.
    Warning,
    /// The command fails.
    Error,
}

/// One thing that is wrong, told to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The code whose page `headwater explain` opens.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong: lower-case start, no final period, literals in backticks.
    pub message: String,
    /// Where, in the author's file.
    pub span: Option<Span>,
    /// Further facts, such as the place in the compiled file.
    pub notes: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// Starts an error.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: None,
            notes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Starts a warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Says where, if it is known.
    #[must_use]
    pub fn at_maybe(mut self, span: Option<Span>) -> Self {
        self.span = span.or(self.span);
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a piece of advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the advice "did you mean …" when one of `candidates` is near to `wanted`.
    #[must_use]
    pub fn nearest<'a>(self, wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(wanted, candidates) {
            Some(name) => self.hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}[{}]: {}", self.code, self.message)?;
        match &self.span {
            Some(span) => write!(f, " ({span})"),
            None => Ok(()),
        }
    }
}

/// Finds the candidate that `wanted` was most likely meant to be.
///
/// Case is ignored; a candidate further than a third of the name's length away is none.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Why a command, or a part of it, could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something in the project, its data or a service is at fault, told in full.
    #[error("{}", summary(.0))]
    Diagnostics(Vec<Diagnostic>),
    /// The command line cannot be followed.
    #[error("{0}")]
    Usage(String),
    /// A file could not be read or written.
    #[error("could not {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The user stopped the command.
    #[error("interrupted")]
    Interrupted,
    /// Headwater itself is at fault.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// Wraps an operating-system error.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.as_ref().to_path_buf(),
            source,
        }
    }

    /// Answers with the status that the process ends with.
    pub fn status(&self) -> ExitStatus {
        match self {
            Self::Diagnostics(diagnostics) if diagnostics.iter().all(|d| d.code.is_start()) => {
                ExitStatus::CouldNotStart
            }
            Self::Diagnostics(_) => ExitStatus::Failed,
            Self::Usage(_) | Self::Io { .. } | Self::Internal(_) => ExitStatus::CouldNotStart,
            Self::Interrupted => ExitStatus::Interrupted,
        }
    }

    /// Turns the error into diagnostics, for a list of them.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        match self {
            Self::Diagnostics(diagnostics) => diagnostics,
            Self::Io { ref source, .. } => {
                let diagnostic = Diagnostic::error(codes::IO, self.to_string());
                vec![match advice(source.kind()) {
                    Some(advice) => diagnostic.hint(advice),
                    None => diagnostic,
                }]
            }
            Self::Usage(message) => vec![Diagnostic::error(codes::USAGE, message)],
            Self::Interrupted => vec![Diagnostic::error(codes::INTERRUPTED, "interrupted")],
            Self::Internal(message) => vec![Diagnostic::error(codes::INTERNAL, message)],
        }
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Diagnostics(vec![diagnostic])
    }
}

/// What to do about an operating-system error.
fn advice(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("give yourself the right to it, or name another folder in profiles.yml")
        }
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            Some("a file lies where a folder must be: move it away")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free some space; what was published stays as it was")
        }
        _ => None,
    }
}

fn summary(diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// All well: 0.
    Done,
    /// A model, a test or a sync failed, or the project is at fault: 1.
    Failed,
    /// The command could not start: usage, configuration, the environment: 2.
    CouldNotStart,
    /// The user stopped it: 130.
    Interrupted,
}

impl ExitStatus {
    /// The number the operating system sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::CouldNotStart => 2,
            Self::Interrupted => 130,
        }
    }
}
