//! `HW09`: the environment and Headwater itself.

use super::{Code, CodePage};

/// A file could not be read or written.
pub const IO: Code = Code("HW0901");
/// The command line cannot be followed.
pub const USAGE: Code = Code("HW0902");
/// The user stopped the command.
pub const INTERRUPTED: Code = Code("HW0903");
/// Headwater itself is at fault.
pub const INTERNAL: Code = Code("HW0999");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: IO,
        title: "a file could not be read or written",
        meaning: "The operating system refused to read, write, rename or lock a file.",
        why: "A build writes new files beside the published ones and moves to them in one step; when a file cannot be written, the step is not taken and what is published stays as it was.",
        example: "could not write `warehouse/store/…`: No space left on device",
        fix: "Read the operating system's words at the end of the message: free some space, mend the permissions, or point `warehouse` in profiles.yml at another disk.",
    },
    CodePage {
        code: USAGE,
        title: "the command line cannot be followed",
        meaning: "A flag or an argument contradicts another one, or names something that is not there.",
        why: "Guessing what was meant could build or send the wrong thing.",
        example: "headwater show stg_contacts --inline 'select 1'",
        fix: "`headwater help COMMAND` lists the flags.",
    },
    CodePage {
        code: INTERRUPTED,
        title: "interrupted",
        meaning: "The command was stopped by a signal.",
        why: "What was published before stays published, and what had been delivered stays recorded.",
        example: "Ctrl-C during `headwater build`",
        fix: "Run the command again; finished work is reused.",
    },
    CodePage {
        code: INTERNAL,
        title: "internal error",
        meaning: "Headwater met a state that it believes to be impossible.",
        why: "The command stops rather than going on with a wrong belief; nothing is published.",
        example: "internal error: node `model.shop.orders` has no plan",
        fix: "Please report it with the command and the output of `headwater debug`.",
    },
];
