//! Syncs: from a model to a destination and its state.

#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what helps tests fails as tests do, and tells its figures under `--nocapture`"
)]

mod after_build;
mod bench;
mod compliance;
mod config;
mod exchanges;
mod files;
mod program;
mod serve;
mod server;
mod stage;
mod worlds;
