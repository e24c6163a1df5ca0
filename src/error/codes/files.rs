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

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: PROJECT_NOT_FOUND,
        title: "no project here",
        meaning: "Neither the folder that was named, nor the present one, nor its `sql` folder holds a `dbt_project.yml`.",
        why: "Every path of a project is relative to that file.",
        example: "headwater build --project-dir models",
        fix: "Go to the project's folder, or name it with `--project-dir`.",
    },
    CodePage {
        code: YAML_SYNTAX,
        title: "not YAML",
        meaning: "A file of the project cannot be read as YAML, or holds more than one document.",
        why: "What comes after the fault would be lost without a word.",
        example: "description: {{ doc('orders') }}",
        fix: "Look at the line that is named: put quotes around values that begin with `{{`, `*`, `&` or `%`, and indent with spaces.",
    },
    CodePage {
        code: PROFILE_INVALID,
        title: "no such profile or target",
        meaning: "`profiles.yml` has no profile of the name that `dbt_project.yml` or `--profile` gives, or the profile has no such target.",
        why: "The target says where tables go; guessing one could overwrite another team's.",
        example: "profile: shopp",
        fix: "Correct the name, or remove `profiles.yml`: without one every setting has a default.",
    },
    CodePage {
        code: PACKAGE_NOT_FOUND,
        title: "a package is not there",
        meaning: "`packages.yml` names a folder without a `dbt_project.yml`, or a package that has not been installed into `dbt_packages`.",
        why: "Models and macros of the package would be missing.",
        example: "packages:\n  - local: ../shared",
        fix: "Correct the path, or install the package. The macros of `dbt_utils` are built in and need no package.",
    },
    CodePage {
        code: SELECTION_SYNTAX,
        title: "the selection cannot be followed",
        meaning: "A word of `--select`, `--exclude` or `--selector` names a method or a selector that is not there, or asks for facts that were not given.",
        why: "A selection that is half understood would build the wrong nodes.",
        example: "headwater build --select tags:nightly",
        fix: "The methods are listed by `headwater help build`; `state:` and `result:` need `--state`.",
    },
    CodePage {
        code: TARGET_REPLACED,
        title: "the embedded engine takes the place of a target",
        meaning: "The target in `profiles.yml` is of another type than `datafusion`.",
        why: "Headwater builds on its own engine; the tables go to its own warehouse, not into the database that the target names.",
        example: "type: duckdb",
        fix: "Nothing has to be done. A target of `type: datafusion` sets the warehouse, the memory and the threads, and ends the warning.",
    },
    CodePage {
        code: DUPLICATE_KEY,
        title: "a key stands twice",
        meaning: "One mapping of a YAML file has the same key twice.",
        why: "YAML keeps the last and drops the first, so something that was written does not count.",
        example: "description: one\ndescription: two",
        fix: "Remove or rename one of the two.",
    },
    CodePage {
        code: UNKNOWN_KEY,
        title: "a key without a meaning",
        meaning: "A key of a project file means nothing where it stands; most likely it is misspelt, or indented too far or too little.",
        why: "What it was to say would be lost.",
        example: "descripton: one row per order",
        fix: "Take the nearest key that is named. Facts of your own go under `meta`, settings under `config`.",
    },
    CodePage {
        code: WRONG_TYPE,
        title: "a value of the wrong type",
        meaning: "A value of a project file is, say, a list where text is wanted.",
        why: "The value cannot be used and counts as absent.",
        example: "columns: {id: 1}",
        fix: "Write the value in the form that the message names.",
    },
    CodePage {
        code: MISSING_KEY,
        title: "a key is missing",
        meaning: "A mapping lacks a key that it must have, such as the `name` of a model.",
        why: "Without it the entry cannot be put to anything.",
        example: "models:\n  - description: one row per order",
        fix: "Add the key.",
    },
    CodePage {
        code: DUPLICATE_NAME,
        title: "two things have one name",
        meaning: "Two models, sources, tests, macros or other parts of one package have the same name, or one is described twice.",
        why: "A reference could not tell them apart.",
        example: "models/a/orders.sql and models/b/orders.sql",
        fix: "Rename one. Two equal tests of one column can be told apart by a `name`.",
    },
    CodePage {
        code: UNKNOWN_RESOURCE,
        title: "properties of something that is not there",
        meaning: "A properties file describes a model, seed, snapshot, analysis or test that has no file.",
        why: "Its tests do not run and its configuration does not count.",
        example: "models:\n  - name: oders",
        fix: "Correct the name, or remove the entry. Models, seeds and snapshots each have a section of their own.",
    },
    CodePage {
        code: UNUSED_CONFIG_PATH,
        title: "a configuration that reaches nothing",
        meaning: "A folder in a configuration tree of `dbt_project.yml` has no resource in it.",
        why: "The settings below it are without effect.",
        example: "models:\n  shopp:\n    +materialized: table",
        fix: "The first level is the package's name, the next ones are folders below the model path. Settings need a `+` when their value is a mapping.",
    },
    CodePage {
        code: IGNORED_SECTION,
        title: "a section that a build does not use",
        meaning: "The project declares metrics, semantic models, saved queries or functions.",
        why: "They are for other tools; tables do not depend on them.",
        example: "metrics:\n  - name: revenue",
        fix: "Nothing has to be done.",
    },
    CodePage {
        code: GENERIC_TEST_INVALID,
        title: "a data test that cannot be called",
        meaning: "An entry under `data_tests` is neither a name nor a mapping of one name to its arguments.",
        why: "The test would not run.",
        example: "- unique:\n  severity: warn",
        fix: "Indent the arguments below the test's name: four spaces from the dash.",
    },
    CodePage {
        code: CONFIG_INVALID,
        title: "a setting of the wrong type",
        meaning: "A setting of a model, seed, snapshot or test has a value that it cannot have.",
        why: "The setting counts as absent, which could build the wrong thing.",
        example: "on_schema_change: sync",
        fix: "Take one of the values that the message lists.",
    },
    CodePage {
        code: BLOCK_SYNTAX,
        title: "a block that is not well formed",
        meaning: "A `{% snapshot %}` or `{% docs %}` block has no name or no end.",
        why: "Its contents cannot be told from the rest of the file.",
        example: "{% snapshot orders_history %} …",
        fix: "Close the block with `{% endsnapshot %}` or `{% enddocs %}`.",
    },
    CodePage {
        code: FIXTURE_NOT_FOUND,
        title: "a fixture is not there",
        meaning: "A unit test names a fixture file that is under none of the test folders.",
        why: "The test has no rows.",
        example: "fixture: spend",
        fix: "Put the file into `tests/fixtures`, with the name of the fixture and its format as the extension.",
    },
    CodePage {
        code: AUDIENCE_INVALID,
        title: "an audience that cannot be used",
        meaning: "An audience of `audiences.yml` has a name that cannot be a column's, or a condition that is not one SQL expression.",
        why: "Its members would not be known, or be the wrong people.",
        example: "- name: Big Spenders",
        fix: "A name has lower-case letters, digits and `_`; a condition is one SQL expression over the columns of `contact_audiences_xa`.",
    },
    CodePage {
        code: UNSUPPORTED,
        title: "something that is not built",
        meaning: "The project uses something of dbt's that Headwater does not do.",
        why: "What refers to it will not find it.",
        example: "models/forecast.py",
        fix: "Follow the hint; the rest of the project is built.",
    },
    CodePage {
        code: NOTHING_SELECTED,
        title: "a selection that matches nothing",
        meaning: "A part of `--select` or `--exclude` finds no node.",
        why: "Most likely a name is misspelt, and less is built than was meant.",
        example: "headwater build --select ordres",
        fix: "Take the nearest name, or see `headwater list`.",
    },
];
