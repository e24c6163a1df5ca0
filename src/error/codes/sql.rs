//! `HW0301` to `HW0349`: SQL that cannot be planned or fails while it runs.

use super::{Code, CodePage};

/// The SQL cannot be parsed.
pub const SYNTAX: Code = Code("HW0301");
/// A column is not in the tables of a query.
pub const COLUMN_NOT_FOUND: Code = Code("HW0302");
/// A setting of the engine is unknown or cannot be read.
pub const BAD_SETTING: Code = Code("HW0303");
/// A table is not known.
pub const TABLE_NOT_FOUND: Code = Code("HW0304");
/// A function is not known.
pub const FUNCTION_NOT_FOUND: Code = Code("HW0305");
/// A column is in more than one of the tables of a query.
pub const AMBIGUOUS_COLUMN: Code = Code("HW0306");
/// Two columns of a result have one name.
pub const DUPLICATE_COLUMN: Code = Code("HW0307");
/// A statement stands where a query is wanted.
pub const NOT_A_QUERY: Code = Code("HW0308");
/// A query cannot be planned.
pub const CANNOT_PLAN: Code = Code("HW0309");
/// A query failed while it ran.
pub const EXECUTION_FAILED: Code = Code("HW0320");

pub(super) const PAGES: &[CodePage] = &[];
