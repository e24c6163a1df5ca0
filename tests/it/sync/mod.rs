//! Syncs: from a model to a destination and its state.

mod bench;
mod files;
