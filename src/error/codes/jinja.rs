//! `HW02`: the codes of this range and their pages.

use super::{Code, CodePage};

/// A template cannot be parsed.
pub const TEMPLATE_SYNTAX: Code = Code("HW0201");
/// A name that nothing defines is used.
pub const UNDEFINED_NAME: Code = Code("HW0202");
/// A macro that is not there is called.
pub const UNDEFINED_MACRO: Code = Code("HW0203");
/// A macro or a function is called with arguments it does not take.
pub const TEMPLATE_ARGUMENTS: Code = Code("HW0204");
/// A variable without a value and without a default is asked for.
pub const MISSING_VAR: Code = Code("HW0205");
/// An environment variable that is not set is asked for.
pub const MISSING_ENV_VAR: Code = Code("HW0206");
/// A secret environment variable is asked for outside YAML.
pub const SECRET_ENV_VAR: Code = Code("HW0207");
/// A macro raised an error of its own.
pub const RAISED: Code = Code("HW0208");
/// A value is not of the kind that an operation needs.
pub const TEMPLATE_VALUE: Code = Code("HW0209");
/// The templates use something that Headwater has not.
pub const UNSUPPORTED_TEMPLATE: Code = Code("HW0210");
/// Two macros of one package have one name.
pub const DUPLICATE_MACRO: Code = Code("HW0211");
/// Macros call each other without end.
pub const MACRO_RECURSION: Code = Code("HW0212");
/// A configuration value that a template requires is not set.
pub const MISSING_CONFIG: Code = Code("HW0213");
/// A template warns.
pub const TEMPLATE_WARNS: Code = Code("HW0214");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: TEMPLATE_SYNTAX,
        title: "template syntax",
        meaning: "The Jinja in a file cannot be parsed: a block is not closed, a word or a bracket is missing.",
        why: "Nothing of the file can be rendered before it is right.",
        example: "{% if is_incremental() %}\nwhere updated_at > now()\n{# the `{% endif %}` is missing #}",
        fix: "Look at the place that the message names; every `{% if %}`, `{% for %}`, `{% macro %}` and `{% call %}` \
              needs its `{% end… %}`, every `{{` its `}}`.",
    },
    CodePage {
        code: UNDEFINED_NAME,
        title: "undefined name",
        meaning: "A template renders, calls or looks into a name that neither the template nor the project defines.",
        why: "It would be rendered as nothing, and the SQL would say something else than was meant.",
        example: "{% set columns = ['id'] %}\nselect {{ colunms | join(', ') }} from {{ ref('orders') }}",
        fix: "Correct the name, or give it a value with `{% set %}`. Where a value may be missing, say so: \
              `{{ name | default('') }}` or `{% if name is defined %}`.",
    },
    CodePage {
        code: UNDEFINED_MACRO,
        title: "undefined macro",
        meaning: "A macro is called that is not in the project, its packages or among the built-in ones; or \
                  `adapter.dispatch` finds no implementation of it.",
        why: "The SQL it would write is missing.",
        example: "select {{ cents_to_pounds('amount') }} from {{ ref('payments') }}",
        fix: "Correct the name, add the macro under the project's `macro-paths`, or name its package: \
              `{{ my_package.cents_to_pounds('amount') }}`. A dispatched macro needs a `default__` implementation.",
    },
    CodePage {
        code: TEMPLATE_ARGUMENTS,
        title: "wrong arguments",
        meaning: "A macro or a function is called with too many arguments, with one it does not know, or without one \
                  it needs.",
        why: "An argument that went astray changes the SQL without a word.",
        example: "{{ dbt.split_part('email', delimiter='@') }}",
        fix: "Compare the call with the macro's parameters, which the message names.",
    },
    CodePage {
        code: MISSING_VAR,
        title: "required variable missing",
        meaning: "`var('name')` has no default, and nothing gives the variable a value.",
        why: "The project cannot know what was meant.",
        example: "where billed_at >= '{{ var('first_day') }}'",
        fix: "Set it under `vars:` in `dbt_project.yml`, in the target, or with `--vars 'first_day: 2024-01-01'`; or \
              give a default: `var('first_day', '2024-01-01')`.",
    },
    CodePage {
        code: MISSING_ENV_VAR,
        title: "environment variable missing",
        meaning: "`env_var('NAME')` has no default, and the environment does not set the variable.",
        why: "The project cannot know what was meant.",
        example: "schema: \"{{ env_var('TEAM_SCHEMA') }}\"",
        fix: "Set the variable, or give a default: `env_var('TEAM_SCHEMA', 'main')`.",
    },
    CodePage {
        code: SECRET_ENV_VAR,
        title: "secret outside YAML",
        meaning: "A variable whose name begins with `DBT_ENV_SECRET` is asked for in SQL or in a macro.",
        why: "It would be written into compiled SQL, artifacts and logs, where everyone can read it.",
        example: "select '{{ env_var('DBT_ENV_SECRET_TOKEN') }}' as token",
        fix: "Use it in `profiles.yml` or a sync's destination only, or name the variable without the prefix if it is \
              no secret.",
    },
    CodePage {
        code: RAISED,
        title: "raised by a template",
        meaning: "A template called `exceptions.raise_compiler_error`, or another of the `exceptions.raise_…`.",
        why: "The author of the macro foresaw this case and refuses it.",
        example: "{{ exceptions.raise_compiler_error('`grain` must be day or month') }}",
        fix: "The message is the macro's own: change the call it complains of.",
    },
    CodePage {
        code: TEMPLATE_VALUE,
        title: "unfit value",
        meaning: "A value is not of the kind that an operator, a filter, a method or a function needs.",
        why: "The template cannot go on.",
        example: "{{ 'a' - 1 }}",
        fix: "Look at the value with `{{ log(value, info=true) }}` and turn it into what is needed, with `| int`, \
              `| string` or `| list`.",
    },
    CodePage {
        code: UNSUPPORTED_TEMPLATE,
        title: "not supported in templates",
        meaning: "A template uses something of Jinja or of dbt that Headwater has not, such as a custom \
                  `{% materialization %}` or `{% extends %}`.",
        why: "What it would do must be done in another way.",
        example: "{% materialization my_table, default %}…{% endmaterialization %}",
        fix: "Use one of Headwater's materializations (`table`, `view`, `incremental`, `ephemeral`, `seed`, `snapshot`), \
              hooks, or macros.",
    },
    CodePage {
        code: DUPLICATE_MACRO,
        title: "duplicate macro",
        meaning: "Two macros or generic tests of one package have one name.",
        why: "Which of them a call means would depend on the order of files.",
        example: "{# macros/a.sql #}{% macro money(x) %}…\n{# macros/b.sql #}{% macro money(x) %}…",
        fix: "Rename or remove one of them.",
    },
    CodePage {
        code: MACRO_RECURSION,
        title: "endless recursion",
        meaning: "Macros call each other more deeply than any project needs.",
        why: "Without this limit the program would run out of stack.",
        example: "{% macro f() %}{{ f() }}{% endmacro %}",
        fix: "Give the recursion an end, or use a loop. A project macro that replaces a built-in one calls the \
              original with its package: `{{ dbt.concat(fields) }}`.",
    },
    CodePage {
        code: MISSING_CONFIG,
        title: "required configuration missing",
        meaning: "`config.require('name')` asks for a value that the node's configuration has not.",
        why: "The template cannot be rendered without it.",
        example: "{% set key = config.require('partition_key') %}",
        fix: "Set it in the node's `config(…)`, its properties file or `dbt_project.yml`.",
    },
    CodePage {
        code: TEMPLATE_WARNS,
        title: "a template warns",
        meaning: "A macro called `exceptions.warn(…)`; the message is the macro's own.",
        why: "The author of the macro wanted it to be read.",
        example: "{% do exceptions.warn('the table of rates is older than a day') %}",
        fix: "Do as the message says.",
    },
];
