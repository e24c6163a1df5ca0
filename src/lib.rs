//! Headwater builds customer-data-platform tables from raw extracts and hands them to the services that use them.

pub mod artifacts;
pub mod bundle;
pub mod checks;
pub mod cli;
pub mod engine;
pub mod error;
pub mod graph;
pub mod host;
pub mod jinja;
pub mod materialize;
pub mod names;
pub mod project;
pub mod report;
pub mod run;
pub mod time;
pub mod sync;
pub mod warehouse;
