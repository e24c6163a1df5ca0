//! `HW01`: the codes of this range and their pages.

use super::{Code, CodePage};

/// There are no files at an extract's location.
pub const EXTRACT_NOT_FOUND: Code = Code("HW0131");
/// An extract's files are of no known format, or of several.
pub const EXTRACT_FORMAT: Code = Code("HW0132");
/// An extract's files cannot be read.
pub const EXTRACT_UNREADABLE: Code = Code("HW0133");
/// A required column is not in an extract.
pub const EXTRACT_COLUMN_MISSING: Code = Code("HW0134");
/// A column of an extract cannot be read as the type that is declared.
pub const EXTRACT_COLUMN_TYPE: Code = Code("HW0135");
/// A seed's text is no CSV.
pub const SEED_TEXT: Code = Code("HW0136");
/// A seed's value is not of its column's type.
pub const SEED_VALUE: Code = Code("HW0137");

pub(super) const PAGES: &[CodePage] = &[];
