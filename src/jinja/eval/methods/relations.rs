//! Methods of relations and columns.

use minijinja::Value;

use crate::jinja::eval::Call;
use crate::jinja::fault::Outcome;
use crate::jinja::value::column::Column;
use crate::jinja::value::relation::Relation;
use crate::jinja::value::text;

/// Calls a method of a relation.
pub(super) fn method(relation: &Relation, name: &str, call: &Call) -> Option<Outcome> {
    let is_off = |part: &str| call.named.get(part).is_some_and(|value| !value.is_true());
    let with = |relation: Relation| Ok(Value::from_object(relation));
    Some(match name {
        "include" | "quote" => {
            let mut changed = relation.clone();
            if name == "include" {
                for (part, kept) in [
                    (&mut changed.database, "database"),
                    (&mut changed.schema, "schema"),
                    (&mut changed.identifier, "identifier"),
                ] {
                    if is_off(kept) {
                        *part = None;
                    }
                }
            } else if ["database", "schema", "identifier"]
                .iter()
                .any(|part| is_off(part))
            {
                changed.bare = true;
            }
            with(changed)
        }
        "render" => Ok(Value::from(relation.rendered())),
        "without_identifier" => with(Relation {
            identifier: None,
            ..relation.clone()
        }),
        "incorporate" | "replace_path" => {
            let path = call.named.get("path").cloned();
            let part = |part: &str| {
                let given = path.as_ref().and_then(|path| path.get_attr(part).ok());
                given
                    .or_else(|| call.named.get(part).cloned())
                    .filter(|value| !value.is_undefined() && !value.is_none())
                    .map(|value| text::display(&value))
            };
            with(Relation {
                database: part("database").or_else(|| relation.database.clone()),
                schema: part("schema").or_else(|| relation.schema.clone()),
                identifier: part("identifier").or_else(|| relation.identifier.clone()),
                kind: call
                    .named
                    .get("type")
                    .map(text::display)
                    .or_else(|| relation.kind.clone()),
                bare: relation.bare,
            })
        }
        "information_schema" => with(Relation {
            database: relation.database.clone(),
            schema: Some("information_schema".to_owned()),
            identifier: call.args.first().map(|view| text::display(view).to_lowercase()),
            kind: None,
            bare: false,
        }),
        _ => return None,
    })
}

/// Calls a method of a column.
pub(super) fn column_method(column: &Column, name: &str) -> Option<Outcome> {
    let truth = |truth: bool| Some(Ok(Value::from(truth)));
    match name {
        "is_string" => truth(column.is_string()),
        "is_number" => truth(column.is_number()),
        "is_integer" => truth(column.is_integer()),
        "is_float" => truth(column.is_float()),
        "is_numeric" => truth(column.is_numeric()),
        "can_expand_to" => truth(false),
        "string_size" => Some(Ok(Value::from(256))),
        _ => None,
    }
}
