//! HubSpot: contacts by a unique property, manual lists for audiences, custom events.
//!
//! # Source
//! HubSpot, "Upsert contacts", "Lists" and "API usage guidelines" (read 2026-11). A batch answers 207 with the rows
//! that failed, by the `objectWriteTraceId` we gave them; a 2xx with neither results nor errors wrote nothing.

mod contacts;
mod events;
mod setup;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::error::{Diagnostic, codes};
use crate::host::Secret;
use crate::sync::answers;
use crate::sync::config::{Mode, Settings, SyncConfig};
use crate::sync::destination::{Codec, Destination, Limits, Verdict};
use crate::sync::transport::{Method, Request, Response};

use contacts::Contacts;
use events::Events;

/// The account, configured.
#[derive(Debug, Clone)]
struct HubSpot {
    base_url: String,
    access_token: Secret,
    version: String,
    id_property: String,
}

/// Reads `access_token`, `base_url`, `api_version` (`v3`, or a date such as `2026-03`) and `id_property`.
pub(super) fn read(settings: &mut Settings<'_>) -> Option<Arc<dyn Destination>> {
    let access_token = settings.required_secret("access_token");
    let base_url = settings.address_or("base_url", "https://api.hubapi.com");
    let version = settings.text("api_version").unwrap_or_else(|| "v3".to_owned());
    let id_property = settings.text("id_property").unwrap_or_else(|| "email".to_owned());
    Some(Arc::new(HubSpot {
        base_url: base_url?,
        access_token: access_token?,
        version,
        id_property,
    }))
}

impl HubSpot {
    /// A path of the CRM API: versions stand before the area, dates after it.
    fn crm(&self, area: &str, rest: &str) -> String {
        let (base, version) = (&self.base_url, &self.version);
        if version.starts_with('v') {
            format!("{base}/crm/{version}/{area}{rest}")
        } else {
            format!("{base}/crm/{area}/{version}{rest}")
        }
    }

    fn request(&self, purpose: &'static str, method: Method, url: String) -> Request {
        Request::new(purpose, method, url)
            .hidden_header("authorization", format!("Bearer {}", self.access_token.expose()))
    }

    fn post(&self, purpose: &'static str, url: String, body: &Value) -> Request {
        self.request(purpose, Method::Post, url).json(body)
    }
}

impl Destination for HubSpot {
    /// # Source
    /// 100 contacts in a batch; private apps of the smallest accounts have 100 requests in 10 seconds.
    fn limits(&self) -> Limits {
        Limits {
            max_items: 100,
            max_bytes: 3 << 20,
            requests_per_second: Some(9.0),
            concurrency: 2,
            timeout: Duration::from_mins(1),
            max_attempts: 8,
            max_throttle: Duration::from_mins(15),
        }
    }

    fn modes(&self) -> &'static [Mode] {
        &[
            Mode::Upsert,
            Mode::Insert,
            Mode::Update,
            Mode::Mirror,
            Mode::Audience,
            Mode::Track,
        ]
    }

    fn is_marketing(&self) -> bool {
        true
    }

    fn probe(&self) -> Option<Request> {
        let url = self.crm("objects", "/contacts?limit=1");
        Some(self.request("read one contact", Method::Get, url))
    }

    fn read_probe(&self, request: &Request, response: &Response) -> Verdict {
        classify(request, response)
    }

    fn codec(&self, sync: &SyncConfig) -> Result<Arc<dyn Codec>, Vec<Diagnostic>> {
        let fault =
            |message: String| vec![Diagnostic::error(codes::SYNC_FIELD, message).at(sync.span.clone())];
        if sync.mode == Mode::Track {
            let has_contact = sync.has_field("email") || sync.has_field("object_id");
            if !(sync.has_field("event") && has_contact) {
                return Err(fault(format!(
                    "sync `{}`: the mode `track` needs the fields `event`, and `email` or `object_id`",
                    sync.name
                )));
            }
            return Ok(Arc::new(Events::new(self.clone(), sync)));
        }
        if !sync.has_field(&self.id_property) {
            return Err(fault(format!(
                "sync `{}`: HubSpot needs the field `{}`, by which contacts are found",
                sync.name, self.id_property
            )));
        }
        if let Some(field) = sync.field_names().find(|name| name.starts_with("hs_")) {
            return Err(fault(format!(
                "sync `{}`: `{field}` is HubSpot's own and cannot be set",
                sync.name
            )));
        }
        Ok(Arc::new(Contacts::new(self.clone(), sync)))
    }
}

/// What HubSpot's answers mean: daily limits pause, the short ones say how long; what is not there is an answer when
/// it was looked for.
fn classify(request: &Request, response: &Response) -> Verdict {
    match response.status {
        404 if request.purpose == setup::FIND_LIST => Verdict::Accept,
        429 => throttle(request, response),
        204 => Verdict::Accept,
        _ => answers::classify_json(request, response),
    }
}

fn throttle(request: &Request, response: &Response) -> Verdict {
    let reason = answers::describe(request, response);
    let body = String::from_utf8_lossy(&response.body).to_lowercase();
    if body.contains("daily") {
        return Verdict::Pause(reason);
    }
    let short = if body.contains("secondly") && !body.contains("ten_secondly") {
        1
    } else {
        10
    };
    let wait = answers::wait(response).unwrap_or(Duration::from_secs(short));
    Verdict::Throttle {
        wait: Some(wait),
        reason,
    }
}

/// Holds back when the ten seconds' requests are used up.
fn ease(response: &Response) -> Option<Duration> {
    let remaining = response.number_header("x-hubspot-ratelimit-remaining")?;
    let interval = response.number_header("x-hubspot-ratelimit-interval-milliseconds")?;
    let wait = Duration::try_from_secs_f64(interval / 1000.0).ok()?;
    (remaining <= 0.0).then_some(wait.min(Duration::from_mins(1)))
}
