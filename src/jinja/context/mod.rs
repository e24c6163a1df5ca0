//! dbt's context: what every template sees beside its own names and the macros.
#![allow(
    clippy::unnecessary_wraps,
    reason = "the functions of the context have one type, whether they can fail or not"
)]

mod adapter;
pub(crate) mod datetime;
pub(crate) mod facade;
pub(crate) mod patterns;
mod python;
mod references;
mod settings;
mod talk;

use minijinja::Value;

pub(crate) use settings::configure;

use super::eval::{Function, Interpreter, NativeFunction};
use facade::Facade;

/// A name and what it does.
type Entry = (&'static str, NativeFunction);

/// The names of the context, functions and values.
pub(crate) const NAMES: &[&str] = &[
    "adapter",
    "api",
    "builtins",
    "caller",
    "config",
    "context",
    "dbt_version",
    "dbt_metadata_envs",
    "dict",
    "doc",
    "env_var",
    "exceptions",
    "execute",
    "flags",
    "fromjson",
    "fromyaml",
    "graph",
    "invocation_id",
    "invocation_args_dict",
    "is_incremental",
    "load_relation",
    "load_result",
    "local_md5",
    "log",
    "model",
    "modules",
    "namespace",
    "node",
    "print",
    "project_name",
    "range",
    "ref",
    "return",
    "run_query",
    "run_started_at",
    "schemas",
    "selected_resources",
    "set",
    "should_full_refresh",
    "source",
    "statement",
    "store_result",
    "target",
    "this",
    "thread_id",
    "tojson",
    "toyaml",
    "var",
    "zip",
];

const FUNCTIONS: &[&[Entry]] = &[
    references::FUNCTIONS,
    settings::FUNCTIONS,
    talk::FUNCTIONS,
    adapter::FUNCTIONS,
    python::FUNCTIONS,
];

/// The value of a name of the context.
pub(crate) fn lookup(interpreter: &mut Interpreter<'_>, name: &str) -> Option<Value> {
    if let Some(value) = settings::value(interpreter, name) {
        return Some(value);
    }
    if let Some(facade) = Facade::named(name) {
        return Some(Value::from_object(facade));
    }
    if let Some((name, run)) = function(name) {
        return Some(Function::value(name, run));
    }
    interpreter
        .renderer
        .registry()
        .has_package(name)
        .then(|| Value::from_object(Facade::Package(name.into())))
}

fn function(name: &str) -> Option<Entry> {
    FUNCTIONS
        .iter()
        .copied()
        .flatten()
        .find(|(known, _)| *known == name)
        .copied()
}

/// The functions that hang on a name: `adapter`, `exceptions`, `modules.datetime`, …
fn members_of(owner: &str) -> &'static [Entry] {
    match owner {
        "adapter" => adapter::ADAPTER,
        "api.Relation" => adapter::RELATION,
        "api.Column" => adapter::COLUMN,
        "config" => settings::CONFIG,
        "var" => settings::VAR,
        "exceptions" => talk::EXCEPTIONS,
        "builtins" => references::FUNCTIONS,
        "modules.datetime" => datetime::MODULE,
        "modules.datetime.datetime" => datetime::DATETIME,
        "modules.datetime.date" => datetime::DATE,
        "modules.pytz" => datetime::PYTZ,
        "modules.re" => patterns::MODULE,
        "modules.itertools" => python::ITERTOOLS,
        _ => &[],
    }
}

/// The names that hang on a name.
pub(crate) fn members(owner: &str) -> impl Iterator<Item = &'static str> {
    members_of(owner).iter().map(|(name, _)| *name)
}
