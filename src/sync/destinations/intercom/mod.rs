//! Intercom: contacts one by one, tags for audiences, companies, events.
//!
//! There is no upsert: a contact is looked up, then created or updated. The search index lags behind, so a creation
//! may find that the contact is there after all; the answer names it, and it is updated instead. A contact that was
//! archived is brought back; one that was deleted for good is rejected.
//!
//! # Source
//! Intercom, API description 2.15; "Rate limiting" and "Error codes" (read 2026-11).

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

/// The members of a contact that are not custom attributes, but for those of its company.
const STANDARD: [&str; 10] = [
    "role",
    "external_id",
    "email",
    "phone",
    "name",
    "avatar",
    "signed_up_at",
    "last_seen_at",
    "owner_id",
    "unsubscribed_from_emails",
];

/// The fields that attach a contact to a company.
const COMPANY: [&str; 2] = ["company_id", "company_name"];

/// What custom attributes' fields begin with.
const CUSTOM: &str = "custom_attributes.";

/// The most metadata that an event may have; what is more is dropped without a word.
const MAX_METADATA: usize = 10;

/// The workspace, configured.
#[derive(Debug, Clone)]
struct Intercom {
    base_url: String,
    access_token: Secret,
    version: String,
}

/// Reads `access_token`, `base_url` (`https://api.eu.intercom.io`, `https://api.au.intercom.io`) and `api_version`.
pub(super) fn read(settings: &mut Settings<'_>) -> Option<Arc<dyn Destination>> {
    let access_token = settings.required_secret("access_token");
    let base_url = settings.address_or("base_url", "https://api.intercom.io");
    let version = settings.text("api_version").unwrap_or_else(|| "2.15".to_owned());
    Some(Arc::new(Intercom {
        base_url: base_url?,
        access_token: access_token?,
        version,
    }))
}

impl Intercom {
    fn request(&self, purpose: &'static str, method: Method, path: &str) -> Request {
        Request::new(purpose, method, format!("{}{path}", self.base_url))
            .hidden_header("authorization", format!("Bearer {}", self.access_token.expose()))
            .header("accept", "application/json")
            .header("intercom-version", self.version.clone())
    }

    fn post(&self, purpose: &'static str, path: &str, body: &Value) -> Request {
        self.request(purpose, Method::Post, path).json(body)
    }
}

impl Destination for Intercom {
    /// # Source
    /// 10,000 requests a minute for an application, in slices of ten seconds; a workspace's applications share more.
    fn limits(&self) -> Limits {
        Limits {
            max_items: 20,
            max_bytes: 1 << 20,
            requests_per_second: Some(50.0),
            concurrency: 4,
            timeout: Duration::from_secs(30),
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
        Some(self.request("read the tags", Method::Get, "/tags"))
    }

    fn read_probe(&self, request: &Request, response: &Response) -> Verdict {
        answers::classify_json(request, response)
    }

    fn codec(&self, sync: &SyncConfig) -> Result<Arc<dyn Codec>, Vec<Diagnostic>> {
        let fault = |message: String| Diagnostic::error(codes::SYNC_FIELD, message).at(sync.span.clone());
        if sync.mode == Mode::Track {
            return events::check(sync)
                .map_err(|message| vec![fault(message)])
                .map(|()| Arc::new(Events::new(self.clone())) as Arc<dyn Codec>);
        }
        let mut faults = Vec::new();
        for field in sync.field_names() {
            if !(STANDARD.contains(&field) || COMPANY.contains(&field) || field.starts_with(CUSTOM)) {
                let message = format!("sync `{}`: a contact has no field `{field}`", sync.name);
                faults.push(
                    fault(message)
                        .nearest(field, STANDARD.into_iter().chain(COMPANY))
                        .hint(format!(
                            "an attribute of your own is written as `{CUSTOM}{field}`"
                        )),
                );
            }
        }
        if !(sync.has_field("external_id") || sync.has_field("email")) {
            let message = format!(
                "sync `{}`: Intercom needs the field `external_id` or `email`",
                sync.name
            );
            faults.push(fault(message));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Arc::new(Contacts::new(self.clone(), sync)))
    }
}

/// What Intercom's answers mean: what is wrong with one contact is an answer, so that the others of its batch go on.
fn classify(request: &Request, response: &Response) -> Verdict {
    match response.status {
        400 | 404 | 409 | 422 => Verdict::Accept,
        // What was deleted for good cannot be restored, and says so with a 500 at times.
        500 if request.purpose == contacts::UNARCHIVE => Verdict::Accept,
        202 if response.body.is_empty() => Verdict::Accept,
        _ => answers::classify_json(request, response),
    }
}
