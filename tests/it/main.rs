//! The integration tests, one module per feature.

mod engine;
mod project;
mod sync;
