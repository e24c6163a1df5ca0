//! What templates say: `log`, `print`, `exceptions.…`; and `return`.

use minijinja::Value;

use super::Entry;
use crate::error::codes;
use crate::jinja::eval::{Call, Interpreter};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::record::{Message, MessageLevel};
use crate::jinja::value::text;

/// The functions.
pub(super) const FUNCTIONS: &[Entry] = &[("log", log), ("print", print), ("return", give_back)];

/// What hangs on `exceptions`.
pub(super) const EXCEPTIONS: &[Entry] = &[
    ("raise_compiler_error", raise),
    ("raise_not_implemented", raise),
    ("raise_fail_fast_error", raise),
    ("raise_parsing_error", raise),
    ("raise_database_error", raise),
    ("raise_dependency_error", raise),
    ("raise_contract_error", raise),
    ("raise_invalid_test_arg", raise),
    ("invalid_type_error", raise),
    ("missing_config", raise),
    ("missing_relation", raise),
    ("relation_wrong_type", raise),
    ("column_type_missing", raise),
    ("warn_snapshot_timestamp_data_types", raise),
    ("warn", warn),
];

fn say(interpreter: &mut Interpreter<'_>, call: &Call, level: MessageLevel) -> Outcome {
    let text = text::display(call.required(0, "msg")?);
    let span = Some(interpreter.author_span(&call.at));
    interpreter.record.messages.push(Message { level, text, span });
    Ok(Value::from(""))
}

fn log(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&["msg", "info"])?;
    let level = if call.truth(1, "info") {
        MessageLevel::Info
    } else {
        MessageLevel::Debug
    };
    say(interpreter, call, level)
}

fn print(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&["msg"])?;
    say(interpreter, call, MessageLevel::Print)
}

fn warn(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    say(interpreter, call, MessageLevel::Warning)
}

fn raise(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let given: Vec<String> = call
        .args
        .iter()
        .chain(call.named.values())
        .map(text::display)
        .collect();
    let message = given.join(", ");
    Err(Signal::fault(
        codes::RAISED,
        if message.is_empty() {
            call.callee.clone()
        } else {
            message
        },
    ))
}

fn give_back(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    Err(Signal::Return(
        call.args.first().cloned().unwrap_or_else(|| Value::from(())),
    ))
}
