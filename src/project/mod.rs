//! Files to values: a dbt-format project as it is written.

mod fields;
pub mod node;
mod templates;
pub mod yaml;

pub use templates::TextTemplates;
