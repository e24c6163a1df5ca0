//! Contacts: written in batches, archived, put on lists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{HubSpot, classify, ease, setup};
use crate::sync::answers;
use crate::sync::change::{Change, Operation, as_text};
use crate::sync::config::{Mode, SyncConfig};
use crate::sync::destination::{
    Batch, Codec, Outcome, Payload, Preparation, Record, RunShape, Step, Verdict,
};
use crate::sync::script::Script;
use crate::sync::transport::{Exchange, Method, Request, Response};

/// How many characters of a key's hash make a trace id.
const TRACE: usize = 32;

/// Contacts as one sync writes them.
#[derive(Debug)]
pub(super) struct Contacts {
    hubspot: HubSpot,
    mode: Mode,
    properties: Vec<String>,
    audiences: Vec<String>,
    creates: bool,
}

/// What became of each contact in a write: its id, or why it was not written.
type Written = BTreeMap<String, Result<Option<String>, Outcome>>;

impl Contacts {
    pub(super) fn new(hubspot: HubSpot, sync: &SyncConfig) -> Self {
        Self {
            hubspot,
            mode: sync.mode,
            properties: sync.field_names().map(str::to_owned).collect(),
            audiences: sync.audiences.clone(),
            creates: sync.create_fields,
        }
    }

    fn is_archived(&self, change: &Change) -> bool {
        change.operation == Operation::Remove && self.mode != Mode::Audience
    }

    /// Writes, archives, and moves between lists, in that order.
    fn talk(&self, batch: &Batch<'_>, script: &mut Script<'_>) -> Option<Vec<Outcome>> {
        let mut written = Written::new();
        let inputs: Vec<Value> = batch
            .records
            .iter()
            .filter(|record| is_written(&record.change))
            .map(|record| record.payload.to_json())
            .collect();
        if !inputs.is_empty() {
            let answer = script.ask(|| {
                let url = self.hubspot.crm("objects", "/contacts/batch/upsert");
                self.hubspot
                    .post("write contacts", url, &json!({"inputs": inputs}))
            })?;
            written = read_written(answer, &self.hubspot.id_property, batch.records);
        }
        self.archive(batch, script)?;
        let missing = self.move_between_lists(batch, &written, script)?;
        let outcomes = batch
            .records
            .iter()
            .map(|record| outcome(record, &mut written, &missing))
            .collect();
        Some(outcomes)
    }

    fn archive(&self, batch: &Batch<'_>, script: &mut Script<'_>) -> Option<()> {
        let ids: Vec<Value> = batch
            .records
            .iter()
            .filter(|record| self.is_archived(&record.change))
            .filter_map(|record| known_id(&record.change))
            .map(|id| json!({"id": id}))
            .collect();
        if !ids.is_empty() {
            script.ask(|| {
                let url = self.hubspot.crm("objects", "/contacts/batch/archive");
                self.hubspot
                    .post("archive contacts", url, &json!({"inputs": ids}))
            })?;
        }
        Some(())
    }

    /// Adds to and removes from each list; answers with the ids that HubSpot does not know.
    fn move_between_lists(
        &self,
        batch: &Batch<'_>,
        written: &Written,
        script: &mut Script<'_>,
    ) -> Option<BTreeSet<String>> {
        let mut missing = BTreeSet::new();
        for audience in &self.audiences {
            let ids = |wanted: fn(&Change) -> Vec<&str>| -> Vec<String> {
                batch
                    .records
                    .iter()
                    .filter(|record| wanted(&record.change).contains(&audience.as_str()))
                    .filter_map(|record| id_of(record, written))
                    .collect()
            };
            let (add, remove) = (ids(Change::entered), ids(Change::exited));
            if add.is_empty() && remove.is_empty() {
                continue;
            }
            let list = batch
                .context
                .pointer("/lists")
                .and_then(|lists| lists.get(audience));
            let list = list.and_then(Value::as_str).unwrap_or("?");
            let answer = script.ask(|| {
                let url = self
                    .hubspot
                    .crm("lists", &format!("/{list}/memberships/add-and-remove"));
                self.hubspot
                    .request("change list", Method::Put, url)
                    .json(&json!({"recordIdsToAdd": add, "recordIdsToRemove": remove}))
            })?;
            missing.extend(missing_ids(answer).into_iter().filter(|id| add.contains(id)));
        }
        Some(missing)
    }
}

impl Codec for Contacts {
    fn prepare(&self, shape: &RunShape, so_far: &[Exchange]) -> Preparation {
        let mut script = Script::new(so_far);
        let needs = setup::Needs {
            properties: self.properties.iter().map(String::as_str).collect(),
            audiences: &self.audiences,
            creates: self.creates,
        };
        let outcome = setup::prepare(&self.hubspot, &needs, shape, &mut script);
        script.preparation(outcome)
    }

    fn encode(&self, change: &Change) -> Result<Payload, String> {
        if change.operation == Operation::Remove {
            return Ok(Payload::one("{}"));
        }
        let id = change
            .text(&self.hubspot.id_property)
            .ok_or_else(|| format!("`{}` is blank", self.hubspot.id_property))?;
        let mut properties = Map::new();
        for (name, value) in change.changed_fields() {
            if !self.properties.contains(&name) || (value.is_null() && change.before.is_none()) {
                continue;
            }
            properties.insert(name.clone(), property(&name, &value)?.into());
        }
        Ok(Payload::json(&json!({
            "id": id,
            "idProperty": self.hubspot.id_property,
            "objectWriteTraceId": trace(change),
            "properties": properties,
        })))
    }

    fn next(&self, batch: &Batch<'_>, so_far: &[Exchange]) -> Step {
        let mut script = Script::new(so_far);
        let outcomes = self.talk(batch, &mut script);
        script.step(outcomes)
    }

    fn classify(&self, request: &Request, response: &Response) -> Verdict {
        classify(request, response)
    }

    fn ease(&self, response: &Response) -> Option<std::time::Duration> {
        ease(response)
    }
}

/// What became of a row.
fn outcome(record: &Record, written: &mut Written, missing: &BTreeSet<String>) -> Outcome {
    let change = &record.change;
    if !is_written(change) {
        return match known_id(change) {
            Some(_) => Outcome::delivered(),
            None => Outcome::rejected("HubSpot's id of the contact is not known"),
        };
    }
    match written.remove(&trace(change)) {
        Some(Ok(id)) => {
            let id = id.or_else(|| known_id(change));
            let is_missing = id.as_ref().is_some_and(|id| missing.contains(id));
            let outcome = if is_missing {
                Outcome::again("the list does not know the contact yet")
            } else {
                Outcome::delivered()
            };
            match id {
                Some(id) => outcome.remembering(json!({"id": id})),
                None => outcome,
            }
        }
        Some(Err(outcome)) => outcome,
        None => Outcome::rejected("the answer says nothing of the row"),
    }
}

/// A property's value: all are text; blank clears.
fn property(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Array(items) => Ok(items.iter().filter_map(as_text).collect::<Vec<_>>().join(";")),
        scalar => as_text(scalar).ok_or_else(|| format!("`{name}` holds a structure")),
    }
}

fn is_written(change: &Change) -> bool {
    change.operation != Operation::Remove
}

fn trace(change: &Change) -> String {
    change.key.hash().chars().take(TRACE).collect()
}

fn known_id(change: &Change) -> Option<String> {
    change.remote.get("id").and_then(as_text)
}

fn id_of(record: &Record, written: &Written) -> Option<String> {
    match written.get(&trace(&record.change)) {
        Some(Ok(Some(id))) => Some(id.clone()),
        Some(Err(_)) => None,
        Some(Ok(None)) | None => known_id(&record.change),
    }
}

/// Reads a batch's answer: results and errors by trace id, results without one by the property that identifies.
fn read_written(answer: &Response, id_property: &str, records: &[Record]) -> Written {
    let body = answer.json().unwrap_or_default();
    let list = |member: &str| {
        body.get(member)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let mut written = Written::new();
    for result in list("results") {
        let id = result.get("id").and_then(as_text);
        let traced = result.get("objectWriteTraceId").and_then(as_text);
        let found = traced.or_else(|| {
            let value = result.get("properties")?.get(id_property).and_then(as_text)?;
            let record = records.iter().find(|record| {
                let own = record.change.text(id_property);
                own.is_some_and(|own| own.eq_ignore_ascii_case(&value))
            })?;
            Some(trace(&record.change))
        });
        if let Some(trace) = found {
            written.insert(trace, Ok(id));
        }
    }
    for error in list("errors") {
        let message = error.get("message").and_then(Value::as_str).unwrap_or("rejected");
        let is_transient = error.get("category").and_then(Value::as_str) == Some("INTERNAL_ERROR");
        let message = answers::shorten(message);
        let outcome = if is_transient {
            Outcome::again(message)
        } else {
            Outcome::rejected(message)
        };
        let traces = error
            .pointer("/context/objectWriteTraceId")
            .and_then(Value::as_array);
        for trace in traces.into_iter().flatten().filter_map(as_text) {
            written.insert(trace, Err(outcome.clone()));
        }
    }
    if written.is_empty() {
        let outcome = Outcome::rejected("HubSpot answered well and wrote nothing");
        written.extend(
            records
                .iter()
                .map(|record| (trace(&record.change), Err(outcome.clone()))),
        );
    }
    written
}

/// The ids that a list did not know; both spellings of the member are in use.
fn missing_ids(answer: &Response) -> Vec<String> {
    let body = answer.json().unwrap_or_default();
    ["recordIdsMissing", "recordsIdsMissing"]
        .iter()
        .filter_map(|member| body.get(*member)?.as_array().cloned())
        .flatten()
        .filter_map(|id| as_text(&id))
        .collect()
}
