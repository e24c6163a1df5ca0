//! `HW035`: the graph of references.

use super::{Code, CodePage};

/// A `ref` leads to nothing.
pub const MISSING_REF: Code = Code("HW0350");
/// A `source` leads to nothing.
pub const MISSING_SOURCE: Code = Code("HW0351");
/// A reference leads to something disabled.
pub const DISABLED_REF: Code = Code("HW0352");
/// Two nodes are built as one table.
pub const DUPLICATE_RELATION: Code = Code("HW0353");
/// Nodes depend on each other in a circle.
pub const CYCLE: Code = Code("HW0354");
/// A `ref` leads to several nodes.
pub const AMBIGUOUS_REF: Code = Code("HW0355");
/// A `ref` names a version that is not there.
pub const MISSING_VERSION: Code = Code("HW0356");
/// A `ref` leads to a private model of another group.
pub const PRIVATE_REF: Code = Code("HW0357");
/// A unit test's model is not there.
pub const UNIT_TEST_MODEL: Code = Code("HW0358");
/// A node's name in the warehouse cannot be told.
pub const NAME_INVALID: Code = Code("HW0359");
/// A model's columns are not those of its contract.
pub const CONTRACT_BROKEN: Code = Code("HW0360");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: MISSING_REF,
        title: "a `ref` leads to nothing",
        meaning: "There is no model, seed or snapshot of the name in the packages that are searched: the one named, or the project, the node's own package, and then all others.",
        why: "The node cannot be built.",
        example: "select * from {{ ref('ordres') }}",
        fix: "Take the nearest name. A table that is there already is a `source`, not a `ref`.",
    },
    CodePage {
        code: MISSING_SOURCE,
        title: "a `source` leads to nothing",
        meaning: "No properties file declares a table of that name in that source.",
        why: "The node cannot be built.",
        example: "select * from {{ source('raw', 'order') }}",
        fix: "Correct the name, or declare the table under `sources:` in a properties file.",
    },
    CodePage {
        code: DISABLED_REF,
        title: "a reference leads to something disabled",
        meaning: "The node or source is there, but its configuration says `enabled: false`.",
        why: "It is not built, so nothing can be built from it.",
        example: "select * from {{ ref('returns') }}",
        fix: "Enable it, disable what refers to it as well, or refer to it only where it is enabled.",
    },
    CodePage {
        code: DUPLICATE_RELATION,
        title: "two nodes are built as one table",
        meaning: "Two enabled nodes have the same database, schema and alias; upper and lower case do not count.",
        why: "One would overwrite the other.",
        example: "{{ config(alias='orders') }} in two models",
        fix: "Give one of them another `alias` or `schema`.",
    },
    CodePage {
        code: CYCLE,
        title: "nodes depend on each other in a circle",
        meaning: "Following the references of a node leads back to it.",
        why: "None of them could be built first.",
        example: "orders depends on customers depends on orders",
        fix: "Take one reference of the circle out. An incremental model reads its own table with `{{ this }}`.",
    },
    CodePage {
        code: AMBIGUOUS_REF,
        title: "a `ref` leads to several nodes",
        meaning: "Several packages have a node of that name, and none of them is the project or the node's own package.",
        why: "Which one is meant cannot be told.",
        example: "select * from {{ ref('calendar') }}",
        fix: "Name the package: `ref('shared', 'calendar')`.",
    },
    CodePage {
        code: MISSING_VERSION,
        title: "a version that is not there",
        meaning: "A `ref` names a version that the model does not have.",
        why: "The node cannot be built.",
        example: "select * from {{ ref('customers', v=3) }}",
        fix: "Take one of the versions that are named, or leave the version out: the latest is meant then.",
    },
    CodePage {
        code: PRIVATE_REF,
        title: "a private model of another group",
        meaning: "A node refers to a model whose access is `private` without being in its group.",
        why: "The owners of a private model may change it without asking.",
        example: "select * from {{ ref('finance_internal') }}",
        fix: "Refer to a public model of the group, or ask its owners to widen the access.",
    },
    CodePage {
        code: UNIT_TEST_MODEL,
        title: "a unit test without its model",
        meaning: "A unit test names a model that is not there, or something that is not a model.",
        why: "The test cannot run.",
        example: "unit_tests:\n  - name: adds_up\n    model: ordres",
        fix: "Correct the model's name.",
    },
    CodePage {
        code: NAME_INVALID,
        title: "a node without a name in the warehouse",
        meaning: "A `generate_schema_name`, `generate_alias_name` or `generate_database_name` macro gives an empty name, or asks for data.",
        why: "The node cannot be told from others, or be found.",
        example: "{% macro generate_schema_name(custom, node) %}{% endmacro %}",
        fix: "Let the macro write a name for every node; before a build it cannot ask for data.",
    },
    CodePage {
        code: CONTRACT_BROKEN,
        title: "a contract is broken",
        meaning: "A model has `contract: {enforced: true}`, and a column is missing, is not declared, or has another type than the one declared.",
        why: "Those who read the table rely on exactly these columns; nothing is built until they agree.",
        example: "columns:\n  - name: n_orders\n    data_type: integer   # the SQL gives a bigint",
        fix: "Cast the column in the model's SQL, or change its `data_type` and tell the readers.",
    },
];
