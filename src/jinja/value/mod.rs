//! The values of templates that minijinja has not: Python's mutable lists and dictionaries, relations, columns, tables.

pub(crate) mod column;
pub(crate) mod dict;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod relation;
pub(crate) mod table;
pub(crate) mod text;

pub(crate) use dict::Dict;
pub(crate) use list::List;
