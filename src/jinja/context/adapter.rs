//! `adapter`, `api`, and what asks for data: `run_query`, `statement`, `load_relation`.

use minijinja::Value;
use minijinja::value::Tuple;

use super::Entry;
use crate::error::{Diagnostic, codes};
use crate::jinja::eval::{Call, Interpreter, Phase};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::registry::{self, Searched};
use crate::jinja::value::column::Column;
use crate::jinja::value::relation::Relation;
use crate::jinja::value::table::Table;
use crate::jinja::value::{Dict, List, text};
use crate::jinja::world::{QueryTable, World};
use crate::names::{RelationName, quote_identifier};

/// The functions.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("run_query", run_query),
    ("statement", statement),
    ("load_result", load_result),
    ("store_result", store_result),
    ("load_relation", load_relation),
    ("load_cached_relation", load_relation),
    ("get_columns_in_relation", columns),
];

/// What hangs on `adapter`.
pub(super) const ADAPTER: &[Entry] = &[
    ("dispatch", dispatch),
    ("get_relation", get_relation),
    ("load_relation", load_relation),
    ("get_columns_in_relation", columns),
    ("get_column_schema_from_query", columns_of_query),
    ("get_missing_columns", missing_columns),
    ("list_relations", list_relations),
    ("list_relations_without_caching", list_relations),
    ("already_exists", already_exists),
    ("check_schema_exists", schema_exists),
    ("list_schemas", list_schemas),
    ("execute", execute),
    ("quote", quote),
    ("quote_as_configured", quote),
    ("quote_seed_column", quote),
    ("type", adapter_type),
    ("create_schema", nothing),
    ("drop_schema", nothing),
    ("drop_relation", nothing),
    ("truncate_relation", nothing),
    ("rename_relation", nothing),
    ("expand_target_column_types", nothing),
    ("cache_added", nothing),
    ("commit", nothing),
];

/// What hangs on `api.Relation`.
pub(super) const RELATION: &[Entry] = &[("create", create_relation)];

/// What hangs on `api.Column`.
pub(super) const COLUMN: &[Entry] = &[
    ("create", create_column),
    ("string_type", string_type),
    ("numeric_type", numeric_type),
    ("translate_type", translate_type),
];

/// `adapter.dispatch(name, namespace)`: the implementation for this engine.
fn dispatch(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&["macro_name", "macro_namespace", "packages"])?;
    let name = call.text(0, "macro_name")?;
    let given = call
        .arg(1, "macro_namespace")
        .filter(|value| !value.is_none() && !value.is_undefined());
    let registry = interpreter.renderer.registry();
    let package = interpreter.package();
    let searched = match given {
        None => Searched::Visible(&package),
        Some(namespace) => match namespace.as_str() {
            Some(namespace) => Searched::Packages(registry.search_order(namespace)),
            None => Searched::Packages(
                namespace
                    .try_iter()
                    .into_iter()
                    .flatten()
                    .map(|item| text::display(&item))
                    .collect(),
            ),
        },
    };
    if let Some(overridden) = interpreter.unit.overridden_macro(&name) {
        return Ok(overridden);
    }
    registry
        .dispatch(&name, &searched)
        .map(registry::Entry::value)
        .map_err(|tried| {
            let place = given
                .map(|namespace| format!(" in the namespace `{}`", text::display(namespace)))
                .unwrap_or_default();
            Diagnostic::error(
                codes::UNDEFINED_MACRO,
                format!("in dispatch: no macro named `{name}` found{place}"),
            )
            .note(format!("searched for `{}`", tried.join("`, `")))
            .into()
        })
}

/// Asks the world; in the parse phase it is only noted that data is asked for.
fn ask<T>(
    interpreter: &mut Interpreter<'_>,
    question: impl FnOnce(&dyn World) -> Outcome<T>,
) -> Outcome<Option<T>> {
    interpreter.record.introspects = true;
    match interpreter.phase {
        Phase::Capture => Ok(None),
        Phase::Execute(world) => question(world).map(Some),
    }
}

fn query(interpreter: &mut Interpreter<'_>, sql: &str) -> Outcome<Option<QueryTable>> {
    ask(interpreter, |world| Ok(world.run_query(sql)?))
}

fn run_query(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&["sql"])?;
    let sql = call.text(0, "sql")?;
    let result = query(interpreter, &sql)?;
    Ok(result.map_or(Value::from(()), |result| Value::from_object(Table::new(result))))
}

fn statement(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let name = call
        .arg(0, "name")
        .filter(|name| !name.is_none())
        .map(text::display);
    let sql = interpreter.caller_text(call)?;
    let result = query(interpreter, &sql)?;
    if let (Some(name), Some(result)) = (name, result) {
        let stored = stored_result(Value::from_object(Table::new(result)), Value::from("OK"));
        interpreter.record.results.insert(name, stored);
    }
    Ok(Value::from(""))
}

fn stored_result(table: Value, response: Value) -> Value {
    let data = table.get_attr("rows").unwrap_or_default();
    Dict::value([
        (Value::from("table"), table),
        (Value::from("data"), data),
        (Value::from("response"), response),
    ])
}

fn load_result(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let name = call.text(0, "name")?;
    Ok(interpreter
        .record
        .results
        .get(&name)
        .cloned()
        .unwrap_or_else(|| Value::from(())))
}

fn store_result(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let name = call.text(0, "name")?;
    let response = call
        .arg(1, "response")
        .cloned()
        .unwrap_or_else(|| Value::from("OK"));
    let table = call
        .arg(2, "agate_table")
        .cloned()
        .filter(|table| !table.is_none());
    let table = table.unwrap_or_else(|| Value::from_object(Table::new(QueryTable::default())));
    interpreter
        .record
        .results
        .insert(name, stored_result(table, response));
    Ok(Value::from(""))
}

fn execute(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let sql = call.text(0, "sql")?;
    let result = query(interpreter, &sql)?.unwrap_or_default();
    let response = Dict::value([(Value::from("code"), Value::from("OK"))]);
    Ok(Value::from(Tuple::new(vec![
        response,
        Value::from_object(Table::new(result)),
    ])))
}

fn relation_argument(call: &Call, index: usize, name: &str) -> Outcome<Relation> {
    let value = call.required(index, name)?;
    value.downcast_object_ref::<Relation>().cloned().ok_or_else(|| {
        let message = format!(
            "`{}` needs a relation as `{name}`, such as `ref(…)` or `this`",
            call.callee
        );
        Signal::fault(codes::TEMPLATE_VALUE, message)
    })
}

fn look_up(interpreter: &mut Interpreter<'_>, relation: Relation) -> Outcome {
    let name = relation.name();
    let kind = ask(interpreter, |world| Ok(world.relation(&name)?))?;
    Ok(match kind.flatten() {
        Some(kind) => Value::from_object(relation.of_kind(Some(kind.as_str().to_owned()))),
        None => Value::from(()),
    })
}

fn load_relation(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    if call.arg(0, "relation").is_some_and(Value::is_none) {
        return Ok(Value::from(()));
    }
    let relation = relation_argument(call, 0, "relation")?;
    look_up(interpreter, relation)
}

fn get_relation(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    call.only(&["database", "schema", "identifier"])?;
    let part = |index, name| {
        let value = call
            .arg(index, name)
            .filter(|value| !value.is_none() && !value.is_undefined());
        value.map(text::display)
    };
    let renderer = interpreter.renderer;
    let name = RelationName::new(
        part(0, "database").unwrap_or_else(|| renderer.default_database()),
        part(1, "schema").unwrap_or_else(|| renderer.default_schema()),
        call.text(2, "identifier")?,
    );
    look_up(interpreter, Relation::named(&name))
}

fn columns_in(interpreter: &mut Interpreter<'_>, relation: &Relation) -> Outcome<Vec<Column>> {
    let name = relation.name();
    let columns = ask(interpreter, |world| Ok(world.columns(&name)?))?.unwrap_or_default();
    let columns = columns.into_iter().map(|column| Column {
        name: column.name,
        data_type: column.data_type,
    });
    Ok(columns.collect())
}

fn columns(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let relation = relation_argument(call, 0, "relation")?;
    let columns = columns_in(interpreter, &relation)?;
    Ok(List::value(columns.into_iter().map(Value::from_object).collect()))
}

fn columns_of_query(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let sql = format!(
        "select * from ({}) as columns_of_query limit 0",
        call.text(0, "sql")?
    );
    let result = query(interpreter, &sql)?.unwrap_or_default();
    let columns = result
        .columns
        .into_iter()
        .map(|(name, data_type)| Value::from_object(Column { name, data_type }));
    Ok(List::value(columns.collect()))
}

fn missing_columns(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let from = relation_argument(call, 0, "from_relation")?;
    let to = relation_argument(call, 1, "to_relation")?;
    let known: Vec<String> = columns_in(interpreter, &to)?
        .into_iter()
        .map(|column| column.name)
        .collect();
    let missing = columns_in(interpreter, &from)?;
    let missing = missing.into_iter().filter(|column| !known.contains(&column.name));
    Ok(List::value(missing.map(Value::from_object).collect()))
}

fn list_relations(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let schema = match call.args.as_slice() {
        [one] => match one.downcast_object_ref::<Relation>() {
            Some(relation) => relation.schema.clone().unwrap_or_default(),
            None => text::display(one),
        },
        _ => call.text(1, "schema")?,
    };
    let found = ask(interpreter, |world| Ok(world.relations_in(&schema)?))?.unwrap_or_default();
    let relations = found.iter().map(|(name, kind)| {
        Value::from_object(Relation::named(name).of_kind(Some(kind.as_str().to_owned())))
    });
    Ok(List::value(relations.collect()))
}

fn already_exists(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let database = interpreter.renderer.default_database();
    let name = RelationName::new(database, call.text(0, "schema")?, call.text(1, "name")?);
    let found = look_up(interpreter, Relation::named(&name))?;
    Ok(Value::from(!found.is_none()))
}

fn schemas(interpreter: &mut Interpreter<'_>) -> Outcome<Vec<String>> {
    Ok(ask(interpreter, |world| Ok(world.schemas()?))?.unwrap_or_default())
}

fn schema_exists(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let schema = call.text(1, "schema")?;
    Ok(Value::from(schemas(interpreter)?.contains(&schema)))
}

fn list_schemas(interpreter: &mut Interpreter<'_>, _: &Call) -> Outcome {
    let schemas = schemas(interpreter)?;
    Ok(List::value(schemas.into_iter().map(Value::from).collect()))
}

fn quote(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    Ok(Value::from(quote_identifier(&call.text(0, "identifier")?)))
}

fn adapter_type(_: &mut Interpreter<'_>, _: &Call) -> Outcome {
    Ok(Value::from("datafusion"))
}

/// What other adapters must do and a warehouse of immutable versions need not.
fn nothing(_: &mut Interpreter<'_>, _: &Call) -> Outcome {
    Ok(Value::from(""))
}

fn create_relation(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let part = |index, name| {
        let value = call
            .arg(index, name)
            .filter(|value| !value.is_none() && !value.is_undefined());
        value.map(text::display)
    };
    Ok(Value::from_object(Relation {
        database: part(0, "database"),
        schema: part(1, "schema"),
        identifier: part(2, "identifier"),
        kind: part(3, "type"),
        bare: false,
    }))
}

/// `api.Column(name, type)`.
pub(super) fn create_column(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    Ok(Value::from_object(Column {
        name: call.text(0, "column")?,
        data_type: call.text(1, "dtype")?,
    }))
}

fn string_type(_: &mut Interpreter<'_>, _: &Call) -> Outcome {
    Ok(Value::from("varchar"))
}

fn numeric_type(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let number = |index, name| call.arg(index, name).and_then(Value::as_i64);
    Ok(Value::from(match (number(1, "precision"), number(2, "scale")) {
        (Some(precision), Some(scale)) => format!("decimal({precision}, {scale})"),
        _ => "decimal(38, 9)".to_owned(),
    }))
}

fn translate_type(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let given = call.text(0, "dtype")?;
    Ok(Value::from(match given.to_lowercase().as_str() {
        "string" | "text" => "varchar",
        "integer" | "int" => "integer",
        "float" | "float64" => "double",
        "boolean" | "bool" => "boolean",
        "timestamp" | "datetime" => "timestamp",
        _ => given.as_str(),
    }))
}
