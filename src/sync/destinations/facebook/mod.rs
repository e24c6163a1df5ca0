//! Meta (Facebook) custom audiences: members by hashed identifiers, added and removed.
//!
//! # Source
//! Meta, "Customer File Custom Audiences", "Marketing API Rate Limiting" (v25.0, read 2026-11). The HTTP status says
//! little; the code in the body says what an error is.

mod answer;
mod member;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::error::{Diagnostic, codes};
use crate::host::Secret;
use crate::sync::change::{Change, Operation, as_text, sha256_hex};
use crate::sync::config::{Mode, Settings, SyncConfig};
use crate::sync::destination::{
    Batch, Codec, Destination, Limits, Outcome, Payload, Preparation, RunShape, Step, Verdict,
};
use crate::sync::script::Script;
use crate::sync::transport::{Exchange, Method, Request, Response};

use member::{Identifier, Member};

/// The ad account, configured.
#[derive(Debug, Clone)]
struct Facebook {
    base_url: String,
    version: String,
    account: String,
    access_token: Secret,
    app_secret: Option<Secret>,
    file_source: &'static str,
}

/// Reads `access_token`, `ad_account_id`, `app_secret`, `base_url`, `api_version` and `customer_file_source`.
pub(super) fn read(settings: &mut Settings<'_>) -> Option<Arc<dyn Destination>> {
    let access_token = settings.required_secret("access_token");
    let account = settings.required_text("ad_account_id");
    let app_secret = settings.secret("app_secret");
    let version = settings.text("api_version").unwrap_or_else(|| "v25.0".to_owned());
    let sources = [
        "USER_PROVIDED_ONLY",
        "PARTNER_PROVIDED_ONLY",
        "BOTH_USER_AND_PARTNER_PROVIDED",
    ];
    let file_source = settings.choice("customer_file_source", &sources);
    let base_url = settings.address_or("base_url", "https://graph.facebook.com");
    let account = account?;
    Some(Arc::new(Facebook {
        base_url: base_url?,
        version,
        account: account.strip_prefix("act_").unwrap_or(&account).to_owned(),
        access_token: access_token?,
        app_secret,
        file_source: file_source.unwrap_or("USER_PROVIDED_ONLY"),
    }))
}

impl Facebook {
    /// A request; the token travels in a header, so that no address holds it.
    fn request(&self, purpose: &'static str, method: Method, path: &str) -> Request {
        let mut url = format!("{}/{}/{path}", self.base_url, self.version);
        if let Some(proof) = self.proof() {
            let sign = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{sign}appsecret_proof={proof}");
        }
        Request::new(purpose, method, url)
            .hidden_header("authorization", format!("Bearer {}", self.access_token.expose()))
    }

    fn proof(&self) -> Option<String> {
        let secret = self.app_secret.as_ref()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
        mac.update(self.access_token.expose().as_bytes());
        Some(hex::encode(mac.finalize().into_bytes()))
    }
}

impl Destination for Facebook {
    /// # Source
    /// 10,000 members in a request; 5,000 requests an hour for the lowest tier.
    fn limits(&self) -> Limits {
        Limits {
            max_items: 10_000,
            max_bytes: 8 << 20,
            requests_per_second: Some(5.0),
            concurrency: 2,
            timeout: Duration::from_mins(1),
            max_attempts: 8,
            max_throttle: Duration::from_hours(1),
        }
    }

    fn modes(&self) -> &'static [Mode] {
        &[Mode::Audience]
    }

    fn is_marketing(&self) -> bool {
        true
    }

    fn probe(&self) -> Option<Request> {
        let path = format!("act_{}?fields=id,name", self.account);
        Some(self.request("read the ad account", Method::Get, &path))
    }

    fn read_probe(&self, request: &Request, response: &Response) -> Verdict {
        answer::classify(request, response)
    }

    fn codec(&self, sync: &SyncConfig) -> Result<Arc<dyn Codec>, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let mut identifiers = Vec::new();
        for field in sync.field_names() {
            if let Some(identifier) = Identifier::of(field) {
                identifiers.push((field.to_owned(), identifier));
                continue;
            }
            let message = format!("sync `{}`: Meta knows no identifier `{field}`", sync.name);
            let fault = Diagnostic::error(codes::SYNC_FIELD, message)
                .at(sync.span.clone())
                .nearest(field, Identifier::names());
            faults.push(fault);
        }
        if identifiers.is_empty() && faults.is_empty() {
            let message = format!("sync `{}`: Meta needs `fields`: `email`, `phone`, …", sync.name);
            faults.push(Diagnostic::error(codes::SYNC_FIELD, message).at(sync.span.clone()));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Arc::new(Audiences {
            facebook: self.clone(),
            identifiers,
            names: sync.audiences.clone(),
            description: sync.description.clone(),
        }))
    }
}

/// Audiences as one sync fills them.
#[derive(Debug)]
struct Audiences {
    facebook: Facebook,
    identifiers: Vec<(String, Identifier)>,
    names: Vec<String>,
    description: String,
}

/// Members to add to or remove from one audience, of one schema: one request.
type Groups = BTreeMap<(usize, bool, Vec<String>), Vec<Vec<String>>>;

impl Audiences {
    /// What a batch comes to; removals go first, so that a member whose identifiers changed ends up in.
    fn groups(&self, batch: &Batch<'_>) -> Groups {
        let mut groups = Groups::new();
        for record in batch.records {
            let change = &record.change;
            let now = Member::from_json(&record.payload.to_json());
            let sent = Member::from_json(&change.remote);
            let identifiers_changed = sent.is_some() && now.is_some() && sent != now;
            for (index, audience) in self.names.iter().enumerate() {
                let name = audience.as_str();
                let stays = change.now.audiences.contains(audience) && !change.entered().contains(&name);
                if let Some(sent) = &sent
                    && (change.exited().contains(&name) || (stays && identifiers_changed))
                {
                    let key = (index, false, sent.schema.clone());
                    groups.entry(key).or_default().push(sent.row.clone());
                }
                if let Some(now) = &now
                    && (change.entered().contains(&name) || (stays && identifiers_changed))
                {
                    let key = (index, true, now.schema.clone());
                    groups.entry(key).or_default().push(now.row.clone());
                }
            }
        }
        groups
    }

    fn talk(&self, batch: &Batch<'_>, script: &mut Script<'_>) -> Option<Vec<Outcome>> {
        for ((index, is_added, schema), rows) in self.groups(batch) {
            let audience = self.names.get(index).map(String::as_str).unwrap_or_default();
            let id = batch.context.get(audience).and_then(Value::as_str).unwrap_or("?");
            script.ask(|| {
                let (purpose, method) = if is_added {
                    (answer::ADD, Method::Post)
                } else {
                    (answer::REMOVE, Method::Delete)
                };
                self.facebook
                    .request(purpose, method, &format!("{id}/users"))
                    .json(&upload(&schema, &rows))
            })?;
        }
        let outcomes = batch
            .records
            .iter()
            .map(|record| match Member::from_json(&record.payload.to_json()) {
                Some(member) => Outcome::delivered_as(member.to_json()),
                None => Outcome::delivered(),
            })
            .collect();
        Some(outcomes)
    }

    /// Finds the audiences by name, page by page, and makes those that are not there.
    fn find(&self, script: &mut Script<'_>) -> Option<Result<Value, String>> {
        let mut found: Map<String, Value> = Map::new();
        let account = &self.facebook.account;
        let mut after = String::new();
        loop {
            let answer = script.ask(|| {
                let path = format!("act_{account}/customaudiences?fields=id,name,subtype&limit=500{after}");
                self.facebook.request("list audiences", Method::Get, &path)
            })?;
            let body = answer.json().unwrap_or_default();
            for audience in body.get("data").and_then(Value::as_array).into_iter().flatten() {
                if let (Some(name), Some(id)) =
                    (audience.get("name").and_then(Value::as_str), audience.get("id"))
                {
                    found.entry(name).or_insert_with(|| id.clone());
                }
            }
            let has_next = body.pointer("/paging/next").is_some();
            match body.pointer("/paging/cursors/after").and_then(Value::as_str) {
                Some(cursor) if has_next => after = format!("&after={cursor}"),
                _ => break,
            }
        }
        let mut ids = Map::new();
        for name in &self.names {
            let id = match found.get(name) {
                Some(id) => id.clone(),
                None => self.create(name, script)?,
            };
            let Some(id) = as_text(&id) else {
                return Some(Err(format!("the audience `{name}` has no id in the answer")));
            };
            ids.insert(name.clone(), id.into());
        }
        Some(Ok(Value::Object(ids)))
    }

    /// Makes an audience; answers with its id, null where the answer has none.
    fn create(&self, name: &str, script: &mut Script<'_>) -> Option<Value> {
        let answer = script.ask(|| {
            let path = format!("act_{}/customaudiences", self.facebook.account);
            self.facebook
                .request("create audience", Method::Post, &path)
                .json(&json!({
                    "name": name,
                    "subtype": "CUSTOM",
                    "description": self.description,
                    "customer_file_source": self.facebook.file_source,
                }))
        })?;
        Some(
            answer
                .json()
                .unwrap_or_default()
                .get("id")
                .cloned()
                .unwrap_or_default(),
        )
    }
}

/// The body of an upload. Each request is a session of its own whose number follows from its rows, so that a second
/// attempt is the same session.
fn upload(schema: &[String], rows: &[Vec<String>]) -> Value {
    let body = json!({"schema": schema, "data": rows});
    let hash = sha256_hex(body.to_string().as_bytes());
    // 52 bits: an integer that every reader of JSON keeps exactly.
    let session = hash
        .get(..13)
        .and_then(|hex| u64::from_str_radix(hex, 16).ok())
        .unwrap_or_default();
    json!({
        "session": {
            "session_id": session,
            "batch_seq": 1,
            "last_batch_flag": true,
            "estimated_num_total": rows.len(),
        },
        "payload": body,
    })
}

impl Codec for Audiences {
    fn prepare(&self, _shape: &RunShape, so_far: &[Exchange]) -> Preparation {
        let mut script = Script::new(so_far);
        let outcome = self.find(&mut script);
        script.preparation(outcome)
    }

    fn encode(&self, change: &Change) -> Result<Payload, String> {
        if change.operation == Operation::Remove {
            return match Member::from_json(&change.remote) {
                Some(_) => Ok(Payload::one("null")),
                None => Err("the hashes that were sent are not known".to_owned()),
            };
        }
        let member = Member::of(change, &self.identifiers)?;
        Ok(Payload::json(&member.to_json()))
    }

    fn next(&self, batch: &Batch<'_>, so_far: &[Exchange]) -> Step {
        let mut script = Script::new(so_far);
        let outcomes = self.talk(batch, &mut script);
        script.step(outcomes)
    }

    fn classify(&self, request: &Request, response: &Response) -> Verdict {
        answer::classify(request, response)
    }

    fn ease(&self, response: &Response) -> Option<Duration> {
        answer::ease(response)
    }

    fn unusable(&self, response: &Response) -> u64 {
        answer::invalid_entries(response)
    }
}
