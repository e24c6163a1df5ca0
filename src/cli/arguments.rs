//! What can be typed: the commands and their flags, dbt's names where dbt has them.

#![allow(
    clippy::doc_markdown,
    clippy::struct_field_names,
    reason = "the comments on fields are the help as it is shown, and the fields are dbt's flags"
)]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Builds customer-data-platform tables from raw extracts and syncs them to the services that use them.
#[derive(Debug, Parser)]
#[command(
    name = "headwater",
    version,
    max_term_width = 100,
    propagate_version = true,
    disable_help_subcommand = false
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) global: Global,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// The project's folder [default: `.`, else `./sql`]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "DBT_PROJECT_DIR",
        help_heading = "Project"
    )]
    pub(super) project_dir: Option<PathBuf>,
    /// The folder of profiles.yml [default: the project's, else ~/.dbt]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "DBT_PROFILES_DIR",
        help_heading = "Project"
    )]
    pub(super) profiles_dir: Option<PathBuf>,
    /// The profile to use
    #[arg(long, global = true, value_name = "NAME", help_heading = "Project")]
    pub(super) profile: Option<String>,
    /// The target of the profile to use
    #[arg(
        long,
        short,
        global = true,
        value_name = "NAME",
        env = "DBT_TARGET",
        help_heading = "Project"
    )]
    pub(super) target: Option<String>,
    /// Where compiled SQL and artifacts go [default: target]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "DBT_TARGET_PATH",
        help_heading = "Project"
    )]
    pub(super) target_path: Option<PathBuf>,
    /// Variables, as YAML: '{sources: [extract], raw_root: data}'
    #[arg(long, global = true, value_name = "YAML", help_heading = "Project")]
    pub(super) vars: Option<String>,
    /// The instant the build is for, UTC: 2026-06-30 or 2026-06-30T12:00:00 [default: now]
    #[arg(
        long,
        global = true,
        value_name = "INSTANT",
        env = "HEADWATER_NOW",
        help_heading = "Project"
    )]
    pub(super) as_of: Option<String>,
    /// How many nodes run at once
    #[arg(long, global = true, value_name = "N", help_heading = "Project")]
    pub(super) threads: Option<usize>,
    /// How to write progress and messages
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, help_heading = "Output")]
    pub(super) log_format: LogFormat,
    /// Only errors and the data asked for
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(super) quiet: bool,
    /// Warnings are errors
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) warn_error: bool,
}

/// How progress and messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line, on stderr.
    Json,
}

/// Which nodes.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Selection {
    /// Which nodes: names, +a, a+, 2+a, @a, tag:, path:, config., source:, resource_type:, …
    #[arg(long, short, visible_alias = "models", value_name = "SELECTOR", num_args = 1.., help_heading = "Selection")]
    pub(super) select: Vec<String>,
    /// Which of these not
    #[arg(long, value_name = "SELECTOR", num_args = 1.., help_heading = "Selection")]
    pub(super) exclude: Vec<String>,
    /// A selector of selectors.yml
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    pub(super) selector: Option<String>,
    /// Only these kinds: model, seed, snapshot, test, unit_test, …
    #[arg(long, visible_alias = "resource-types", value_name = "KIND", num_args = 1.., value_delimiter = ' ', help_heading = "Selection")]
    pub(super) resource_type: Vec<String>,
    /// Which tests of selected nodes run: eager, cautious, buildable, empty
    #[arg(
        long,
        value_name = "MODE",
        default_value = "eager",
        help_heading = "Selection"
    )]
    pub(super) indirect_selection: String,
}

/// How to run nodes.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Running {
    /// Build everything anew, whatever is in the store
    #[arg(long, short, help_heading = "Run")]
    pub(super) full_refresh: bool,
    /// Stop at the first failure
    #[arg(long, short = 'x', help_heading = "Run")]
    pub(super) fail_fast: bool,
    /// Seconds to wait for another build of the same warehouse [default: say who holds it]
    #[arg(long, value_name = "SECONDS", default_value_t = 0, help_heading = "Run")]
    pub(super) lock_wait: u64,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Build, test and publish: seeds, models, snapshots and tests in order of dependence
    Build {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        running: Running,
        /// Deliver the syncs with `trigger: {after: build}` once the build is published
        #[arg(long, help_heading = "Run")]
        sync: bool,
    },
    /// Build and publish models, without tests
    Run {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        running: Running,
    },
    /// Run data tests and unit tests on what is published
    Test {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        running: Running,
    },
    /// Load and publish seeds
    Seed {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        running: Running,
    },
    /// Bring snapshots up to date and publish them
    Snapshot {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        running: Running,
    },
    /// Render SQL into the target folder, or print it
    Compile {
        #[command(flatten)]
        selection: Selection,
        /// Render this text instead of nodes
        #[arg(long, value_name = "SQL")]
        inline: Option<String>,
    },
    /// Read the project and write manifest.json
    Parse,
    /// List nodes
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        selection: Selection,
        /// How
        #[arg(long, value_enum, default_value_t = ListOutput::Selector)]
        output: ListOutput,
        /// With --output json: these keys only
        #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ' ')]
        output_keys: Vec<String>,
    },
    /// Print rows of a model, a seed, a source, a test or a query
    Show {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        query: ShowQuery,
    },
    /// Render and plan everything, and report all faults; no table is built
    Check {
        #[command(flatten)]
        selection: Selection,
    },
    /// Say which project, profile and warehouse a command would use
    Debug,
    /// Remove the folders that `clean-targets` names
    Clean,
    /// Write the bundled project into a new folder, to start from
    Init {
        /// The project's name and folder
        name: String,
    },
    /// Deliver syncs: what changed since the last delivery
    #[command(args_conflicts_with_subcommands = true)]
    Sync {
        #[command(subcommand)]
        action: Option<SyncAction>,
        #[command(flatten)]
        deliver: SyncDelivery,
    },
    /// Explain an error code
    Explain {
        /// The code: HW0302
        code: String,
    },
}

/// What to show, and how.
#[derive(Debug, Clone, Args)]
pub(super) struct ShowQuery {
    /// A query, as a template
    #[arg(long, value_name = "SQL", conflicts_with_all = ["select", "exclude", "selector"])]
    pub(super) inline: Option<String>,
    /// How many rows; -1 for all
    #[arg(long, default_value_t = 5, allow_negative_numbers = true)]
    pub(super) limit: i64,
    /// How
    #[arg(long, value_enum, default_value_t = ShowOutput::Text)]
    pub(super) output: ShowOutput,
    /// Print the query's plan instead of its rows
    #[arg(long, value_enum)]
    pub(super) explain: Option<ExplainMode>,
}

/// Which plan `show --explain` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainMode {
    /// As it would be executed.
    Plan,
    /// As it was executed, with rows and times.
    Analyze,
}

/// What to do with syncs besides delivering them.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum SyncAction {
    /// Show, in a table, what each sync would send
    Plan {
        #[command(flatten)]
        choice: SyncChoice,
    },
    /// List past runs
    History {
        #[command(flatten)]
        choice: SyncChoice,
        /// How many runs
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// List rows that a service rejected and that will be tried again
    Failures {
        #[command(flatten)]
        choice: SyncChoice,
    },
    /// Make each destination's cheapest authenticated call
    Check,
}

/// Which syncs.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SyncChoice {
    /// Syncs by name [default: all]
    #[arg(value_name = "SYNC")]
    pub(super) names: Vec<String>,
    /// Syncs by name, destination:NAME or tag:NAME
    #[arg(long, short, value_name = "SELECTOR", num_args = 1..)]
    pub(super) select: Vec<String>,
}

/// How to deliver.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SyncDelivery {
    #[command(flatten)]
    pub(super) choice: SyncChoice,
    /// Send nothing; show the counts and the requests it would make
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Send every row, as if nothing had been delivered
    #[arg(long)]
    pub(super) full_resync: bool,
    /// Override the guards
    #[arg(long)]
    pub(super) force: bool,
}

/// How `list` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListOutput {
    /// dbt's fully qualified names.
    Selector,
    /// Names.
    Name,
    /// Files.
    Path,
    /// One JSON object per line.
    Json,
}

/// How `show` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowOutput {
    /// A table.
    Text,
    /// One JSON object.
    Json,
}
