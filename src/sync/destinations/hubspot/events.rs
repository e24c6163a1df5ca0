//! Custom events: sent once each; HubSpot drops a repeated `uuid` for a year.

use serde_json::{Map, Value, json};

use super::{HubSpot, classify, ease};
use crate::sync::change::{Change, as_text};
use crate::sync::config::SyncConfig;
use crate::sync::destination::{Batch, Codec, Outcome, Payload, Step, Verdict};
use crate::sync::identity::message_uuid;
use crate::sync::transport::{Exchange, Request, Response};

/// The fields that are members of the event itself; all others are its properties.
const RESERVED: [&str; 4] = ["event", "email", "object_id", "timestamp"];

/// Events as one sync sends them.
#[derive(Debug)]
pub(super) struct Events {
    hubspot: HubSpot,
    namespace: String,
}

impl Events {
    pub(super) fn new(hubspot: HubSpot, sync: &SyncConfig) -> Self {
        Self {
            namespace: format!("{}|{}", hubspot.base_url, sync.name),
            hubspot,
        }
    }
}

impl Codec for Events {
    fn encode(&self, change: &Change) -> Result<Payload, String> {
        let mut event = Map::new();
        let name = change.text("event").ok_or("`event` is blank")?;
        event.insert("eventName".to_owned(), name.into());
        match (change.text("object_id"), change.text("email")) {
            (Some(id), _) => event.insert("objectId".to_owned(), id.into()),
            (None, Some(email)) => event.insert("email".to_owned(), email.into()),
            (None, None) => return Err("neither `email` nor `object_id` has a value".to_owned()),
        };
        if let Some(at) = change.text("timestamp") {
            event.insert("occurredAt".to_owned(), at.into());
        }
        let properties: Map<String, Value> = change
            .now
            .fields
            .iter()
            .filter(|(name, _)| !RESERVED.contains(&name.as_str()))
            .filter_map(|(name, value)| Some((name.clone(), as_text(value)?.into())))
            .collect();
        event.insert("properties".to_owned(), Value::Object(properties));
        event.insert(
            "uuid".to_owned(),
            message_uuid(&self.namespace, change, "event").into(),
        );
        Ok(Payload::json(&Value::Object(event)))
    }

    fn next(&self, batch: &Batch<'_>, so_far: &[Exchange]) -> Step {
        if !so_far.is_empty() {
            return Step::Done(batch.records.iter().map(|_| Outcome::delivered()).collect());
        }
        let inputs: Vec<Value> = batch
            .records
            .iter()
            .map(|record| record.payload.to_json())
            .collect();
        let url = format!("{}/events/v3/send/batch", self.hubspot.base_url);
        Step::Send(vec![self.hubspot.post(
            "send events",
            url,
            &json!({"inputs": inputs}),
        )])
    }

    fn classify(&self, request: &Request, response: &Response) -> Verdict {
        match response.status {
            // Only 204 says that events were taken.
            200..=203 => Verdict::Retry(format!(
                "{}: the answer is not the 204 it should be",
                request.purpose
            )),
            _ => classify(request, response),
        }
    }

    fn ease(&self, response: &Response) -> Option<std::time::Duration> {
        ease(response)
    }
}
