//! HubSpot: contacts by e-mail, properties, manual lists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{audience_counts, list, text};
use crate::sync::server::{Call, Reply, World, error};

#[derive(Default)]
pub struct HubSpot {
    contacts: BTreeMap<String, Map<String, Value>>,
    archived: BTreeSet<String>,
    properties: BTreeSet<String>,
    lists: BTreeMap<String, (String, BTreeSet<String>)>,
    next_id: usize,
}

impl HubSpot {
    fn upsert(&mut self, inputs: &[Value]) -> Reply {
        if inputs.len() > 100 {
            return Reply::json(400, &error("too many inputs"));
        }
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in inputs {
            assert_eq!(text(input, "/idProperty"), Some("email"));
            let (email, trace) = (
                text(input, "/id").unwrap(),
                text(input, "/objectWriteTraceId").unwrap(),
            );
            let properties = input["properties"].as_object().unwrap();
            assert!(properties.values().all(Value::is_string), "all values are text");
            if let Some(unknown) = properties.keys().find(|name| !self.properties.contains(*name)) {
                return Reply::json(400, &error(&format!("Property \"{unknown}\" does not exist")));
            }
            if properties.get("name") == Some(&json!("poison")) {
                errors.push(json!({
                    "status": "error",
                    "category": "VALIDATION_ERROR",
                    "message": format!("{email} was not valid"),
                    "context": {"objectWriteTraceId": [trace]},
                }));
                continue;
            }
            let found = self
                .contacts
                .iter()
                .find(|(_, contact)| contact.get("email") == Some(&json!(email)))
                .map(|(id, _)| id.clone());
            let id = found.unwrap_or_else(|| {
                self.next_id += 1;
                (1000 + self.next_id).to_string()
            });
            self.archived.remove(&id);
            let contact = self.contacts.entry(id.clone()).or_default();
            contact.insert("email".to_owned(), email.into());
            for (name, value) in properties {
                contact.insert(name.clone(), value.clone());
            }
            results.push(json!({"id": id, "properties": {"email": email}, "objectWriteTraceId": trace}));
        }
        let status = if errors.is_empty() { 200 } else { 207 };
        Reply::json(
            status,
            &json!({"status": "COMPLETE", "results": results, "errors": errors}),
        )
    }

    fn members(&mut self, id: &str, body: &Value) -> Reply {
        let Some((_, members)) = self.lists.get_mut(id) else {
            return Reply::json(404, &error("list not found"));
        };
        let mut missing = Vec::new();
        for contact in list(body, "/recordIdsToAdd") {
            let contact = contact.as_str().unwrap();
            if self.contacts.contains_key(contact) {
                members.insert(contact.to_owned());
            } else {
                missing.push(contact.to_owned());
            }
        }
        for contact in list(body, "/recordIdsToRemove") {
            members.remove(contact.as_str().unwrap());
        }
        Reply::json(
            200,
            &json!({"recordsIdsAdded": [], "recordIdsRemoved": [], "recordIdsMissing": missing}),
        )
    }

    fn lists(&mut self, call: &Call) -> Reply {
        let parts = call.parts();
        match (call.method.as_str(), &parts[3..]) {
            ("GET", ["object-type-id", "0-1", "name", name]) => {
                match self.lists.iter().find(|(_, (known, _))| known == name) {
                    Some((id, _)) => {
                        Reply::json(200, &json!({"list": {"listId": id, "processingType": "MANUAL"}}))
                    }
                    None => Reply::json(404, &error("list not found")),
                }
            }
            ("POST", []) => {
                let id = (self.lists.len() + 1).to_string();
                let name = text(&call.body, "/name").unwrap().to_owned();
                self.lists.insert(id.clone(), (name, BTreeSet::new()));
                Reply::json(200, &json!({"list": {"listId": id, "processingType": "MANUAL"}}))
            }
            ("PUT", [id, "memberships", "add-and-remove"]) => self.members(id, &call.body),
            other => panic!("{other:?}"),
        }
    }
}

impl World for HubSpot {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.authorization != "Bearer secret-TOKEN" {
            return self.expired();
        }
        match (call.method.as_str(), call.path.as_str()) {
            ("GET", "/crm/v3/properties/contacts") => {
                self.properties.insert("email".to_owned());
                let results: Vec<Value> = self.properties.iter().map(|name| json!({"name": name})).collect();
                Reply::json(200, &json!({"results": results}))
            }
            ("GET", "/crm/v3/objects/contacts") => Reply::json(200, &json!({"results": []})),
            ("POST", "/crm/v3/properties/contacts/batch/create") => {
                for input in list(&call.body, "/inputs") {
                    self.properties.insert(text(input, "/name").unwrap().to_owned());
                }
                Reply::json(201, &json!({"status": "COMPLETE"}))
            }
            ("POST", "/crm/v3/objects/contacts/batch/upsert") => self.upsert(list(&call.body, "/inputs")),
            ("POST", "/crm/v3/objects/contacts/batch/archive") => {
                for input in list(&call.body, "/inputs") {
                    let id = text(input, "/id").unwrap();
                    self.contacts.remove(id);
                    self.archived.insert(id.to_owned());
                    for (_, members) in self.lists.values_mut() {
                        members.remove(id);
                    }
                }
                Reply::empty(204)
            }
            _ => self.lists(call),
        }
    }

    fn is_write(&self, call: &Call) -> bool {
        call.method != "GET" && (call.path.contains("/objects/") || call.path.contains("/memberships/"))
    }

    fn state(&self) -> BTreeMap<String, Value> {
        self.contacts
            .iter()
            .map(|(id, contact)| {
                let field = |name: &str| match contact.get(name).and_then(Value::as_str) {
                    Some(text) if !text.is_empty() => json!(text),
                    _ => Value::Null,
                };
                let hot = self
                    .lists
                    .values()
                    .any(|(name, members)| name == "hot" && members.contains(id));
                let score = field("score")
                    .as_str()
                    .map_or(Value::Null, |score| json!(score.parse::<i64>().unwrap()));
                let email = contact["email"].as_str().unwrap().to_owned();
                (email, json!({"name": field("name"), "score": score, "hot": hot}))
            })
            .collect()
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        let members = self
            .lists
            .values()
            .flat_map(|(name, members)| members.iter().map(move |_| name));
        let mut counts = audience_counts(members);
        counts.insert("contacts".to_owned(), self.contacts.len());
        counts
    }

    fn expired(&self) -> Reply {
        let body = json!({"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "The OAuth token secret-TOKEN expired"});
        Reply::json(401, &body)
    }

    fn hollow(&self) -> Option<Reply> {
        Some(Reply::json(
            200,
            &json!({"status": "COMPLETE", "results": [], "errors": []}),
        ))
    }
}
