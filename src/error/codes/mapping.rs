//! `HW06`: what a sync says it sends, and whether its model and its destination can do that.

use super::{Code, CodePage};

/// A sync names a column that its model does not have, or an expression that cannot be planned.
pub const SYNC_COLUMN: Code = Code("HW0601");
/// A sync names a destination that is not there.
pub const SYNC_DESTINATION: Code = Code("HW0602");
/// A destination cannot work in the sync's mode.
pub const SYNC_MODE: Code = Code("HW0603");
/// The fields of a sync do not fit its destination.
pub const SYNC_FIELD: Code = Code("HW0604");
/// A setting is missing or of the wrong kind.
pub const SYNC_SETTING: Code = Code("HW0605");
/// An address that would not keep what is sent to it private.
pub const SYNC_ADDRESS: Code = Code("HW0606");
/// A key that nothing reads.
pub const SYNC_UNKNOWN_KEY: Code = Code("HW0607");
/// A trigger that cannot be understood.
pub const SYNC_TRIGGER: Code = Code("HW0608");
/// Two things of one name.
pub const SYNC_REPEATED: Code = Code("HW0609");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: SYNC_COLUMN,
        title: "a sync's column or expression is not in its model",
        meaning: "`primary_key`, `fields`, `where` or `audiences` of a sync name a column that the model does not have, or hold SQL that the engine cannot plan over the model's columns.",
        why: "a field that is silently null would overwrite good values at the destination.",
        example: "fields:\n  email: emial",
        fix: "write the column as the model has it; `headwater show --select MODEL --limit 1` shows the columns.",
    },
    CodePage {
        code: SYNC_DESTINATION,
        title: "destination not found",
        meaning: "a sync's `destination` is not among the `destinations` of the project's sync files.",
        why: "there is nowhere to send the rows to.",
        example: "syncs:\n  - name: contacts\n    destination: intercmo",
        fix: "write the name of a destination that is declared, or declare it.",
    },
    CodePage {
        code: SYNC_MODE,
        title: "the destination has no such mode",
        meaning: "a destination of this type cannot work in the mode that the sync asks for.",
        why: "an event service has no rows to update, and an audience has no fields.",
        example: "destination: facebook\nmode: upsert",
        fix: "choose one of the modes that the message names.",
    },
    CodePage {
        code: SYNC_FIELD,
        title: "the fields do not fit the destination",
        meaning: "the mapping lacks a field that the destination needs in this mode, or has one that it does not know.",
        why: "every row would be rejected, or the field would be lost.",
        example: "mode: track\nfields:\n  properties.value: event_value",
        fix: "add or rename the field as the message says.",
    },
    CodePage {
        code: SYNC_SETTING,
        title: "a setting is missing or of the wrong kind",
        meaning: "a sync file lacks a key that is needed, or has a value that the key cannot have.",
        why: "a guess could send the wrong rows to the wrong place.",
        example: "syncs:\n  - name: contacts\n    destination: crm",
        fix: "write the key as the message says.",
    },
    CodePage {
        code: SYNC_ADDRESS,
        title: "an address that is not private",
        meaning: "a destination's address is not `https`, and its host is not this machine.",
        why: "personal data and credentials would cross the network in the clear.",
        example: "base_url: http://api.example.com",
        fix: "write an `https` address.",
    },
    CodePage {
        code: SYNC_UNKNOWN_KEY,
        title: "unknown key in a sync file",
        meaning: "nothing reads this key.",
        why: "a misspelt key has no effect, and nobody notices.",
        example: "gaurd: {max_removed: 5%}",
        fix: "write the key that was meant, or take it out.",
    },
    CodePage {
        code: SYNC_TRIGGER,
        title: "a trigger that cannot be understood",
        meaning: "`trigger` is neither `manual` nor one of the forms there are, its cron pattern has a mistake, or there is no such time zone.",
        why: "the sync would run at another time than was meant, or never.",
        example: "trigger: {schedule: \"0 25 * * *\"}",
        fix: "write `{schedule: \"0 6 * * *\", timezone: Europe/London}`, `{after: build}` or `{after: dbt_cloud, job_id: 123}`.",
    },
    CodePage {
        code: SYNC_REPEATED,
        title: "two of one name",
        meaning: "two destinations, or two syncs, have the same name.",
        why: "the state of a sync is kept under its name, and two would overwrite each other's.",
        example: "destinations:\n  - name: crm\n  - name: crm",
        fix: "rename one of the two.",
    },
];
