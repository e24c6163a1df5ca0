//! What is configured: `config`, `var`, `env_var`, `target`, `flags`, and the facts of the run.

use minijinja::Value;
use serde_json::{Map, Value as Json, json};

use super::{Entry, datetime};
use crate::error::{Diagnostic, codes};
use crate::jinja::Secrets;
use crate::jinja::eval::{Call, Interpreter, Phase};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::value::relation::Relation;
use crate::jinja::value::{Dict, List, json, text};

/// The dbt version whose context this is.
const DBT_VERSION: &str = "1.10.0";
/// What the name of a secret environment variable begins with.
const SECRET_PREFIX: &str = "DBT_ENV_SECRET";
/// What the name of an environment variable for artifacts begins with.
const CUSTOM_PREFIX: &str = "DBT_ENV_CUSTOM_ENV_";

/// The functions.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("env_var", env_var),
    ("is_incremental", is_incremental),
    ("should_full_refresh", should_full_refresh),
    ("should_store_failures", should_store_failures),
    ("doc", doc),
    ("set_sql_header", set_sql_header),
];

/// What hangs on `config`.
pub(super) const CONFIG: &[Entry] = &[
    ("get", config_get),
    ("require", config_require),
    ("meta_get", config_meta_get),
    ("set", config_set),
    ("persist_relation_docs", persist_docs),
    ("persist_column_docs", persist_docs),
];

/// What hangs on `var`.
pub(super) const VAR: &[Entry] = &[("has_var", has_var)];

/// The value of a name that is no function.
pub(super) fn value(interpreter: &mut Interpreter<'_>, name: &str) -> Option<Value> {
    let renderer = interpreter.renderer;
    let clock = renderer.clock();
    Some(match name {
        "execute" => Value::from(interpreter.executes()),
        "this" => match interpreter.unit.this {
            Some(this) => Value::from_object(Relation::named(this)),
            None => Value::from(()),
        },
        "model" | "node" => json::from_map(interpreter.unit.model),
        "database" | "schema" => interpreter.unit.this.map_or(Value::from(()), |this| {
            Value::from(if name == "schema" {
                this.schema.as_str()
            } else {
                this.database.as_str()
            })
        }),
        "target" => target(interpreter)?,
        "flags" => json::from_map(&clock.flags),
        "graph" => graph(interpreter),
        "run_started_at" => {
            interpreter.record.reads_clock = true;
            datetime::instant(clock.run_started_at)
        }
        "invocation_id" => Value::from(clock.invocation_id.as_str()),
        "dbt_version" => Value::from(DBT_VERSION),
        "project_name" => Value::from(renderer.project_name()),
        "thread_id" => Value::from("Thread-1"),
        "invocation_args_dict" => invocation_args(interpreter),
        "selected_resources" => List::value(
            clock
                .selected_resources
                .iter()
                .map(|id| Value::from(id.as_str()))
                .collect(),
        ),
        "schemas" | "database_schemas" => List::value(Vec::new()),
        "dbt_metadata_envs" => Dict::value(renderer.host_environment().iter().filter_map(|(name, value)| {
            Some((
                Value::from(name.strip_prefix(CUSTOM_PREFIX)?),
                Value::from(value.as_str()),
            ))
        })),
        "sql" if interpreter.unit.model.contains_key("compiled_code") => Value::from(
            interpreter
                .unit
                .model
                .get("compiled_code")
                .and_then(Json::as_str)
                .unwrap_or_default(),
        ),
        _ => return None,
    })
}

fn graph(interpreter: &Interpreter<'_>) -> Value {
    json::from_json(&match interpreter.phase {
        Phase::Execute(world) => world.graph(),
        Phase::Capture => json!({"nodes": {}, "sources": {}, "exposures": {}}),
    })
}

fn invocation_args(interpreter: &Interpreter<'_>) -> Value {
    let clock = interpreter.renderer.clock();
    let flags = clock
        .flags
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.clone()));
    let mut args: Map<String, Json> = flags.collect();
    args.insert("which".to_owned(), Json::from(clock.command.as_str()));
    json::from_map(&args)
}

fn target(interpreter: &Interpreter<'_>) -> Option<Value> {
    let target = interpreter.renderer.target()?;
    Some(json::from_json(&json!({
        "name": target.name,
        "target_name": target.name,
        "profile_name": target.profile_name,
        "type": "datafusion",
        "database": target.database,
        "dbname": target.database,
        "schema": target.schema,
        "threads": target.threads,
        "warehouse": target.warehouse,
    })))
}

/// `config(…)`: notes the arguments, and writes nothing.
pub(crate) fn configure(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    if matches!(interpreter.phase, Phase::Execute(_)) {
        return Ok(Value::from(""));
    }
    if interpreter.record.config_span.is_none() {
        interpreter.record.config_span = Some(interpreter.author_span(&call.at));
    }
    for argument in &call.args {
        let Json::Object(entries) = json::to_json(argument) else {
            let message = "`config` takes named arguments, or one dictionary";
            return Err(Signal::fault(codes::TEMPLATE_ARGUMENTS, message));
        };
        interpreter.record.config.extend(entries);
    }
    for (name, value) in &call.named {
        let value = json::to_json(value);
        match (name.as_str(), interpreter.record.config.get_mut(name)) {
            // Hooks of several calls follow each other.
            ("pre_hook" | "post_hook", Some(Json::Array(hooks))) => hooks.push(value),
            _ => {
                interpreter.record.config.insert(name.clone(), value);
            }
        }
    }
    Ok(Value::from(""))
}

fn configured(interpreter: &Interpreter<'_>, name: &str) -> Option<Value> {
    let own = interpreter.record.config.get(name);
    let found = own.or_else(|| interpreter.unit.config.get(name));
    found.filter(|value| !value.is_null()).map(json::from_json)
}

fn config_get(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let name = call.text(0, "name")?;
    let found = configured(interpreter, &name);
    Ok(found
        .or_else(|| call.arg(1, "default").cloned())
        .unwrap_or_else(|| Value::from(())))
}

fn config_require(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let name = call.text(0, "name")?;
    if let Some(value) = configured(interpreter, &name) {
        return Ok(value);
    }
    if !interpreter.executes() {
        return Ok(Value::from(""));
    }
    Err(Diagnostic::error(
        codes::MISSING_CONFIG,
        format!("the configuration `{name}` is required here"),
    )
    .nearest(&name, interpreter.unit.config.keys().map(String::as_str))
    .into())
}

fn config_meta_get(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let name = call.text(0, "name")?;
    let meta = configured(interpreter, "meta").unwrap_or_default();
    let found = meta.get_attr(&name).ok().filter(|value| !value.is_undefined());
    Ok(found
        .or_else(|| call.arg(1, "default").cloned())
        .unwrap_or_else(|| Value::from(())))
}

fn config_set(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let name = call.text(0, "name")?;
    let value = json::to_json(call.required(1, "value")?);
    if name == "sql_header" {
        interpreter.record.sql_header = value.as_str().map(str::to_owned);
    }
    interpreter.record.config.insert(name, value);
    Ok(Value::from(""))
}

fn persist_docs(_: &mut Interpreter<'_>, _: &Call) -> Outcome {
    Ok(Value::from(false))
}

fn set_sql_header(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let header = interpreter.caller_text(call)?;
    interpreter
        .record
        .config
        .insert("sql_header".to_owned(), Json::from(header.as_str()));
    interpreter.record.sql_header = Some(header);
    Ok(Value::from(""))
}

/// `var(name, default)`.
pub(super) fn var(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&["name", "default"])?;
    let name = call.text(0, "name")?;
    interpreter.record.vars_read.insert(name.clone());
    if let Some(value) = find_var(interpreter, &name) {
        return Ok(value);
    }
    if let Some(default) = call.arg(1, "default") {
        return Ok(default.clone());
    }
    let known = interpreter.renderer.vars().names(&interpreter.package());
    Err(Diagnostic::error(
        codes::MISSING_VAR,
        format!("required var `{name}` not found in config"),
    )
    .nearest(&name, known.iter().map(String::as_str))
    .hint(format!(
        "set it under `vars:` in `dbt_project.yml` or with `--vars '{{{name}: …}}'`"
    ))
    .into())
}

fn find_var(interpreter: &Interpreter<'_>, name: &str) -> Option<Value> {
    let overridden = interpreter.unit.overridden_var(name);
    let found = overridden.or_else(|| interpreter.renderer.vars().get(&interpreter.package(), name));
    found.map(json::from_json)
}

fn has_var(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let name = call.text(0, "name")?;
    Ok(Value::from(find_var(interpreter, &name).is_some()))
}

/// `env_var(name, default)`.
pub(super) fn env_var(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&["name", "default"])?;
    let name = call.text(0, "var")?;
    if name.starts_with(SECRET_PREFIX) && interpreter.renderer.secrets() == Secrets::Refused {
        let message = format!("the secret environment variable `{name}` may be used in YAML only");
        return Err(Signal::fault(codes::SECRET_ENV_VAR, message));
    }
    interpreter.record.env_read.insert(name.clone());
    if let Some(value) = interpreter.unit.overridden_env(&name) {
        return Ok(json::from_json(value));
    }
    if let Some(value) = interpreter.renderer.host_environment().get(&name) {
        return Ok(Value::from(value.as_str()));
    }
    if let Some(default) = call.arg(1, "default") {
        return Ok(default.clone());
    }
    Err(Diagnostic::error(
        codes::MISSING_ENV_VAR,
        format!("env var required but not provided: `{name}`"),
    )
    .hint(format!("set it, or give a default: `env_var('{name}', '…')`"))
    .into())
}

fn is_incremental(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&[])?;
    Ok(Value::from(
        interpreter.executes() && interpreter.unit.is_incremental,
    ))
}

fn should_full_refresh(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&[])?;
    Ok(Value::from(interpreter.unit.full_refresh))
}

fn should_store_failures(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&[])?;
    Ok(configured(interpreter, "store_failures").unwrap_or_else(|| Value::from(false)))
}

fn doc(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let (package, name) = match call.args.as_slice() {
        [name] => (None, text::display(name)),
        [package, name] => (Some(text::display(package)), text::display(name)),
        _ => {
            let message = "`doc` takes a name, or a package and a name";
            return Err(Signal::fault(codes::TEMPLATE_ARGUMENTS, message));
        }
    };
    let docs = interpreter.renderer.docs();
    let own = interpreter.package();
    let candidates = match &package {
        Some(package) => vec![package.as_str()],
        None => vec![own.as_ref(), interpreter.renderer.project_name()],
    };
    let found = candidates
        .into_iter()
        .find_map(|package| docs.get(&(package.to_owned(), name.clone())))
        .or_else(|| {
            let anywhere = docs
                .iter()
                .find(|((_, known), _)| package.is_none() && *known == name);
            anywhere.map(|(_, contents)| contents)
        });
    found
        .map(|contents| Value::from(contents.as_str()))
        .ok_or_else(|| {
            Diagnostic::error(codes::UNDEFINED_NAME, format!("there is no docs block `{name}`"))
                .nearest(&name, docs.keys().map(|(_, name)| name.as_str()))
                .into()
        })
}
