//! What has to be there before the first contact: properties and lists.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::HubSpot;
use crate::sync::change::as_text;
use crate::sync::destination::RunShape;
use crate::sync::script::Script;
use crate::sync::transport::Method;

/// The purpose of the look-up that may find nothing.
pub(super) const FIND_LIST: &str = "find list";

/// The object type of contacts.
const CONTACTS: &str = "0-1";

/// What a sync needs of the account.
#[derive(Debug)]
pub(super) struct Needs<'a> {
    pub(super) properties: Vec<&'a str>,
    pub(super) audiences: &'a [String],
    pub(super) creates: bool,
}

/// Finds, and where asked creates, what a sync needs; the context holds the lists' ids by name.
pub(super) fn prepare(
    hubspot: &HubSpot,
    needs: &Needs<'_>,
    shape: &RunShape,
    script: &mut Script<'_>,
) -> Option<Result<Value, String>> {
    if let Err(reason) = properties(hubspot, needs, shape, script)? {
        return Some(Err(reason));
    }
    let mut lists = Map::new();
    for audience in needs.audiences {
        match list(hubspot, audience, script)? {
            Ok(id) => lists.insert(audience.clone(), id.into()),
            Err(reason) => return Some(Err(reason)),
        };
    }
    Some(Ok(json!({"lists": lists})))
}

fn properties(
    hubspot: &HubSpot,
    needs: &Needs<'_>,
    shape: &RunShape,
    script: &mut Script<'_>,
) -> Option<Result<(), String>> {
    let answer = script.ask(|| {
        hubspot.request(
            "read properties",
            Method::Get,
            hubspot.crm("properties", "/contacts"),
        )
    })?;
    let body = answer.json().unwrap_or_default();
    let known: IndexMap<&str, bool> = body
        .get("results")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|property| {
            let read_only = property
                .pointer("/modificationMetadata/readOnlyValue")
                .and_then(Value::as_bool)
                .unwrap_or_default();
            Some((property.get("name")?.as_str()?, read_only))
        })
        .collect();
    if let Some(name) = needs
        .properties
        .iter()
        .find(|name| known.get(**name) == Some(&true))
    {
        return Some(Err(format!("the property `{name}` is read-only")));
    }
    let missing: Vec<&str> = needs
        .properties
        .iter()
        .copied()
        .filter(|name| !known.contains_key(name))
        .collect();
    if missing.is_empty() {
        return Some(Ok(()));
    }
    if !needs.creates {
        let list = missing
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ");
        return Some(Err(format!(
            "HubSpot has no property {list}; `create_fields: true` creates what is missing"
        )));
    }
    let inputs: Vec<Value> = missing.iter().map(|name| new_property(name, shape)).collect();
    script.ask(|| {
        let url = hubspot.crm("properties", "/contacts/batch/create");
        hubspot.post("create properties", url, &json!({"inputs": inputs}))
    })?;
    Some(Ok(()))
}

/// A property of the kind that the column's SQL type calls for.
fn new_property(name: &str, shape: &RunShape) -> Value {
    let sql_type = shape
        .columns
        .iter()
        .find(|(column, _)| column == name)
        .map_or("varchar", |(_, sql_type)| sql_type.as_str());
    let (data_type, field_type) = match sql_type {
        "boolean" => ("bool", "booleancheckbox"),
        "date" => ("date", "date"),
        text if text.starts_with("timestamp") => ("datetime", "date"),
        text if text.contains("int") || text.starts_with("decimal") || text == "double" || text == "real" => {
            ("number", "number")
        }
        _ => ("string", "text"),
    };
    let mut property = json!({
        "name": name,
        "label": name.replace('_', " "),
        "type": data_type,
        "fieldType": field_type,
        "groupName": "contactinformation",
    });
    if let (Value::Object(property), "bool") = (&mut property, data_type) {
        let options = json!([{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]);
        property.insert("options".to_owned(), options);
    }
    property
}

/// The id of a manual list, found by its name or made.
fn list(hubspot: &HubSpot, name: &str, script: &mut Script<'_>) -> Option<Result<String, String>> {
    let found = script.ask(|| {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let path = format!("/object-type-id/{CONTACTS}/name/{}", name.replace('+', "%20"));
        hubspot.request(FIND_LIST, Method::Get, hubspot.crm("lists", &path))
    })?;
    let answer = if found.status == 404 {
        script.ask(|| {
            let body = json!({"name": name, "objectTypeId": CONTACTS, "processingType": "MANUAL"});
            hubspot.post("create list", hubspot.crm("lists", ""), &body)
        })?
    } else {
        found
    };
    let body = answer.json().unwrap_or_default();
    let list = body.get("list").unwrap_or(&body);
    if list.get("processingType").and_then(Value::as_str) == Some("DYNAMIC") {
        return Some(Err(format!(
            "the list `{name}` is filled by HubSpot itself: members cannot be added"
        )));
    }
    let id = list.get("listId").and_then(as_text);
    Some(id.ok_or_else(|| format!("the list `{name}` has no id in the answer")))
}
