//! Segment and RudderStack: both answer 200 first and look later, and drop the messages they have seen.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::{audience_counts, list, text};
use crate::sync::server::{Call, Reply, World};

pub struct Events {
    max_bytes: usize,
    refuses: bool,
    traits: BTreeMap<String, Map<String, Value>>,
    members: BTreeMap<String, BTreeSet<String>>,
    tracks: Vec<Value>,
    seen: BTreeSet<String>,
    repeated: usize,
    audiences_only: bool,
}

impl Events {
    pub fn segment() -> Self {
        Self::new(500_000, false, false)
    }

    pub fn rudderstack() -> Self {
        Self::new(4_000_000, true, true)
    }

    fn new(max_bytes: usize, refuses: bool, audiences_only: bool) -> Self {
        Self {
            max_bytes,
            refuses,
            traits: BTreeMap::new(),
            members: BTreeMap::new(),
            tracks: Vec::new(),
            seen: BTreeSet::new(),
            repeated: 0,
            audiences_only,
        }
    }

    fn take(&mut self, message: &Value) {
        let id = text(message, "/messageId").unwrap();
        assert!(id.len() < 100 && id.starts_with("hw-"), "{id}");
        if !self.seen.insert(id.to_owned()) {
            self.repeated += 1;
            return;
        }
        let user = text(message, "/userId")
            .expect("every message names its user")
            .to_owned();
        match text(message, "/type") {
            Some("identify") => {
                let traits = self.traits.entry(user).or_default();
                for (name, value) in message["traits"].as_object().unwrap() {
                    traits.insert(name.clone(), value.clone());
                }
            }
            Some("track") => {
                self.tracks.push(message.clone());
                self.take_track(user, message);
            }
            other => panic!("a message of type {other:?}"),
        }
    }

    fn take_track(&mut self, user: String, message: &Value) {
        let Some(key) = text(message, "/properties/audience_key") else {
            return;
        };
        let is_member = message["properties"][key] == json!(true);
        let expected = if is_member {
            "Audience Entered"
        } else {
            "Audience Exited"
        };
        assert_eq!(text(message, "/event"), Some(expected));
        assert_eq!(
            text(message, "/context/personas/computation_class"),
            Some("audience")
        );
        assert_eq!(text(message, "/context/personas/computation_key"), Some(key));
        let audiences = self.members.entry(user).or_default();
        if is_member {
            audiences.insert(key.to_owned());
        } else {
            audiences.remove(key);
        }
    }
}

impl World for Events {
    fn answer(&mut self, call: &Call) -> Reply {
        let key = format!("Basic {}", BASE64_STANDARD.encode("secret-TOKEN:"));
        if call.authorization != key {
            return self.expired();
        }
        let messages = list(&call.body, "/batch");
        if messages.is_empty() {
            return Reply::text(400, "empty batch payload");
        }
        if call.bytes > self.max_bytes {
            return Reply::text(413, "request size exceeds max limit");
        }
        let is_bad =
            |message: &Value| text(message, "/userId").is_some_and(|user| user.starts_with("poison"));
        if self.refuses && messages.iter().any(is_bad) {
            return Reply::text(400, "event is not a valid rudder event");
        }
        for message in messages {
            assert!(message.to_string().len() <= 32 << 10);
            self.take(message);
        }
        Reply::json(200, &json!({"success": true}))
    }

    fn is_write(&self, call: &Call) -> bool {
        !list(&call.body, "/batch").is_empty()
    }

    fn state(&self) -> BTreeMap<String, Value> {
        if self.audiences_only {
            let members = self.members.iter().filter(|(_, audiences)| !audiences.is_empty());
            return members
                .map(|(user, audiences)| (user.clone(), json!(audiences)))
                .collect();
        }
        self.traits
            .iter()
            .map(|(user, traits)| {
                let hot = self
                    .members
                    .get(user)
                    .is_some_and(|audiences| audiences.contains("hot"));
                assert_eq!(
                    traits.get("hot").cloned().unwrap_or(json!(false)),
                    json!(hot),
                    "{user}"
                );
                let field = |name: &str| traits.get(name).cloned().unwrap_or_default();
                (
                    user.clone(),
                    json!({"name": field("name"), "score": field("score"), "hot": hot}),
                )
            })
            .collect()
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = audience_counts(self.members.values().flatten());
        counts.insert("contacts".to_owned(), self.traits.len());
        let events = self.tracks.iter().filter_map(|event| text(event, "/event"));
        for event in events.filter(|event| !event.starts_with("Audience ")) {
            *counts.entry(format!("event {event}")).or_default() += 1;
        }
        counts
    }

    fn expired(&self) -> Reply {
        Reply::text(401, "invalid write key secret-TOKEN")
    }

    fn hollow(&self) -> Option<Reply> {
        None
    }

    fn repeated(&self) -> usize {
        self.repeated
    }
}
