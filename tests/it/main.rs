//! The only integration binary: one module per feature.

mod engine;
mod project;
mod render;
