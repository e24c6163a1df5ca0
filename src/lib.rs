//! Headwater builds customer-data-platform tables from raw extracts and hands them to the services that use them.

pub mod engine;
pub mod error;
pub mod host;
pub mod names;
pub mod project;
pub mod sync;
pub mod warehouse;
