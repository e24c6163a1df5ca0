//! The command line: what was typed, what it means, and the commands.

mod arguments;
mod commands;
mod excerpt;
mod init;
mod session;
mod show;
mod style;
mod summary;
mod sync;
mod terminal;

use std::ffi::OsString;
use std::sync::Arc;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::error::{Error, ExitStatus, Result};
use crate::host::Host;
use arguments::{Arguments, Command};
use terminal::{Terminal, Verbosity};

/// Runs a command line.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    match Host::system() {
        Ok(host) => start(&host, &arguments),
        Err(error) => error.status(),
    }
}

/// Help and version are data; anything else is a usage error.
fn refuse(error: &clap::Error) -> ExitStatus {
    // A closed pipe is quiet.
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitStatus::Done,
        _ => ExitStatus::CouldNotStart,
    }
}

fn start(host: &Host, arguments: &Arguments) -> ExitStatus {
    let verbosity = if arguments.global.quiet {
        Verbosity::Quiet
    } else {
        Verbosity::Normal
    };
    let terminal = Arc::new(Terminal::new(host, arguments.global.log_format, verbosity));
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(8 << 20)
        .build()
        .map_err(|e| Error::io("start", "threads", e))
        .and_then(|runtime| {
            let outcome = runtime.block_on(until_interrupted(dispatch(host, arguments, &terminal)));
            // The process ends now: nobody waits for threads that have nothing left to do.
            runtime.shutdown_background();
            outcome
        });
    terminal.finish();
    outcome.unwrap_or_else(|error| {
        let status = error.status();
        terminal.fail(error);
        status
    })
}

async fn until_interrupted(work: impl Future<Output = Result<ExitStatus>>) -> Result<ExitStatus> {
    tokio::select! {
        outcome = work => outcome,
        _ = tokio::signal::ctrl_c() => Err(Error::Interrupted),
    }
}

async fn dispatch(host: &Host, arguments: &Arguments, terminal: &Arc<Terminal>) -> Result<ExitStatus> {
    let global = &arguments.global;
    let cli = commands::Cli {
        host,
        global,
        terminal,
    };
    match &arguments.command {
        Command::Build {
            selection,
            running,
            sync,
        } => cli.build(selection, running, *sync).await,
        Command::Run { selection, running } => cli.run(selection, running).await,
        Command::Test { selection, running } => cli.test(selection, running).await,
        Command::Seed { selection, running } => cli.seed(selection, running).await,
        Command::Snapshot { selection, running } => cli.snapshot(selection, running).await,
        Command::Compile { selection, inline } => cli.compile(selection, inline.as_deref()).await,
        Command::Parse => cli.parse(),
        Command::List {
            selection,
            output,
            output_keys,
        } => cli.list(selection, *output, output_keys),
        Command::Show { selection, query } => cli.show(selection, query).await,
        Command::Check { selection } => cli.check(selection).await,
        Command::Debug => cli.debug(),
        Command::Clean => cli.clean(),
        Command::Init { name } => cli.init(name),
        Command::Sync { action, deliver } => cli.sync(action.as_ref(), deliver).await,
        Command::Explain { code } => cli.explain(code),
    }
}
