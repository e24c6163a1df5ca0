//! `HW07`: what goes wrong while rows are delivered.

use super::{Code, CodePage};

/// A run would remove or change more than its guard allows.
pub const SYNC_GUARD: Code = Code("HW0701");
/// Another run of the sync is going on.
pub const SYNC_LOCKED: Code = Code("HW0702");
/// The destination takes nothing from us.
pub const SYNC_HALTED: Code = Code("HW0703");
/// The run was stopped for now.
pub const SYNC_PAUSED: Code = Code("HW0704");
/// Some rows were not taken.
pub const SYNC_REJECTED: Code = Code("HW0705");
/// The state belongs to another destination or key.
pub const SYNC_IDENTITY: Code = Code("HW0706");
/// The state cannot be read.
pub const SYNC_STATE: Code = Code("HW0707");
/// A destination's check failed.
pub const SYNC_CHECK: Code = Code("HW0708");
/// The destination can do nothing with some of what it took.
pub const SYNC_UNUSABLE: Code = Code("HW0709");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: SYNC_GUARD,
        title: "the guard refused the run",
        meaning: "the run would remove or change more rows than the sync's `guard` allows, or remove everything because the model came out empty. Nothing was sent.",
        why: "a broken extract upstream would otherwise empty an audience or a CRM.",
        example: "guard: {max_removed: 20%}\n# and a model that lost half of its rows",
        fix: "look with `--dry-run`; if it is right, run with `--force`, or raise the limit.",
    },
    CodePage {
        code: SYNC_LOCKED,
        title: "the sync is running already",
        meaning: "another process holds the sync's lock.",
        why: "two runs at once would send the same rows twice.",
        example: "headwater sync contacts & headwater sync contacts",
        fix: "wait for the other run to end.",
    },
    CodePage {
        code: SYNC_HALTED,
        title: "the destination takes nothing",
        meaning: "the service refused our credentials, our permissions or our whole request; the run was stopped at once. What was delivered before is kept.",
        why: "going on would only collect the same refusal for every row.",
        example: "access_token: \"{{ env_var('EXPIRED_TOKEN') }}\"",
        fix: "do what the service's message says; `headwater sync check` tries again cheaply.",
    },
    CodePage {
        code: SYNC_PAUSED,
        title: "the run was paused",
        meaning: "the service failed several times in a row, its rate limit did not ease in time, or its limit for the day is used up. What was delivered is kept.",
        why: "hammering a service that is down helps nobody.",
        example: "limits: {max_attempts: 2}\n# and a service that answers 503",
        fix: "run the sync again later; it carries on where it stopped.",
    },
    CodePage {
        code: SYNC_REJECTED,
        title: "some rows were not taken",
        meaning: "the service, or the check before sending, rejected rows. The others were delivered.",
        why: "the rows are tried again on each run, and stay missing at the destination until they are put right.",
        example: "an e-mail address without a domain",
        fix: "`headwater sync failures` lists the rows by the hash of their key, with the reasons.",
    },
    CodePage {
        code: SYNC_IDENTITY,
        title: "the state belongs to another destination or key",
        meaning: "the sync has delivered rows to another destination, or by another primary key, than it has now.",
        why: "what was acknowledged there says nothing about here: rows would be taken for delivered that are not.",
        example: "destination: crm_b  # it was crm_a",
        fix: "give the sync another name; it then starts anew.",
    },
    CodePage {
        code: SYNC_STATE,
        title: "the state cannot be read",
        meaning: "`state.json` of a sync is not what Headwater wrote.",
        why: "without it, nobody knows what was delivered.",
        example: "echo > warehouse/sync/contacts/state.json",
        fix: "put the file back from a copy; or remove the sync's folder, and the next run sends everything.",
    },
    CodePage {
        code: SYNC_CHECK,
        title: "a destination cannot be used",
        meaning: "the cheapest call that a destination has did not get the answer it should.",
        why: "a sync would fail in the same way.",
        example: "access_token: wrong",
        fix: "do what the service's message says.",
    },
    CodePage {
        code: SYNC_UNUSABLE,
        title: "the destination can do nothing with some entries",
        meaning: "the service took all of a request and says that a number of its entries are of no use to it, but not which. The rows count as delivered.",
        why: "the audience is smaller than the model says, and no row can be named for it.",
        example: "first_name: email  # hashed as a name, it matches nobody",
        fix: "look at the fields' values with `--dry-run`: they should be what the field's name says.",
    },
];
