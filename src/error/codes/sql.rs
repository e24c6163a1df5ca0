//! `HW0301` to `HW0349`: SQL that cannot be planned or fails while it runs.

use super::{Code, CodePage};

/// The SQL cannot be parsed.
pub const SQL_SYNTAX: Code = Code("HW0301");
/// A column is not in the tables of a query.
pub const COLUMN_NOT_FOUND: Code = Code("HW0302");
/// A setting of the engine is unknown or cannot be read.
pub const BAD_SETTING: Code = Code("HW0303");
/// A table is not known.
pub const TABLE_NOT_FOUND: Code = Code("HW0304");
/// A function is not known.
pub const FUNCTION_NOT_FOUND: Code = Code("HW0305");
/// A column is in more than one of the tables of a query.
pub const AMBIGUOUS_COLUMN: Code = Code("HW0306");
/// Two columns of a result have one name.
pub const DUPLICATE_COLUMN: Code = Code("HW0307");
/// A statement stands where a query is wanted.
pub const NOT_A_QUERY: Code = Code("HW0308");
/// A query cannot be planned.
pub const CANNOT_PLAN: Code = Code("HW0309");
/// Types do not agree.
pub const TYPE_MISMATCH: Code = Code("HW0310");
/// A function does not take the arguments it is given.
pub const FUNCTION_ARGUMENTS: Code = Code("HW0311");
/// Single rows and groups are mixed.
pub const GROUPING: Code = Code("HW0312");
/// Numbers of columns do not agree.
pub const COLUMN_COUNT: Code = Code("HW0313");
/// The engine does not have what a query asks for.
pub const SQL_UNSUPPORTED: Code = Code("HW0314");
/// A query failed while it ran.
pub const EXECUTION_FAILED: Code = Code("HW0320");
/// A value cannot be read as a type.
pub const CAST_FAILED: Code = Code("HW0321");
/// A number was divided by zero.
pub const DIVISION_BY_ZERO: Code = Code("HW0322");
/// A number does not fit its type.
pub const TOO_LARGE: Code = Code("HW0323");
/// A query needs more memory than it may use.
pub const OUT_OF_MEMORY: Code = Code("HW0324");
/// A disk is full or cannot be written to.
pub const DISK: Code = Code("HW0325");
/// A file is gone or has changed.
pub const FILE_GONE: Code = Code("HW0326");
/// A file is not what its name says.
pub const FILE_DAMAGED: Code = Code("HW0327");
/// An object store refused or failed.
pub const STORE_FAILED: Code = Code("HW0328");
/// A subquery gave several rows where one value is wanted.
pub const MANY_ROWS: Code = Code("HW0329");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: SQL_SYNTAX,
        title: "the SQL cannot be parsed",
        meaning: "The rendered SQL breaks the grammar at the place that is shown: a missing comma, a keyword misspelt, a quote or a parenthesis left open.",
        why: "Nothing else in the query can be checked before this.",
        example: "select contact_id email, from contacts",
        fix: "Look at the marked word and the one before it. If the SQL comes from a macro, the note names the compiled file.",
    },
    CodePage {
        code: COLUMN_NOT_FOUND,
        title: "column not found",
        meaning: "The name is no column of the tables that can be seen from this place.",
        why: "Every query is checked against the columns of what it reads before anything runs, so a misspelling costs seconds and not a build.",
        example: "select emial from {{ ref('stg_hubspot__contacts') }}",
        fix: "Take the name that the hint offers. Unquoted names are lower case; a column with capitals needs quotes: `\"Email\"`.",
    },
    CodePage {
        code: BAD_SETTING,
        title: "unknown engine setting",
        meaning: "A key under `settings` of the target is none of DataFusion's, or its value cannot be read.",
        why: "A setting that is silently ignored is believed to be in force.",
        example: "settings: {datafusion.execution.batchsize: 8192}",
        fix: "Take the nearest name from the hint; DataFusion's configuration page lists all settings.",
    },
    CodePage {
        code: TABLE_NOT_FOUND,
        title: "table not found",
        meaning: "No model, seed, snapshot or source that this query may read has the name, and no `with` in the query defines it.",
        why: "What a query reads decides when it is built; a table behind the project's back would be read too early or not at all.",
        example: "select * from stg_contcts",
        fix: "Name models with `{{ ref('…') }}` and sources with `{{ source('…', '…') }}`.",
    },
    CodePage {
        code: FUNCTION_NOT_FOUND,
        title: "function not found",
        meaning: "Neither DataFusion nor Headwater has a function of this name.",
        why: "Warehouses differ most in their functions.",
        example: "select lowr(email) from contacts",
        fix: "Take the nearest name from the hint, or one of the cross-database macros such as `{{ dbt.dateadd(…) }}`.",
    },
    CodePage {
        code: AMBIGUOUS_COLUMN,
        title: "ambiguous column",
        meaning: "More than one table of the query has a column of this name.",
        why: "Picking one of them could silently be the wrong one.",
        example: "select company_id from contacts join companies on contacts.company_id = companies.company_id",
        fix: "Write the table before the column, or join with `using (company_id)`.",
    },
    CodePage {
        code: DUPLICATE_COLUMN,
        title: "two columns of one name",
        meaning: "The result has the same column name twice.",
        why: "A table cannot have two columns of one name.",
        example: "select c.*, o.* from contacts as c join companies as o using (company_id)",
        fix: "Give one of them another name with `as`, or leave it out with `* exclude (company_id)`.",
    },
    CodePage {
        code: NOT_A_QUERY,
        title: "not a query",
        meaning: "The SQL is empty, holds more than one statement, or is a statement that changes something, where one `select` is wanted.",
        why: "A model says what its rows are; how they are stored is Headwater's part.",
        example: "create table contacts as select 1",
        fix: "Leave the `select` alone, and say the rest in the model's config. Statements go into hooks and `run-operation`.",
    },
    CodePage {
        code: CANNOT_PLAN,
        title: "the query cannot be planned",
        meaning: "The query is grammatical, and contradicts itself in a way for which there is no page of its own.",
        why: "It would fail when it ran.",
        example: "select * from contacts limit -1",
        fix: "The message says what is wrong. Cutting the query down to the marked place shows it soonest.",
    },
    CodePage {
        code: TYPE_MISMATCH,
        title: "types do not agree",
        meaning: "An operator stands between types it does not work for, a condition is not boolean, or a type's name is unknown.",
        why: "Guessing a conversion changes results.",
        example: "select email + 1 from contacts",
        fix: "Cast one side: `cast(x as bigint)`, or `try_cast` where some values cannot be read.",
    },
    CodePage {
        code: FUNCTION_ARGUMENTS,
        title: "wrong arguments",
        meaning: "The function exists, and takes another number of arguments or other types.",
        why: "The same name means different things in different warehouses.",
        example: "select sum(email) from contacts",
        fix: "Cast the argument, or look the function up: the note shows the types that were given.",
    },
    CodePage {
        code: GROUPING,
        title: "rows and groups are mixed",
        meaning: "A column is used as if each row were there, where rows have been put into groups; or an aggregate or window function stands where there are no groups or windows yet.",
        why: "There is no one value of the column for a group.",
        example: "select email, count(*) from contacts",
        fix: "Add the column to `group by`, or take one of its values: `any_value`, `max`. Conditions on groups go into `having`, on windows into `qualify`.",
    },
    CodePage {
        code: COLUMN_COUNT,
        title: "numbers of columns differ",
        meaning: "The sides of a `union` have different numbers of columns, or a subquery that stands for a value has more than one.",
        why: "Columns are matched by their position.",
        example: "select a from x union all select a, b from y",
        fix: "List the columns on both sides, or use `union all by name`.",
    },
    CodePage {
        code: SQL_UNSUPPORTED,
        title: "not supported",
        meaning: "The query uses a part of SQL that the engine does not have.",
        why: "It is refused rather than ignored.",
        example: "select * from contacts tablesample (10 percent)",
        fix: "Say it another way: a `case` in an aggregate for `pivot`, a window function for `lateral`, a join for a correlated subquery.",
    },
    CodePage {
        code: EXECUTION_FAILED,
        title: "the query failed",
        meaning: "The query was planned, and failed on its data in a way for which there is no page of its own.",
        why: "The table is not published; what was published before stays.",
        example: "select regexp_extract(email, '(') from contacts",
        fix: "The message says what is wrong.",
    },
    CodePage {
        code: CAST_FAILED,
        title: "a value cannot be read as the type",
        meaning: "A cast met a text that is no number, no date, …",
        why: "Making it null would hide bad data. The value is shown only if it stands in the SQL itself.",
        example: "select cast(email as integer) from contacts",
        fix: "Use `try_cast` where null is the right answer, and test the column for nulls.",
    },
    CodePage {
        code: DIVISION_BY_ZERO,
        title: "division by zero",
        meaning: "A whole number or a decimal was divided by 0.",
        why: "There is no such number.",
        example: "select amount / hours from timesheets",
        fix: "Divide by `nullif(hours, 0)`, or use `{{ dbt_utils.safe_divide('amount', 'hours') }}`.",
    },
    CodePage {
        code: TOO_LARGE,
        title: "a number does not fit its type",
        meaning: "A result or a cast value lies outside of what its type can hold.",
        why: "Cutting it off would give another number.",
        example: "select cast(9999999999 as integer)",
        fix: "Cast to a larger type before the calculation: `bigint`, `decimal(38, 2)`, `double`.",
    },
    CodePage {
        code: OUT_OF_MEMORY,
        title: "out of memory",
        meaning: "The query needs more memory than `memory_limit` allows, in a place that cannot spill to disk: the build side of a join, a large list, the merge of many sorted runs.",
        why: "Without the limit the machine would stop the whole build.",
        example: "select array_agg(page_url) from pageviews",
        fix: "Raise `memory_limit` in profiles.yml or lower `threads`; write the smaller side of a join first; filter and aggregate earlier.",
    },
    CodePage {
        code: DISK,
        title: "the disk is full or cannot be written to",
        meaning: "The operating system refused to write a table's file or a temporary one.",
        why: "The file is given up as a whole; nothing was published.",
        example: "a warehouse on a full disk",
        fix: "Free some space, mend the permissions, or move `warehouse` or `temp_directory` in profiles.yml.",
    },
    CodePage {
        code: FILE_GONE,
        title: "a file is gone or has changed",
        meaning: "A file that was listed when the build began was not the same, or not there, when it was read.",
        why: "A table made of two states of its source belongs to neither.",
        example: "an export that ran during the build",
        fix: "Run the command again when the export is done.",
    },
    CodePage {
        code: FILE_DAMAGED,
        title: "a file is damaged",
        meaning: "A Parquet file is cut short or is something else.",
        why: "Half of a file is not half of its rows.",
        example: "a `contacts.parquet` that was still being uploaded",
        fix: "Export the file again. If it lies in the warehouse, remove the warehouse and build anew.",
    },
    CodePage {
        code: STORE_FAILED,
        title: "an object store failed",
        meaning: "The store refused to answer: credentials are missing or wrong, permissions are, or the network failed after several attempts.",
        why: "A source that cannot be read must not count as empty.",
        example: "external_location: s3://bucket/contacts.parquet  # without credentials",
        fix: "Set the store's variables in the environment, such as `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_REGION`.",
    },
    CodePage {
        code: MANY_ROWS,
        title: "a subquery gave several rows",
        meaning: "A subquery that stands for one value gave more than one row.",
        why: "Any one of them would be arbitrary.",
        example: "select (select email from contacts) as email",
        fix: "Aggregate in the subquery, or join it.",
    },
];
