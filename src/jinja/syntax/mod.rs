//! Template text to trees: dbt's own blocks made into Jinja's, minijinja's parser, and a tree that owns what it needs.

pub(crate) mod blocks;
pub(crate) mod file;
mod lower;
pub(crate) mod tree;
pub(crate) mod walk;

pub(crate) use file::{Pos, TemplateFile};
pub(crate) use lower::{parse_expression, parse_template};
