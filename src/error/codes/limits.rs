//! `HW044`: what a project asks for and this version does not do.

use super::{Code, CodePage};

/// A hook holds SQL, which is not executed.
pub const HOOK_NOT_RUN: Code = Code("HW0440");
/// Grants have no meaning here.
pub const GRANTS_IGNORED: Code = Code("HW0441");
/// A test's failing rows are not kept as a table.
pub const FAILURES_NOT_STORED: Code = Code("HW0442");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: HOOK_NOT_RUN,
        title: "a hook is not executed",
        meaning: "An `on-run-start`, `on-run-end`, `pre_hook` or `post_hook` renders to SQL. Hooks are rendered, so that their macros log and raise, and their SQL is left alone.",
        why: "What the hook would change in a warehouse is not changed.",
        example: "on-run-end: \"grant usage on schema {{ target.schema }} to reporter\"",
        fix: "Move what it makes into a model, or put the hook in `{% if target.type != 'datafusion' %}` when another warehouse needs it.",
    },
    CodePage {
        code: GRANTS_IGNORED,
        title: "grants are ignored",
        meaning: "A node has `grants`. Tables are Parquet files in a folder: who may read them is for the file system or the bucket to say.",
        why: "Nobody is given or refused anything.",
        example: "models:\n  +grants:\n    select: [reporter]",
        fix: "Set the rights of the warehouse's folder or bucket; the configuration may stay for other targets.",
    },
    CodePage {
        code: FAILURES_NOT_STORED,
        title: "failing rows are not kept",
        meaning: "A test has `store_failures`. It is judged as ever, and no table of its failing rows is published.",
        why: "A query that reads such a table finds none.",
        example: "data_tests:\n  - unique:\n      config:\n        store_failures: true",
        fix: "List the rows with `headwater show --select TEST`, or write a model of them.",
    },
];
