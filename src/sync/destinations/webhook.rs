//! Any HTTP endpoint: one request per row, or one per batch.
//!
//! `{name}` in the address and in the body stands for a field, `{key}` for the row's key, `{operation}` for `add`,
//! `change` or `remove`. Without a body of its own, a row is sent as `{"id", "operation", "key", "fields"}`; a batch
//! as `{"records": […]}`. The endpoint may answer `{"rejected": [{"id", "reason"}]}` to refuse single rows (by their id
//! or key), and `{"accepted": n}` to say how many it took; otherwise any 2xx takes all of them.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::error::{Diagnostic, codes};
use crate::host::Secret;
use crate::sync::answers;
use crate::sync::change::{Change, Operation, as_text, sha256_hex};
use crate::sync::config::{Mode, Settings, SyncConfig};
use crate::sync::destination::{Batch, Codec, Destination, Limits, Outcome, Payload, Record, Step, Verdict};
use crate::sync::identity::message_id;
use crate::sync::transport::{Exchange, HeaderValue, Method, Request, Response};

/// How rows travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Single,
    Batched,
}

#[derive(Debug, Clone)]
struct Webhook {
    url: String,
    method: Method,
    remove_url: String,
    remove_method: Method,
    headers: IndexMap<String, Secret>,
    body: Option<Value>,
    packing: Packing,
    hmac_secret: Option<Secret>,
    signature_header: String,
}

/// Reads `url`, `method`, `remove_url`, `remove_method`, `headers`, `body`, `batch`, `hmac_secret` and
/// `signature_header`.
pub(super) fn read(settings: &mut Settings<'_>) -> Option<Arc<dyn Destination>> {
    let url = settings.required_address("url");
    let method = method(settings, "method").unwrap_or(Method::Post);
    let remove_url = settings.address("remove_url");
    let remove_method = self::method(settings, "remove_method").unwrap_or(method);
    let headers = headers(settings);
    let body = settings.value("body");
    let packing = match settings.flag("batch") {
        Some(true) => Packing::Batched,
        _ => Packing::Single,
    };
    let hmac_secret = settings.secret("hmac_secret");
    let signature_header = settings
        .text("signature_header")
        .unwrap_or_else(|| "x-headwater-signature".to_owned());
    let url = url?;
    if packing == Packing::Batched && url.contains('{') {
        settings.fault(
            codes::SYNC_SETTING,
            "url",
            "the address of a batch cannot hold a row's fields",
        );
        return None;
    }
    Some(Arc::new(Webhook {
        remove_url: remove_url.unwrap_or_else(|| url.clone()),
        url,
        method,
        remove_method,
        headers,
        body,
        packing,
        hmac_secret,
        signature_header,
    }))
}

fn method(settings: &mut Settings<'_>, key: &'static str) -> Option<Method> {
    match settings.choice(key, &["POST", "PUT", "PATCH", "DELETE"])? {
        "PUT" => Some(Method::Put),
        "PATCH" => Some(Method::Patch),
        "DELETE" => Some(Method::Delete),
        _ => Some(Method::Post),
    }
}

/// Headers; each value counts as a credential.
fn headers(settings: &mut Settings<'_>) -> IndexMap<String, Secret> {
    let Some(Value::Object(members)) = settings.value("headers") else {
        return IndexMap::new();
    };
    let mut headers = IndexMap::new();
    for (name, value) in members {
        let text = as_text(&value).unwrap_or_default();
        settings.hide(&text);
        headers.insert(name.to_lowercase(), Secret::new(text));
    }
    headers
}

impl Destination for Webhook {
    fn limits(&self) -> Limits {
        Limits {
            max_items: if self.packing == Packing::Batched { 500 } else { 1 },
            max_bytes: 1 << 20,
            requests_per_second: None,
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
            Mode::Track,
        ]
    }

    fn is_marketing(&self) -> bool {
        false
    }

    fn probe(&self) -> Option<Request> {
        let host = self.url.split('{').next().unwrap_or_default();
        Some(self.dressed(Request::new("reach the address", Method::Get, host)))
    }

    /// Any answer that is no refusal of our credentials shows that somebody is there.
    fn read_probe(&self, request: &Request, response: &Response) -> Verdict {
        match answers::classify(request, response) {
            Verdict::Refuse(_) | Verdict::Throttle { .. } => Verdict::Accept,
            verdict => verdict,
        }
    }

    fn codec(&self, sync: &SyncConfig) -> Result<Arc<dyn Codec>, Vec<Diagnostic>> {
        Ok(Arc::new(WebhookCodec {
            webhook: self.clone(),
            namespace: format!("{}|{}", sha256_hex(self.url.as_bytes()), sync.name),
        }))
    }
}

impl Webhook {
    fn dressed(&self, mut request: Request) -> Request {
        for (name, value) in &self.headers {
            request
                .extra_headers
                .push((name.clone(), HeaderValue::Hidden(value.clone())));
        }
        request
    }

    /// Signs a request's body: `sha256=` and the HMAC in hex.
    fn signed(&self, mut request: Request) -> Request {
        let Some(secret) = &self.hmac_secret else {
            return request;
        };
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) {
            mac.update(&request.body);
            let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
            request
                .extra_headers
                .push((self.signature_header.clone(), HeaderValue::Plain(signature)));
        }
        request
    }
}

#[derive(Debug)]
struct WebhookCodec {
    webhook: Webhook,
    namespace: String,
}

impl WebhookCodec {
    fn id(&self, change: &Change) -> String {
        message_id(&self.namespace, change, "")
    }

    fn single(&self, record: &Record) -> Request {
        let (webhook, change) = (&self.webhook, &record.change);
        let (method, url) = match change.operation {
            Operation::Remove => (webhook.remove_method, &webhook.remove_url),
            _ => (webhook.method, &webhook.url),
        };
        let request = Request::new("send row", method, fill_address(url, change))
            .header("idempotency-key", self.id(change))
            .json_bytes(record.payload.bytes.clone());
        webhook.signed(webhook.dressed(request))
    }

    fn batched(&self, records: &[Record]) -> Request {
        let rows: Vec<Value> = records.iter().map(|record| record.payload.to_json()).collect();
        let ids: Vec<String> = records.iter().map(|record| self.id(&record.change)).collect();
        let request = Request::new("send rows", self.webhook.method, self.webhook.url.clone())
            .header("idempotency-key", sha256_hex(ids.join("|").as_bytes()))
            .json(&json!({"records": rows}));
        self.webhook.signed(self.webhook.dressed(request))
    }

    fn outcomes(&self, records: &[Record], response: &Response) -> Vec<Outcome> {
        let body = response.json().unwrap_or_default();
        let rejected: IndexMap<String, String> = body
            .get("rejected")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let id = entry.get("id")?.as_str()?.to_owned();
                let reason = entry.get("reason").and_then(Value::as_str).unwrap_or("rejected");
                Some((id, answers::shorten(reason)))
            })
            .collect();
        let accepted = body.get("accepted").and_then(Value::as_u64);
        let expected = u64::try_from(records.len() - rejected.len().min(records.len())).unwrap_or_default();
        records
            .iter()
            .map(|record| {
                match rejected
                    .get(&self.id(&record.change))
                    .or_else(|| rejected.get(record.change.key.expose()))
                {
                    Some(reason) => Outcome::rejected(reason.clone()),
                    None if accepted.is_some_and(|accepted| accepted != expected) => {
                        Outcome::rejected("the endpoint says that it did not take all rows")
                    }
                    None => Outcome::delivered(),
                }
            })
            .collect()
    }
}

impl Codec for WebhookCodec {
    fn encode(&self, change: &Change) -> Result<Payload, String> {
        let row = match &self.webhook.body {
            Some(template) => fill(template, change),
            None => json!({
                "id": self.id(change),
                "operation": change.operation.as_str(),
                "key": change.key.expose(),
                "fields": change.image().fields,
            }),
        };
        Ok(Payload::json(&row))
    }

    fn next(&self, batch: &Batch<'_>, so_far: &[Exchange]) -> Step {
        if let Some(exchange) = so_far.first() {
            return Step::Done(self.outcomes(batch.records, &exchange.response));
        }
        match (self.webhook.packing, batch.records) {
            (Packing::Single, [record]) => Step::Send(vec![self.single(record)]),
            _ => Step::Send(vec![self.batched(batch.records)]),
        }
    }

    /// A body is not asked for; but a page of HTML is some proxy's answer, and JSON that breaks off is half of one.
    fn classify(&self, request: &Request, response: &Response) -> Verdict {
        match answers::classify(request, response) {
            Verdict::Accept if answers::is_foreign(response) => Verdict::Retry(format!(
                "{}: the answer is not the endpoint's own",
                request.purpose
            )),
            verdict => verdict,
        }
    }
}

/// Fills an address in; values are percent-encoded.
fn fill_address(template: &str, change: &Change) -> String {
    substitute(template, change, |text| {
        url::form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    })
}

/// Fills a body in: a text that is nothing but `{name}` becomes the value itself.
fn fill(template: &Value, change: &Change) -> Value {
    match template {
        Value::String(text) => {
            let whole = text
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
                .filter(|name| !name.contains(['{', '}']));
            match whole {
                Some(name) => lookup(name, change),
                None => Value::String(substitute(text, change, str::to_owned)),
            }
        }
        Value::Array(items) => items.iter().map(|item| fill(item, change)).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| (name.clone(), fill(member, change)))
                .collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

fn lookup(name: &str, change: &Change) -> Value {
    match name {
        "key" => change.key.expose().into(),
        "operation" => change.operation.as_str().into(),
        "fields" => Value::Object(change.image().fields.clone()),
        field => change.field(field).clone(),
    }
}

fn substitute(template: &str, change: &Change, encode: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        text.push_str(&encode(&as_text(&lookup(name, change)).unwrap_or_default()));
        rest = tail;
    }
    text.push_str(rest);
    text
}
