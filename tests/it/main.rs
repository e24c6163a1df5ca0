//! The only integration binary: one module per feature.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests set their files up themselves, and end where something is not as it should be"
)]

mod build;
mod builtins;
mod cli;
mod crash;
mod diagnostics;
mod engine;
mod project;
mod render;
mod strangers;
mod support;
mod sync;
mod tidy;
