//! `HW01`: the project's files.

use super::{Code, CodePage};

/// There is no `dbt_project.yml`.
pub const PROJECT_NOT_FOUND: Code = Code("HW0101");
/// A file is not YAML.
pub const YAML_SYNTAX: Code = Code("HW0102");
/// `profiles.yml` lacks the profile or the target, or a setting of it makes no sense.
pub const PROFILE_INVALID: Code = Code("HW0103");
/// A package is not where `packages.yml` says.
pub const PACKAGE_NOT_FOUND: Code = Code("HW0104");
/// The selection cannot be understood.
pub const SELECTION_SYNTAX: Code = Code("HW0105");
/// A target is of a kind that is not built on.
pub const TARGET_REPLACED: Code = Code("HW0106");
/// A key stands in one mapping twice.
pub const DUPLICATE_KEY: Code = Code("HW0110");
/// A key that means nothing where it stands.
pub const UNKNOWN_KEY: Code = Code("HW0111");
/// A value is of the wrong type.
pub const WRONG_TYPE: Code = Code("HW0112");
/// A key that must be there is not.
pub const MISSING_KEY: Code = Code("HW0113");

pub(super) const PAGES: &[CodePage] = &[];
