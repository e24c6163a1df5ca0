//! `HW03`: the codes of this range and their pages.

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

/// A `ref` leads to nothing.
pub const MISSING_REF: Code = Code("HW0350");
/// A `source` leads to nothing.
pub const MISSING_SOURCE: Code = Code("HW0351");
/// A reference leads to something disabled.
pub const DISABLED_REF: Code = Code("HW0352");
/// Two nodes are built as one table.
pub const DUPLICATE_RELATION: Code = Code("HW0353");
/// Nodes depend on each other in a circle.
pub const CYCLE: Code = Code("HW0354");
/// A `ref` leads to several nodes.
pub const AMBIGUOUS_REF: Code = Code("HW0355");
/// A `ref` names a version that is not there.
pub const MISSING_VERSION: Code = Code("HW0356");
/// A `ref` leads to a private model of another group.
pub const PRIVATE_REF: Code = Code("HW0357");
/// A unit test's model is not there.
pub const UNIT_TEST_MODEL: Code = Code("HW0358");
/// A node's name in the warehouse cannot be told.
pub const NAME_INVALID: Code = Code("HW0359");

pub(super) const PAGES: &[CodePage] = &[];
