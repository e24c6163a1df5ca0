//! The table of error codes: what each means, why it matters, an example, how to fix it.
//!
//! `HW01` files, `HW02` Jinja, `HW03` planning, `HW04` build, `HW05` checks, `HW06` mapping, `HW07` delivery,
//! `HW09` internal. `headwater explain CODE` prints a page. One file of pages per range.

mod build;
mod checks;
mod delivery;
mod extracts;
mod files;
mod internal;
mod jinja;
mod limits;
mod mapping;
mod planning;
mod sql;

pub use build::*;
pub use checks::*;
pub use delivery::*;
pub use extracts::*;
pub use files::*;
pub use internal::*;
pub use jinja::*;
pub use limits::*;
pub use mapping::*;
pub use planning::*;
pub use sql::*;

use std::fmt;

/// A stable name for a kind of fault, such as `HW0302`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// The code as text.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether the fault keeps a command from starting (exit status 2), rather than failing it (1).
    ///
    /// These are the faults of the environment: usage, configuration files, I/O and a warehouse that another build holds.
    pub fn is_start(self) -> bool {
        [IO, USAGE, WAREHOUSE_LOCKED].contains(&self)
            || self.0.starts_with("HW010")
            || self.0.starts_with("HW09")
    }

    /// The heading dbt gives to faults of this kind.
    pub fn heading(self) -> &'static str {
        if ("HW0320".."HW0350").contains(&self.0) {
            return "Database Error";
        }
        match self.0.get(..4) {
            Some("HW01") => "Parsing Error",
            Some("HW02" | "HW03") => "Compilation Error",
            Some("HW04") => "Database Error",
            _ => "Runtime Error",
        }
    }

    /// The page of the code.
    pub fn page(self) -> Option<&'static CodePage> {
        pages().find(|page| page.code == self)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What `headwater explain` says of a code.
#[derive(Debug, Clone, Copy)]
pub struct CodePage {
    /// The code.
    pub code: Code,
    /// A few words: `column not found`.
    pub title: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// A project that has the fault.
    pub example: &'static str,
    /// How to fix it.
    pub fix: &'static str,
}

/// Every page, in the order of the codes.
#[allow(
    unused_qualifications,
    reason = "each range has its own `PAGES`, and the globs above bring one of them in"
)]
pub fn pages() -> impl Iterator<Item = &'static CodePage> {
    [
        files::PAGES,
        extracts::PAGES,
        jinja::PAGES,
        sql::PAGES,
        planning::PAGES,
        build::PAGES,
        limits::PAGES,
        checks::PAGES,
        mapping::PAGES,
        delivery::PAGES,
        internal::PAGES,
    ]
    .into_iter()
    .flatten()
}
