//! `HW04`: building and publishing.

use super::{Code, CodePage};

/// Another process is writing to the warehouse.
pub const WAREHOUSE_LOCKED: Code = Code("HW0401");
/// The record of a build cannot be read.
pub const BUILD_UNREADABLE: Code = Code("HW0402");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: WAREHOUSE_LOCKED,
        title: "the warehouse is locked",
        meaning: "Another build or sync is writing to the same warehouse.",
        why: "Two builds at once would each publish without what the other made.",
        example: "the warehouse is locked by `headwater build` (process 4711) since 2026-07-01 06:00:02 UTC",
        fix: "Wait for it to end, or pass `--lock-wait SECONDS`. A process that died holds no lock: the operating system releases it.",
    },
    CodePage {
        code: BUILD_UNREADABLE,
        title: "the record of a build cannot be read",
        meaning: "`build.json` in the published build is damaged or was written by a newer version.",
        why: "It says which version of each table is the published one.",
        example: "`warehouse/current/build.json` cannot be read: expected `,` at line 12",
        fix: "Use the newer version, or remove the `current` link and build again; the tables in the store are reused.",
    },
];
