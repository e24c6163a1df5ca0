//! `HW04`: building and publishing.

use super::{Code, CodePage};

/// Another process is writing to the warehouse.
pub const WAREHOUSE_LOCKED: Code = Code("HW0401");
/// The record of a build cannot be read.
pub const BUILD_UNREADABLE: Code = Code("HW0402");
/// There is no such materialization.
pub const UNKNOWN_MATERIALIZATION: Code = Code("HW0403");
/// A snapshot's configuration does not say how rows are compared.
pub const SNAPSHOT_RULE: Code = Code("HW0404");
/// A node reads something that is neither published nor selected.
pub const NOT_BUILT: Code = Code("HW0405");
/// A view reads itself, directly or through other views.
pub const VIEW_READS_ITSELF: Code = Code("HW0406");
/// A source does not say where its data is.
pub const SOURCE_WITHOUT_LOCATION: Code = Code("HW0407");
/// An optional source table is not there.
pub const OPTIONAL_SOURCE_ABSENT: Code = Code("HW0408");
/// A folder to clean is not to be removed.
pub const NOT_CLEANED: Code = Code("HW0409");

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
    CodePage {
        code: UNKNOWN_MATERIALIZATION,
        title: "unknown materialization",
        meaning: "A model's `materialized` is not one that Headwater has.",
        why: "It says what becomes of the model's rows.",
        example: "materialized: tabel",
        fix: "Use `table`, `view`, `ephemeral` or `incremental`; snapshots and seeds have their own.",
    },
    CodePage {
        code: SNAPSHOT_RULE,
        title: "a snapshot's rule is incomplete",
        meaning: "A snapshot needs a `unique_key`, and a `strategy`: `timestamp` with `updated_at`, or `check` with `check_cols`.",
        why: "Without them it cannot be said which rows are the same thing and whether it changed.",
        example: "snapshot `segments_history` has no `unique_key`",
        fix: "Add what the message names to the snapshot's `config`.",
    },
    CodePage {
        code: NOT_BUILT,
        title: "something it reads is not built",
        meaning: "The node reads a model, seed or snapshot that is not published and is not part of the selection either.",
        why: "There are no rows to read.",
        example: "`customer_events_xa` reads `int_deals`, which is not built",
        fix: "Select it too: `headwater build --select +MODEL`, or build the whole project once.",
    },
    CodePage {
        code: VIEW_READS_ITSELF,
        title: "a view reads itself",
        meaning: "The SQL of a view names the view, directly or through other views, without `ref`.",
        why: "Its rows would depend on themselves.",
        example: "select * from staging.stg_orders  -- in stg_orders.sql",
        fix: "Read the source instead, or make the model a table.",
    },
    CodePage {
        code: SOURCE_WITHOUT_LOCATION,
        title: "a source does not say where its data is",
        meaning: "A source's table has no `external_location`, neither of its own nor of its source.",
        why: "Headwater reads raw data from files; it has no database that could hold the table.",
        example: "sources: [{name: raw, tables: [{name: orders}]}]",
        fix: "Add `config: {meta: {external_location: \"data/{identifier}.parquet\"}}` to the source or to the table.",
    },
    CodePage {
        code: OPTIONAL_SOURCE_ABSENT,
        title: "an optional source table is not there",
        meaning: "A table with `meta: {optional: true}` has no file at its location.",
        why: "It counts as switched off: what it would have given is null or zero downstream.",
        example: "source `extract.product_usage` is switched off: there is nothing at `raw/extract/product_usage.parquet`",
        fix: "Nothing, if that is meant; otherwise land the file or mend the location.",
    },
    CodePage {
        code: NOT_CLEANED,
        title: "a folder to clean stays",
        meaning: "`clean-targets` names a folder that is not below the project's folder, holds files of the project, or is the warehouse's.",
        why: "Removing it would remove what belongs to others, what cannot be made again, or what is published.",
        example: "clean-targets: [\"target\", \"../shared\"]",
        fix: "Remove the folder by hand if that is meant.",
    },
];
