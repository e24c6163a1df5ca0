//! Syncs: from a model to a destination and its state.

mod bench;
mod compliance;
mod files;
mod server;
mod worlds;
