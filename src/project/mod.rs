//! Files to values: a dbt-format project as it is written.

pub mod node;
