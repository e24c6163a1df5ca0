//! `HW05`: data tests and unit tests.

use super::{Code, CodePage};

/// A data test found rows that are an error.
pub const TEST_FAILED: Code = Code("HW0501");
/// A data test found rows that are worth a warning.
pub const TEST_WARNS: Code = Code("HW0502");
/// A unit test's model gave other rows than expected.
pub const UNIT_TEST_FAILED: Code = Code("HW0503");
/// A unit test cannot be run as it is written.
pub const UNIT_TEST_FAULTY: Code = Code("HW0504");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: TEST_FAILED,
        title: "a data test failed",
        meaning: "The test's query found rows, and more of them than `error_if` allows.",
        why: "A table that fails its audit is not published, nor is anything built upon it: readers keep the last good build.",
        example: "test `unique_contacts_dim_contact_pk` found 2 failing rows",
        fix: "Look at the rows with `headwater show --select TEST`. Mend the model or the data; if the rows are acceptable, give the test `severity: warn`, a threshold or a `where`.",
    },
    CodePage {
        code: TEST_WARNS,
        title: "a data test warns",
        meaning: "The test's query found rows; the test's severity is `warn`, or their number stays below `error_if`.",
        why: "The build goes on and is published; the count is kept in run_results.json.",
        example: "test `relationships_stg_extract__timesheets_project_id` found 3 failing rows",
        fix: "Look at the rows with `headwater show --select TEST`.",
    },
    CodePage {
        code: UNIT_TEST_FAILED,
        title: "a unit test failed",
        meaning: "Given the rows of the unit test, its model gave other rows than `expect` says.",
        why: "The model's logic is not what its author wrote down, so the model is not built.",
        example: "unit test `stage_after_a_lost_deal` differs: row 2, column `customer_stage`: expected `Lost Opportunity`, got `Prospect`",
        fix: "Compare the rows in the message; mend the model, or the expectation if the rule has changed.",
    },
    CodePage {
        code: UNIT_TEST_FAULTY,
        title: "a unit test cannot be run",
        meaning: "A unit test names an input the model does not read, a column that is not there, or a value that cannot be of the column's type.",
        why: "A test that is not run shows nothing.",
        example: "unit test `tiers`: input `ref('orders')` has no column `amuont`",
        fix: "Mend the name or the value at the place that the message gives.",
    },
];
