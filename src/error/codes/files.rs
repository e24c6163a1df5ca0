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

/// Two things have one name.
pub const DUPLICATE_NAME: Code = Code("HW0114");
/// A properties file describes what is not there.
pub const UNKNOWN_RESOURCE: Code = Code("HW0115");
/// A path of a configuration tree leads to nothing.
pub const UNUSED_CONFIG_PATH: Code = Code("HW0116");
/// A section that a build does not use.
pub const IGNORED_SECTION: Code = Code("HW0117");
/// A call of a generic test makes no sense.
pub const GENERIC_TEST_INVALID: Code = Code("HW0118");
/// A value of a config is of the wrong type.
pub const CONFIG_INVALID: Code = Code("HW0119");
/// A snapshot or docs block is not well formed.
pub const BLOCK_SYNTAX: Code = Code("HW0120");
/// A unit test's fixture file is not there.
pub const FIXTURE_NOT_FOUND: Code = Code("HW0121");
/// An audience makes no sense.
pub const AUDIENCE_INVALID: Code = Code("HW0122");
/// Something of dbt's that is not built.
pub const UNSUPPORTED: Code = Code("HW0123");
/// A selection matches nothing.
pub const NOTHING_SELECTED: Code = Code("HW0124");

pub(super) const PAGES: &[CodePage] = &[];
