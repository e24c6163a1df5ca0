//! The only integration binary: one module per feature.

mod builtins;
mod engine;
mod project;
mod render;
mod strangers;
mod sync;
