//! Event services of one tongue: Segment and RudderStack.
//!
//! Both take `identify` and `track` messages in batches and both answer 200 before they have looked at them, so
//! everything is checked here. A message's identifier is the same on every attempt and new for every delivery, since
//! both drop what they have seen before: a contact who enters an audience twice in a day is told of twice.
//!
//! # Source
//! Segment, "HTTP Tracking API" and "Using Engage Data"; RudderStack, "HTTP API" (read 2026-11).

mod message;
mod rudderstack;
mod segment;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

use crate::error::{Diagnostic, codes};
use crate::host::Secret;
use crate::sync::answers;
use crate::sync::change::{Change, sha256_hex};
use crate::sync::config::{Mode, SyncConfig};
use crate::sync::destination::{Batch, Codec, Destination, Limits, Outcome, Payload, Step, Verdict};
use crate::sync::transport::{Exchange, Method, Request, Response};

use message::Writer;

pub(super) use rudderstack::read as read_rudderstack;
pub(super) use segment::read as read_segment;

/// The largest message that either service takes.
const MAX_MESSAGE_BYTES: usize = 32 << 10;

/// What goes around the messages of a batch.
const OPENING: &[u8] = concat!(
    r#"{"context":{"library":{"name":"headwater","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""}},"integrations":{"All":true},"batch":["#
)
.as_bytes();
const CLOSING: &[u8] = b"]}";

/// A service, configured.
#[derive(Debug, Clone)]
struct EventService {
    dialect: Dialect,
    base_url: String,
    write_key: Secret,
    gzip: bool,
}

/// Where the two services differ.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    limits: fn() -> Limits,
    classify: fn(&Request, &Response) -> Verdict,
}

impl EventService {
    fn request(&self, purpose: &'static str, body: Bytes) -> Request {
        let credentials = BASE64_STANDARD.encode(format!("{}:", self.write_key.expose()));
        let mut request = Request::new(purpose, Method::Post, format!("{}/v1/batch", self.base_url))
            .hidden_header("authorization", format!("Basic {credentials}"))
            .json_bytes(body);
        request.gzip = self.gzip;
        request
    }
}

impl Destination for EventService {
    fn limits(&self) -> Limits {
        (self.dialect.limits)()
    }

    fn modes(&self) -> &'static [Mode] {
        &[Mode::Identify, Mode::Track, Mode::Audience]
    }

    fn is_marketing(&self) -> bool {
        true
    }

    fn probe(&self) -> Option<Request> {
        Some(self.request("try the write key", batch_body(&[])))
    }

    /// An empty batch is refused by whoever has accepted the key.
    fn read_probe(&self, request: &Request, response: &Response) -> Verdict {
        match (self.dialect.classify)(request, response) {
            Verdict::Refuse(_) => Verdict::Accept,
            verdict => verdict,
        }
    }

    fn codec(&self, sync: &SyncConfig) -> Result<Arc<dyn Codec>, Vec<Diagnostic>> {
        if sync.mode == Mode::Track {
            let has_user = sync.has_field("user_id") || sync.has_field("anonymous_id");
            let missing = match (sync.has_field("event"), has_user) {
                (true, true) => None,
                (false, _) => Some("`event`, the event's name"),
                (true, false) => Some("`user_id` or `anonymous_id`"),
            };
            if let Some(missing) = missing {
                let message = format!("sync `{}`: the mode `track` needs the field {missing}", sync.name);
                let fault = Diagnostic::error(codes::SYNC_FIELD, message)
                    .at(sync.span.clone())
                    .hint("a constant is written as `event: {value: \"Issue Created\"}`");
                return Err(vec![fault]);
            }
        }
        let tenant = sha256_hex(self.write_key.expose().as_bytes());
        Ok(Arc::new(EventCodec {
            service: self.clone(),
            writer: Writer::new(&tenant, sync),
        }))
    }
}

/// A batch of messages that are JSON already.
fn batch_body(messages: &[&Bytes]) -> Bytes {
    let length = messages.iter().map(|message| message.len() + 1).sum::<usize>();
    let mut body = Vec::with_capacity(OPENING.len() + length + CLOSING.len());
    body.extend_from_slice(OPENING);
    for (index, message) in messages.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(message);
    }
    body.extend_from_slice(CLOSING);
    Bytes::from(body)
}

#[derive(Debug)]
struct EventCodec {
    service: EventService,
    writer: Writer,
}

impl Codec for EventCodec {
    fn encode(&self, change: &Change) -> Result<Payload, String> {
        let messages = self.writer.messages(change)?;
        let mut bytes = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            if index > 0 {
                bytes.push(b',');
            }
            let start = bytes.len();
            serde_json::to_writer(&mut bytes, message).map_err(|e| e.to_string())?;
            let length = bytes.len() - start;
            if length > MAX_MESSAGE_BYTES {
                return Err(format!(
                    "a message of {length} bytes: the service takes {MAX_MESSAGE_BYTES}"
                ));
            }
        }
        Ok(Payload {
            bytes: Bytes::from(bytes),
            items: messages.len(),
        })
    }

    fn next(&self, batch: &Batch<'_>, so_far: &[Exchange]) -> Step {
        if !so_far.is_empty() {
            return Step::Done(batch.records.iter().map(|_| Outcome::delivered()).collect());
        }
        let messages: Vec<&Bytes> = batch.records.iter().map(|record| &record.payload.bytes).collect();
        Step::Send(vec![self.service.request("send messages", batch_body(&messages))])
    }

    fn classify(&self, request: &Request, response: &Response) -> Verdict {
        match (self.service.dialect.classify)(request, response) {
            Verdict::Accept if answers::is_foreign(response) => Verdict::Retry(format!(
                "{}: the answer is not the service's own",
                request.purpose
            )),
            Verdict::Accept if is_denied(response) => Verdict::Refuse(answers::describe(request, response)),
            verdict => verdict,
        }
    }

    /// One person's messages stay in order, whichever rows they are from.
    fn order_key<'c>(&self, change: &'c Change) -> Cow<'c, str> {
        message::user(change)
    }
}

fn is_denied(response: &Response) -> bool {
    response
        .json()
        .is_some_and(|body| body.get("success") == Some(&serde_json::Value::Bool(false)))
}

/// The limits that both have, but for the bytes of a batch and the pace.
fn limits(max_items: usize, max_bytes: usize, requests_per_second: f64) -> Limits {
    Limits {
        max_items,
        max_bytes: max_bytes - OPENING.len() - CLOSING.len(),
        requests_per_second: Some(requests_per_second),
        concurrency: 4,
        timeout: Duration::from_secs(30),
        max_attempts: 10,
        max_throttle: Duration::from_mins(15),
    }
}
