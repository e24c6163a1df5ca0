//! Intercom: contacts, tags, attributes; the search index lags, archived contacts conflict.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{audience_counts, list, text};
use crate::sync::server::{Call, Reply, World};

#[derive(Default)]
pub struct Intercom {
    contacts: BTreeMap<String, Contact>,
    tags: BTreeMap<String, String>,
    companies: BTreeMap<String, Map<String, Value>>,
    attributes: BTreeSet<String>,
    pub search_lags: bool,
}

#[derive(Default)]
struct Contact {
    members: Map<String, Value>,
    custom: Map<String, Value>,
    tags: BTreeSet<String>,
    companies: BTreeSet<String>,
    archived: bool,
}

fn fault(status: u16, code: &str, message: &str) -> Reply {
    let body =
        json!({"type": "error.list", "request_id": "r", "errors": [{"code": code, "message": message}]});
    Reply::json(status, &body)
}

impl Intercom {
    fn apply(contact: &mut Contact, body: &Value) {
        for (name, value) in body.as_object().unwrap() {
            if name == "custom_attributes" {
                contact.custom.extend(value.as_object().unwrap().clone());
            } else {
                contact.members.insert(name.clone(), value.clone());
            }
        }
    }

    fn check(&self, body: &Value) -> Option<Reply> {
        if text(body, "/name") == Some("poison") {
            let email = text(body, "/email").unwrap_or("the contact");
            return Some(fault(
                400,
                "parameter_invalid",
                &format!("{email}: name is not allowed"),
            ));
        }
        let custom = body.get("custom_attributes").and_then(Value::as_object);
        let unknown = custom
            .into_iter()
            .flat_map(Map::keys)
            .find(|name| !self.attributes.contains(*name));
        unknown.map(|name| {
            fault(
                400,
                "parameter_invalid",
                &format!("Custom attribute '{name}' does not exist"),
            )
        })
    }

    fn find(&self, email: &Value) -> Option<&str> {
        self.contacts
            .iter()
            .find(|(_, contact)| contact.members.get("email") == Some(email))
            .map(|(id, _)| id.as_str())
    }

    fn create(&mut self, body: &Value) -> Reply {
        if let Some(reply) = self.check(body) {
            return reply;
        }
        if let Some(id) = self.find(&body["email"]) {
            let what = if self.contacts[id].archived {
                "An archived contact"
            } else {
                "A contact"
            };
            return fault(
                409,
                "conflict",
                &format!("{what} matching those details already exists with id={id}"),
            );
        }
        let id = format!("{:024x}", 0x5000 + self.contacts.len());
        let mut contact = Contact::default();
        Self::apply(&mut contact, body);
        self.contacts.insert(id.clone(), contact);
        Reply::json(200, &json!({"type": "contact", "id": id}))
    }

    fn contact(&mut self, call: &Call, id: &str, rest: &[&str]) -> Reply {
        if call.method == "PUT"
            && let Some(reply) = self.check(&call.body)
        {
            return reply;
        }
        let tags = self.tags.clone();
        let Some(contact) = self.contacts.get_mut(id) else {
            return fault(404, "not_found", "User Not Found");
        };
        match (call.method.as_str(), rest) {
            ("PUT", []) if contact.archived => fault(404, "not_found", "User Not Found"),
            ("PUT", []) => {
                Self::apply(contact, &call.body);
                Reply::json(200, &json!({"type": "contact", "id": id}))
            }
            ("POST", [verb @ ("archive" | "unarchive")]) => {
                contact.archived = *verb == "archive";
                contact.tags.retain(|_| *verb == "unarchive");
                Reply::json(
                    200,
                    &json!({"id": id, "object": "contact", "archived": contact.archived}),
                )
            }
            ("POST", ["companies"]) => {
                let company = text(&call.body, "/id").unwrap();
                if !self.companies.contains_key(company) {
                    return fault(404, "company_not_found", "Company Not Found");
                }
                contact.companies.insert(company.to_owned());
                Reply::json(200, &json!({"type": "company", "id": company}))
            }
            ("DELETE", ["tags", tag]) => {
                let name = tags
                    .iter()
                    .find(|(_, known)| known == tag)
                    .map(|(name, _)| name.clone());
                contact.tags.remove(&name.unwrap());
                Reply::json(200, &json!({"type": "tag", "id": tag}))
            }
            other => panic!("{other:?}"),
        }
    }

    /// Creates the company of that `company_id`, or updates it; its own id is another.
    fn company(&mut self, body: &Value) -> Reply {
        let Some(company_id) = text(body, "/company_id") else {
            return fault(400, "parameter_not_found", "company_id is missing");
        };
        let id = format!("c-{company_id}");
        let company = self.companies.entry(id.clone()).or_default();
        company.extend(body.as_object().unwrap().clone());
        Reply::json(
            200,
            &json!({"type": "company", "id": id, "company_id": company_id, "name": company.get("name")}),
        )
    }

    fn tag(&mut self, body: &Value) -> Reply {
        let name = text(body, "/name").unwrap().to_owned();
        let next = (self.tags.len() + 1).to_string();
        let id = self.tags.entry(name.clone()).or_insert(next).clone();
        for user in list(body, "/users") {
            let Some(contact) = self.contacts.get_mut(text(user, "/id").unwrap()) else {
                return fault(404, "not_found", "User Not Found");
            };
            contact.tags.insert(name.clone());
        }
        Reply::json(200, &json!({"type": "tag", "id": id, "name": name}))
    }
}

impl World for Intercom {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.authorization != "Bearer secret-TOKEN" {
            return self.expired();
        }
        let parts = call.parts();
        match (call.method.as_str(), parts.as_slice()) {
            ("GET", ["data_attributes"]) => {
                let data: Vec<Value> = self
                    .attributes
                    .iter()
                    .map(|name| json!({"name": name, "data_type": "integer", "model": "contact"}))
                    .collect();
                Reply::json(200, &json!({"type": "list", "data": data}))
            }
            ("POST", ["data_attributes"]) => {
                self.attributes
                    .insert(text(&call.body, "/name").unwrap().to_owned());
                Reply::json(200, &json!({"type": "data_attribute"}))
            }
            ("GET", ["tags"]) => {
                let data: Vec<Value> = self
                    .tags
                    .iter()
                    .map(|(name, id)| json!({"id": id, "name": name}))
                    .collect();
                Reply::json(200, &json!({"type": "list", "data": data}))
            }
            ("POST", ["companies"]) => self.company(&call.body),
            ("POST", ["tags"]) => self.tag(&call.body),
            ("POST", ["contacts", "search"]) => {
                let found = self.find(&call.body["query"]["value"]);
                let found = found.filter(|id| !self.search_lags && !self.contacts[*id].archived);
                let data: Vec<Value> = found.into_iter().map(|id| json!({"id": id})).collect();
                Reply::json(
                    200,
                    &json!({"type": "list", "data": data, "total_count": data.len()}),
                )
            }
            ("POST", ["contacts"]) => self.create(&call.body),
            (_, ["contacts", id, rest @ ..]) => {
                let (id, rest) = ((*id).to_owned(), rest.to_vec());
                self.contact(call, &id, &rest)
            }
            other => panic!("{other:?}"),
        }
    }

    fn is_write(&self, call: &Call) -> bool {
        call.path.starts_with("/contacts") && !call.path.ends_with("/search")
    }

    fn state(&self) -> BTreeMap<String, Value> {
        self.contacts
            .values()
            .filter(|contact| !contact.archived)
            .map(|contact| {
                let email = contact.members["email"].as_str().unwrap().to_owned();
                let name = contact.members.get("name").cloned().unwrap_or_default();
                let score = contact.custom.get("score").cloned().unwrap_or_default();
                (
                    email,
                    json!({"name": name, "score": score, "hot": contact.tags.contains("hot")}),
                )
            })
            .collect()
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        let present = || self.contacts.values().filter(|contact| !contact.archived);
        let mut counts = audience_counts(present().flat_map(|contact| &contact.tags));
        counts.insert("contacts".to_owned(), present().count());
        counts.insert(
            "contacts of companies".to_owned(),
            present().filter(|contact| !contact.companies.is_empty()).count(),
        );
        counts.insert("companies".to_owned(), self.companies.len());
        counts
    }

    fn expired(&self) -> Reply {
        fault(401, "unauthorized", "Access Token Invalid: secret-TOKEN")
    }

    fn hollow(&self) -> Option<Reply> {
        Some(Reply::json(200, &json!({})))
    }
}
