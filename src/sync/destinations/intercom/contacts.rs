//! Contacts: found, created, updated, archived, tagged.

use std::borrow::Cow;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use regex::Regex;
use serde_json::{Map, Value, json};

use super::{CUSTOM, Intercom, STANDARD, classify, setup};
use crate::sync::answers;
use crate::sync::change::{Change, Operation, as_text};
use crate::sync::config::{Mode, SyncConfig};
use crate::sync::destination::{
    Batch, Codec, Outcome, Payload, Preparation, Record, RunShape, Step, Verdict,
};
use crate::sync::script::Script;
use crate::sync::transport::{Exchange, Method, Request, Response};

/// The purpose of bringing an archived contact back.
pub(super) const UNARCHIVE: &str = "unarchive contact";

/// The longest text that an attribute of one's own holds.
const MAX_TEXT: usize = 255;

static EXISTING: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("id=([0-9a-f]{24})").ok());

/// Contacts as one sync writes them.
#[derive(Debug)]
pub(super) struct Contacts {
    intercom: Intercom,
    mode: Mode,
    attributes: Vec<String>,
    audiences: Vec<String>,
    creates: bool,
    matches_external_id: bool,
}

/// A contact's id, or why it has none.
type Placed = Result<String, String>;

/// Where a row ended up.
#[derive(Debug)]
enum Place {
    /// At a contact, or at none for a reason.
    Contact(Placed),
    /// Nowhere, as it should be: the contact that was to go is gone.
    Gone,
}

/// What a search found.
enum Search {
    Found(String),
    Nobody,
}

impl Contacts {
    pub(super) fn new(intercom: Intercom, sync: &SyncConfig) -> Self {
        Self {
            intercom,
            mode: sync.mode,
            attributes: sync
                .field_names()
                .filter_map(|name| name.strip_prefix(CUSTOM))
                .map(str::to_owned)
                .collect(),
            audiences: sync.audiences.clone(),
            creates: sync.create_fields,
            matches_external_id: sync.has_field("external_id"),
        }
    }

    /// The field that contacts are looked up by, and its value.
    fn identity(&self, change: &Change) -> Option<(&'static str, String)> {
        let external = self
            .matches_external_id
            .then(|| change.text("external_id"))
            .flatten();
        external
            .map(|id| ("external_id", id))
            .or_else(|| Some(("email", change.text("email")?)))
    }

    fn talk(&self, batch: &Batch<'_>, script: &mut Script<'_>) -> Option<Vec<Outcome>> {
        let mut placed: Vec<Place> = Vec::with_capacity(batch.records.len());
        for record in batch.records {
            placed.push(self.place(record, &dates(batch.context), script)?);
        }
        let mut faults = self.tag(batch, &placed, script)?;
        let outcomes = batch
            .records
            .iter()
            .zip(placed)
            .enumerate()
            .map(|(index, (record, placed))| match placed {
                Place::Gone => Outcome::delivered(),
                Place::Contact(Err(reason)) => Outcome::rejected(reason),
                Place::Contact(Ok(id)) => {
                    let outcome = match faults.remove(&index) {
                        Some(reason) => Outcome::rejected(reason),
                        None => Outcome::delivered(),
                    };
                    let keeps = record.change.operation != Operation::Remove || self.mode == Mode::Audience;
                    if keeps {
                        outcome.remembering(json!({"id": id}))
                    } else {
                        outcome
                    }
                }
            })
            .collect();
        Some(outcomes)
    }

    /// Writes or archives a contact.
    fn place(&self, record: &Record, dates: &[&str], script: &mut Script<'_>) -> Option<Place> {
        let change = &record.change;
        if change.operation != Operation::Remove {
            return Some(Place::Contact(match self.write(change, dates, script)? {
                Ok(id) => self.attach_company(change, id, script)?,
                Err(reason) => Err(reason),
            }));
        }
        let found = match known_id(change) {
            Some(id) => Search::Found(id),
            None => self.search(change, script)?,
        };
        let Search::Found(id) = found else {
            return Some(Place::Gone);
        };
        if self.mode == Mode::Audience {
            return Some(Place::Contact(Ok(id)));
        }
        let path = format!("/contacts/{id}/archive");
        let answer = script.ask(|| self.intercom.request("archive contact", Method::Post, &path))?;
        Some(match answer.status {
            404 => Place::Gone,
            _ if answer.is_success() => Place::Contact(Ok(id)),
            _ => Place::Contact(Err(reason("archive contact", answer))),
        })
    }

    /// Updates the contact that is known or found, else creates it.
    fn write(&self, change: &Change, dates: &[&str], script: &mut Script<'_>) -> Option<Placed> {
        if let Some(id) = known_id(change) {
            let answer = self.update(&id, &body(&change.changed_fields(), dates), script)?;
            if answer.status != 404 {
                return Some(contact_id("update contact", answer));
            }
        }
        // Whoever is created gets everything, not just what changed.
        let whole = body(&change.now.fields, dates);
        if let Search::Found(id) = self.search(change, script)? {
            let answer = self.update(&id, &whole, script)?;
            return Some(contact_id("update contact", answer));
        }
        let answer = script.ask(|| self.intercom.post("create contact", "/contacts", &whole))?;
        if answer.status != 409 {
            return Some(contact_id("create contact", answer));
        }
        self.write_existing(answer, &whole, script)
    }

    /// Updates the contact that a creation ran into, after bringing it back if it was archived.
    fn write_existing(&self, conflict: &Response, body: &Value, script: &mut Script<'_>) -> Option<Placed> {
        let message = answers::message(conflict);
        let found = EXISTING.as_ref().and_then(|pattern| pattern.captures(&message));
        let Some(id) = found
            .and_then(|found| found.get(1))
            .map(|id| id.as_str().to_owned())
        else {
            return Some(Err(reason("create contact", conflict)));
        };
        if message.to_lowercase().contains("archived") {
            let path = format!("/contacts/{id}/unarchive");
            let answer = script.ask(|| self.intercom.request(UNARCHIVE, Method::Post, &path))?;
            if !answer.is_success() {
                return Some(Err(reason(UNARCHIVE, answer)));
            }
        }
        let answer = self.update(&id, body, script)?;
        Some(contact_id("update contact", answer))
    }

    fn update<'s>(&self, id: &str, body: &Value, script: &mut Script<'s>) -> Option<&'s Response> {
        script.ask(|| {
            self.intercom
                .request("update contact", Method::Put, &format!("/contacts/{id}"))
                .json(body)
        })
    }

    fn search(&self, change: &Change, script: &mut Script<'_>) -> Option<Search> {
        let Some((field, value)) = self.identity(change) else {
            return Some(Search::Nobody);
        };
        let answer = script.ask(|| {
            let query = json!({"query": {"field": field, "operator": "=", "value": value}, "pagination": {"per_page": 1}});
            self.intercom.post("find contact", "/contacts/search", &query)
        })?;
        let body = answer.json().unwrap_or_default();
        let id = body.pointer("/data/0/id").and_then(as_text);
        Some(id.map_or(Search::Nobody, Search::Found))
    }

    /// Makes the contact's company, if it has one that changed, and attaches the contact to it.
    fn attach_company(&self, change: &Change, id: String, script: &mut Script<'_>) -> Option<Placed> {
        let changed = change.changed_fields();
        let is_touched = super::COMPANY.iter().any(|field| changed.contains_key(*field));
        let Some(company_id) = change.text("company_id").filter(|_| is_touched) else {
            return Some(Ok(id));
        };
        let mut company = Map::new();
        company.insert("company_id".to_owned(), company_id.into());
        if let Some(name) = change.text("company_name") {
            company.insert("name".to_owned(), name.into());
        }
        let answer = script.ask(|| {
            self.intercom
                .post("write company", "/companies", &Value::Object(company))
        })?;
        let company = match contact_id("write company", answer) {
            Ok(company) => company,
            Err(reason) => return Some(Err(reason)),
        };
        let path = format!("/contacts/{id}/companies");
        let answer = script.ask(|| {
            self.intercom
                .post("attach company", &path, &json!({"id": company}))
        })?;
        Some(if answer.is_success() {
            Ok(id)
        } else {
            Err(reason("attach company", answer))
        })
    }

    /// Tags those who entered an audience all at once, untags those who left it one by one; answers with what went
    /// wrong, by the row's place in the batch.
    fn tag(
        &self,
        batch: &Batch<'_>,
        placed: &[Place],
        script: &mut Script<'_>,
    ) -> Option<std::collections::BTreeMap<usize, String>> {
        let mut faults = std::collections::BTreeMap::new();
        let people: Vec<(usize, &Change, &str)> = batch
            .records
            .iter()
            .zip(placed)
            .enumerate()
            .filter_map(|(index, (record, placed))| match placed {
                Place::Contact(Ok(id)) => Some((index, &record.change, id.as_str())),
                Place::Contact(Err(_)) | Place::Gone => None,
            })
            .collect();
        for audience in &self.audiences {
            let entered: Vec<&(usize, &Change, &str)> = people
                .iter()
                .filter(|(_, change, _)| change.entered().contains(&audience.as_str()))
                .collect();
            if !entered.is_empty() {
                let users: Vec<Value> = entered.iter().map(|(_, _, id)| json!({"id": id})).collect();
                let body = json!({"name": audience, "users": users});
                let answer = script.ask(|| self.intercom.post("tag contacts", "/tags", &body))?;
                if !answer.is_success() {
                    let reason = reason("tag contacts", answer);
                    faults.extend(entered.iter().map(|(index, ..)| (*index, reason.clone())));
                }
            }
            let tag = batch.context.pointer("/tags").and_then(|tags| tags.get(audience));
            let tag = tag.and_then(Value::as_str).unwrap_or("?");
            for (index, change, id) in &people {
                let leaves = change.exited().contains(&audience.as_str());
                let is_gone = change.operation == Operation::Remove && self.mode != Mode::Audience;
                if leaves && !is_gone {
                    let path = format!("/contacts/{id}/tags/{tag}");
                    let answer =
                        script.ask(|| self.intercom.request("untag contact", Method::Delete, &path))?;
                    if !answer.is_success() && answer.status != 404 {
                        faults.insert(*index, reason("untag contact", answer));
                    }
                }
            }
        }
        Some(faults)
    }
}

impl Codec for Contacts {
    fn prepare(&self, shape: &RunShape, so_far: &[Exchange]) -> Preparation {
        let mut script = Script::new(so_far);
        let needs = setup::Needs {
            attributes: self.attributes.iter().map(String::as_str).collect(),
            audiences: &self.audiences,
            creates: self.creates,
        };
        let outcome = setup::prepare(&self.intercom, &needs, shape, &mut script);
        script.preparation(outcome)
    }

    fn encode(&self, change: &Change) -> Result<Payload, String> {
        if change.operation == Operation::Remove {
            return Ok(Payload::one("{}"));
        }
        if self.identity(change).is_none() {
            return Err("neither `external_id` nor `email` has a value".to_owned());
        }
        for (name, value) in &change.now.fields {
            let is_long = value.as_str().is_some_and(|text| text.chars().count() > MAX_TEXT);
            if name.starts_with(CUSTOM) && is_long {
                return Err(format!("`{name}` is longer than {MAX_TEXT} characters"));
            }
            if value.is_object() {
                return Err(format!("`{name}` holds a structure"));
            }
        }
        Ok(Payload::json(&body(&change.changed_fields(), &[])))
    }

    fn next(&self, batch: &Batch<'_>, so_far: &[Exchange]) -> Step {
        let mut script = Script::new(so_far);
        let outcomes = self.talk(batch, &mut script);
        script.step(outcomes)
    }

    fn classify(&self, request: &Request, response: &Response) -> Verdict {
        classify(request, response)
    }

    /// Rows that mean one contact stay in order, so that none of them is created twice.
    fn order_key<'c>(&self, change: &'c Change) -> Cow<'c, str> {
        match self.identity(change) {
            Some((_, value)) => Cow::Owned(value.to_lowercase()),
            None => change.key.expose().into(),
        }
    }
}

/// A contact's members as Intercom has them.
fn body(fields: &Map<String, Value>, dates: &[&str]) -> Value {
    let mut body = Map::new();
    let mut custom = Map::new();
    for (name, value) in fields {
        if let Some(attribute) = name.strip_prefix(CUSTOM) {
            let value = match value.as_str().and_then(epoch) {
                Some(seconds) if dates.contains(&attribute) => seconds.into(),
                _ => attribute_value(value),
            };
            custom.insert(attribute.to_owned(), value);
        } else if STANDARD.contains(&name.as_str()) {
            body.insert(name.clone(), standard_value(name, value));
        }
    }
    if !custom.is_empty() {
        body.insert("custom_attributes".to_owned(), Value::Object(custom));
    }
    Value::Object(body)
}

fn known_id(change: &Change) -> Option<String> {
    change.remote.get("id").and_then(as_text)
}

/// The id in an answer; a success without one wrote nothing.
fn contact_id(purpose: &str, answer: &Response) -> Placed {
    if !answer.is_success() {
        return Err(reason(purpose, answer));
    }
    let id = answer.json().unwrap_or_default().get("id").and_then(as_text);
    id.ok_or_else(|| format!("{purpose}: Intercom answered well and wrote nothing"))
}

fn reason(purpose: &str, answer: &Response) -> String {
    format!("{purpose}: {}: {}", answer.status, answers::message(answer))
}

/// Instants of a contact are seconds since 1970.
fn standard_value(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("signed_up_at" | "last_seen_at", Value::String(text)) => {
            epoch(text).map_or(Value::Null, Value::from)
        }
        _ => value.clone(),
    }
}

/// The attributes that Intercom holds as dates.
fn dates(context: &Value) -> Vec<&str> {
    let dates = context.get("dates").and_then(Value::as_array);
    dates.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// An attribute's value: lists become text.
fn attribute_value(value: &Value) -> Value {
    match value {
        Value::Array(items) => items
            .iter()
            .filter_map(as_text)
            .collect::<Vec<_>>()
            .join(",")
            .into(),
        other => other.clone(),
    }
}

/// The seconds since 1970 of an instant or a date.
pub(super) fn epoch(text: &str) -> Option<i64> {
    let instant = DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .ok();
    instant.map(|at| at.timestamp()).or_else(|| {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp())
    })
}
