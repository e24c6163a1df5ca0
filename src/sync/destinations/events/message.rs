//! From a change to messages.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::{Map, Value, json};

use crate::sync::change::{Change, Operation, sha256_hex};
use crate::sync::config::{Mode, SyncConfig};
use crate::sync::identity::message_id;

/// The fields that are members of the message itself; all others are traits or properties.
const RESERVED: [&str; 4] = ["user_id", "anonymous_id", "event", "timestamp"];

/// Writes the messages of one sync.
#[derive(Debug)]
pub(super) struct Writer {
    namespace: String,
    tenant: String,
    mode: Mode,
    keeps_audiences: bool,
    maps_user: bool,
}

impl Writer {
    pub(super) fn new(tenant: &str, sync: &SyncConfig) -> Self {
        Self {
            namespace: format!("{tenant}|{}", sync.name),
            tenant: tenant.to_owned(),
            mode: sync.mode,
            keeps_audiences: !sync.audiences.is_empty(),
            maps_user: sync.has_field("user_id") || sync.has_field("anonymous_id"),
        }
    }

    /// The messages of a change; none where nothing has to be said.
    ///
    /// # Errors
    /// What the service would drop without a word.
    pub(super) fn messages(&self, change: &Change) -> Result<Vec<Value>, String> {
        match self.mode {
            Mode::Track => Ok(vec![self.track(change)?]),
            Mode::Audience => self.membership(change),
            _ => {
                let mut messages: Vec<Value> = self.identify(change)?.into_iter().collect();
                if self.keeps_audiences {
                    messages.extend(self.membership(change)?);
                }
                Ok(messages)
            }
        }
    }

    fn track(&self, change: &Change) -> Result<Value, String> {
        let event = change.text("event").ok_or("`event` is blank")?;
        let mut message = self.message("track", change, "track")?;
        message.insert("event".to_owned(), event.into());
        message.insert(
            "properties".to_owned(),
            Value::Object(nested(present(change.now.fields.clone()))),
        );
        stamp(&mut message, change)?;
        Ok(Value::Object(message))
    }

    /// The traits that are not as they were; none where all are, and for a row that goes, since neither service can
    /// forget.
    fn identify(&self, change: &Change) -> Result<Option<Value>, String> {
        if change.operation == Operation::Remove {
            return Ok(None);
        }
        let changed = change.changed_fields();
        let traits = if change.before.is_some() {
            own(changed)
        } else {
            present(changed)
        };
        if traits.is_empty() {
            return Ok(None);
        }
        let mut message = self.message("identify", change, "identify")?;
        message.insert("traits".to_owned(), Value::Object(nested(traits)));
        stamp(&mut message, change)?;
        Ok(Some(Value::Object(message)))
    }

    /// For each audience entered or left: an `identify` with the trait, and the event that Engage sends.
    fn membership(&self, change: &Change) -> Result<Vec<Value>, String> {
        let entered = change.entered().into_iter().map(|name| (name, true));
        let exited = change.exited().into_iter().map(|name| (name, false));
        let mut messages = Vec::new();
        for (name, is_member) in entered.chain(exited) {
            let mut identify = self.message("identify", change, &format!("{name}|trait"))?;
            let mut traits = Map::new();
            if let Some(email) = email(change) {
                traits.insert("email".to_owned(), email.into());
            }
            traits.insert(name.to_owned(), is_member.into());
            identify.insert("traits".to_owned(), Value::Object(traits));
            messages.push(Value::Object(identify));

            let mut track = self.message("track", change, &format!("{name}|event"))?;
            let event = if is_member {
                "Audience Entered"
            } else {
                "Audience Exited"
            };
            track.insert("event".to_owned(), event.into());
            track.insert(
                "properties".to_owned(),
                json!({"audience_key": name, name: is_member}),
            );
            track.insert("context".to_owned(), self.context(name, change));
            messages.push(Value::Object(track));
        }
        Ok(messages)
    }

    /// The context that Engage gives to an audience's events, so that Segment's own list destinations work on them.
    fn context(&self, audience: &str, change: &Change) -> Value {
        let id = |prefix: &str, text: &str| {
            let hash = sha256_hex(text.as_bytes());
            format!("{prefix}_{}", hash.get(..27).unwrap_or_default())
        };
        let space = id("spa", &self.tenant);
        let personas = json!({
            "computation_class": "audience",
            "computation_id": id("aud", &format!("{}|{audience}", self.namespace)),
            "computation_key": audience,
            "namespace": space,
            "space_id": space,
        });
        match email(change) {
            Some(email) => json!({"personas": personas, "traits": {"email": email}}),
            None => json!({"personas": personas}),
        }
    }

    /// Begins a message: its type, its identifier and who it is about.
    fn message(&self, kind: &str, change: &Change, part: &str) -> Result<Map<String, Value>, String> {
        let mut message = Map::new();
        message.insert("type".to_owned(), kind.into());
        message.insert(
            "messageId".to_owned(),
            message_id(&self.namespace, change, part).into(),
        );
        if let Some(user) = change.text("user_id") {
            message.insert("userId".to_owned(), user.into());
        }
        if let Some(anonymous) = change.text("anonymous_id") {
            message.insert("anonymousId".to_owned(), anonymous.into());
        }
        if message.len() > 2 {
            return Ok(message);
        }
        if self.maps_user {
            return Err("neither `user_id` nor `anonymous_id` has a value".to_owned());
        }
        message.insert("userId".to_owned(), change.key.expose().into());
        Ok(message)
    }
}

/// Gives the message the row's own time, where there is one.
fn stamp(message: &mut Map<String, Value>, change: &Change) -> Result<(), String> {
    if let Some(text) = change.text("timestamp") {
        let at = instant(&text).ok_or("`timestamp` is not an instant")?;
        message.insert("timestamp".to_owned(), at.into());
    }
    Ok(())
}

/// Who the change is about: what orders its messages.
pub(super) fn user(change: &Change) -> Cow<'_, str> {
    let mapped = change.text("user_id").or_else(|| change.text("anonymous_id"));
    mapped.map_or_else(|| change.key.expose().into(), Cow::Owned)
}

/// An instant as ISO 8601 with milliseconds, in UTC.
fn instant(text: &str) -> Option<String> {
    let parsed = DateTime::parse_from_rfc3339(text)
        .map(|at| at.naive_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"))
        .ok()
        .or_else(|| {
            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()?
                .and_hms_opt(0, 0, 0)
        })?;
    Some(parsed.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// The row's address: its field `email`, else its key if that is one.
fn email(change: &Change) -> Option<String> {
    change.text("email").or_else(|| {
        change
            .key
            .expose()
            .contains('@')
            .then(|| change.key.expose().to_owned())
    })
}

/// The fields that are not members of the message itself.
fn own(mut fields: Map<String, Value>) -> Map<String, Value> {
    fields.retain(|name, _| !RESERVED.contains(&name.as_str()));
    fields
}

/// Those of them that have a value.
fn present(fields: Map<String, Value>) -> Map<String, Value> {
    let mut own = own(fields);
    own.retain(|_, value| !value.is_null());
    own
}

/// Makes `{"address": {"city": …}}` of `address.city`; the prefixes `traits.` and `properties.` are dropped.
fn nested(fields: Map<String, Value>) -> Map<String, Value> {
    let mut root = Map::new();
    for (name, value) in fields {
        let path = name
            .strip_prefix("traits.")
            .or_else(|| name.strip_prefix("properties."))
            .unwrap_or(&name);
        put(&mut root, path, value);
    }
    root
}

fn put(into: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        into.insert(path.to_owned(), value);
        return;
    };
    let inner = into.entry(first).or_insert_with(|| Value::Object(Map::new()));
    // A field and a member of it cannot both be there: the field that came first stays.
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}
