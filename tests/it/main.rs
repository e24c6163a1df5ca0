//! The only integration binary: one module per feature.
#![allow(
    clippy::disallowed_methods,
    reason = "tests set their files up and look at them themselves"
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
