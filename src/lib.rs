//! Headwater builds customer-data-platform tables from raw extracts and hands them to the services that use them.

pub mod bundle;
pub mod engine;
pub mod error;
pub mod host;
pub mod jinja;
pub mod names;
pub mod project;
pub mod report;
pub mod time;
pub mod warehouse;
