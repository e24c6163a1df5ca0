//! What has to be there before the first contact: attributes and tags.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{CUSTOM, Intercom};
use crate::sync::answers;
use crate::sync::change::as_text;
use crate::sync::destination::RunShape;
use crate::sync::script::Script;
use crate::sync::transport::Method;

/// What a sync needs of the workspace.
#[derive(Debug)]
pub(super) struct Needs<'a> {
    pub(super) attributes: Vec<&'a str>,
    pub(super) audiences: &'a [String],
    pub(super) creates: bool,
}

/// Finds, and where asked creates, what a sync needs; the context holds the tags' ids by name and the
/// attributes that are dates.
pub(super) fn prepare(
    intercom: &Intercom,
    needs: &Needs<'_>,
    shape: &RunShape,
    script: &mut Script<'_>,
) -> Option<Result<Value, String>> {
    let dates = match attributes(intercom, needs, shape, script)? {
        Ok(dates) => dates,
        Err(reason) => return Some(Err(reason)),
    };
    if needs.audiences.is_empty() {
        return Some(Ok(json!({"tags": {}, "dates": dates})));
    }
    let answer = script.ask(|| intercom.request("read the tags", Method::Get, "/tags"))?;
    let body = answer.json().unwrap_or_default();
    let known = named(&body, "id");
    let mut tags = Map::new();
    for audience in needs.audiences {
        let id = if let Some(id) = known.get(audience) {
            Some(id.clone())
        } else {
            let answer = script.ask(|| intercom.post("create tag", "/tags", &json!({"name": audience})))?;
            answer.json().unwrap_or_default().get("id").and_then(as_text)
        };
        match id {
            Some(id) => tags.insert(audience.clone(), id.into()),
            None => return Some(Err(format!("the tag `{audience}` has no id in the answer"))),
        };
    }
    Some(Ok(json!({"tags": tags, "dates": dates})))
}

/// Checks the attributes; answers with the names of those that are dates.
fn attributes(
    intercom: &Intercom,
    needs: &Needs<'_>,
    shape: &RunShape,
    script: &mut Script<'_>,
) -> Option<Result<Vec<String>, String>> {
    if needs.attributes.is_empty() {
        return Some(Ok(Vec::new()));
    }
    let answer = script.ask(|| {
        intercom.request(
            "read the attributes",
            Method::Get,
            "/data_attributes?model=contact",
        )
    })?;
    let known = named(&answer.json().unwrap_or_default(), "data_type");
    let missing: Vec<&str> = needs
        .attributes
        .iter()
        .copied()
        .filter(|name| !known.contains_key(*name))
        .collect();
    if !(missing.is_empty() || needs.creates) {
        let list = missing
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ");
        return Some(Err(format!(
            "Intercom has no attribute {list}; `create_fields: true` creates what is missing"
        )));
    }
    let mut dates: Vec<String> = known
        .iter()
        .filter(|(_, data_type)| data_type.as_str() == "date")
        .map(|(name, _)| name.clone())
        .collect();
    for name in missing {
        if data_type(name, shape) == "date" {
            dates.push(name.to_owned());
        }
        let answer = script.ask(|| {
            let body = json!({"name": name, "model": "contact", "data_type": data_type(name, shape)});
            intercom.post("create attribute", "/data_attributes", &body)
        })?;
        if !answer.is_success() {
            return Some(Err(format!(
                "the attribute `{name}` cannot be made: {}",
                answers::message(answer)
            )));
        }
    }
    Some(Ok(dates))
}

/// The type that the column's SQL type calls for.
fn data_type(name: &str, shape: &RunShape) -> &'static str {
    let field = format!("{CUSTOM}{name}");
    let sql_type = shape
        .columns
        .iter()
        .find(|(column, _)| *column == field)
        .map_or("varchar", |(_, sql_type)| sql_type.as_str());
    match sql_type {
        "boolean" => "boolean",
        text if text == "date" || text.starts_with("timestamp") => "date",
        text if text.contains("int") => "integer",
        text if text.starts_with("decimal") || text == "double" || text == "real" => "float",
        _ => "string",
    }
}

/// The entries of a list by their names.
fn named(body: &Value, member: &str) -> IndexMap<String, String> {
    body.get("data")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|entry| entry.get("archived") != Some(&Value::Bool(true)))
        .filter_map(|entry| {
            Some((
                entry.get("name")?.as_str()?.to_owned(),
                as_text(entry.get(member)?)?,
            ))
        })
        .collect()
}
