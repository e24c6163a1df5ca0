//! Events: one request each. Intercom drops those that share contact, name and second.

use serde_json::{Map, Value};

use super::contacts::epoch;
use super::{Intercom, MAX_METADATA, classify};
use crate::sync::answers;
use crate::sync::change::Change;
use crate::sync::config::SyncConfig;
use crate::sync::destination::{Batch, Codec, Outcome, Payload, Step, Verdict};
use crate::sync::script::Script;
use crate::sync::transport::{Exchange, Request, Response};

/// The fields that say who an event is about, and what Intercom calls them.
const WHO: [(&str, &str); 3] = [("contact_id", "id"), ("user_id", "user_id"), ("email", "email")];

/// The fields that are members of the event itself.
const RESERVED: [&str; 5] = ["event", "timestamp", "contact_id", "user_id", "email"];

/// Checks that a sync's fields make an event.
pub(super) fn check(sync: &SyncConfig) -> Result<(), String> {
    let name = &sync.name;
    if !sync.has_field("event") || !sync.has_field("timestamp") {
        return Err(format!(
            "sync `{name}`: the mode `track` needs the fields `event` and `timestamp`"
        ));
    }
    if !WHO.iter().any(|(field, _)| sync.has_field(field)) {
        return Err(format!(
            "sync `{name}`: the mode `track` needs `user_id`, `email` or `contact_id`"
        ));
    }
    let metadata = sync.field_names().filter(|name| !RESERVED.contains(name)).count();
    if metadata > MAX_METADATA {
        return Err(format!(
            "sync `{name}`: an event has {MAX_METADATA} fields at most, here are {metadata}"
        ));
    }
    Ok(())
}

/// Events as one sync sends them.
#[derive(Debug)]
pub(super) struct Events {
    intercom: Intercom,
}

impl Events {
    pub(super) fn new(intercom: Intercom) -> Self {
        Self { intercom }
    }

    fn talk(&self, batch: &Batch<'_>, script: &mut Script<'_>) -> Option<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(batch.records.len());
        for record in batch.records {
            let answer = script.ask(|| {
                self.intercom
                    .post("send event", "/events", &record.payload.to_json())
            })?;
            outcomes.push(if answer.is_success() {
                Outcome::delivered()
            } else {
                Outcome::rejected(format!(
                    "send event: {}: {}",
                    answer.status,
                    answers::message(answer)
                ))
            });
        }
        Some(outcomes)
    }
}

impl Codec for Events {
    fn encode(&self, change: &Change) -> Result<Payload, String> {
        let mut event = Map::new();
        let name = change.text("event").ok_or("`event` is blank")?;
        event.insert("event_name".to_owned(), name.into());
        let at = change.text("timestamp").and_then(|text| epoch(&text));
        event.insert(
            "created_at".to_owned(),
            at.ok_or("`timestamp` is not an instant")?.into(),
        );
        let who = WHO
            .iter()
            .find_map(|(field, member)| Some((*member, change.text(field)?)));
        let (member, id) = who.ok_or("nothing says which contact the event is about")?;
        event.insert(member.to_owned(), id.into());
        let metadata: Map<String, Value> = change
            .now
            .fields
            .iter()
            .filter(|(name, value)| !RESERVED.contains(&name.as_str()) && !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if metadata
            .values()
            .any(|value| value.is_object() || value.is_array())
        {
            return Err("an event's fields cannot hold lists or structures".to_owned());
        }
        event.insert("metadata".to_owned(), Value::Object(metadata));
        Ok(Payload::json(&Value::Object(event)))
    }

    fn next(&self, batch: &Batch<'_>, so_far: &[Exchange]) -> Step {
        let mut script = Script::new(so_far);
        let outcomes = self.talk(batch, &mut script);
        script.step(outcomes)
    }

    fn classify(&self, request: &Request, response: &Response) -> Verdict {
        // Only 202 says that an event was taken.
        if response.status == 200 {
            return Verdict::Retry(format!(
                "{}: the answer is not the 202 it should be",
                request.purpose
            ));
        }
        classify(request, response)
    }
}
