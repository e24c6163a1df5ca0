//! What Meta's answers mean.

use std::time::Duration;

use serde_json::Value;

use crate::sync::answers;
use crate::sync::destination::Verdict;
use crate::sync::transport::{Request, Response};

/// The purpose of adding members.
pub(super) const ADD: &str = "add members";

/// The purpose of removing members.
pub(super) const REMOVE: &str = "remove members";

/// Too fast: for the application, the user, the ad account, or in custom audiences.
const THROTTLES: [i64; 4] = [4, 17, 613, 80003];

/// Faults of the moment.
const TRANSIENT: [i64; 6] = [1, 2, 341, 368, 5000, 21009];

/// The token, its permissions or the terms of service.
const DENIED: [i64; 6] = [3, 10, 190, 200, 294, 2655];

/// The audience is not there, not ours, or flagged.
const LOST: [i64; 4] = [2650, 1_487_301, 1_487_366, 1_713_230];

/// From here on, a usage in per cent is near enough to the limit to slow down.
const BUSY: f64 = 80.0;

/// Reads the code in the body; the HTTP status is not reliable.
pub(super) fn classify(request: &Request, response: &Response) -> Verdict {
    let Some(body) = response.json().filter(Value::is_object) else {
        return match answers::classify(request, response) {
            Verdict::Accept | Verdict::Refuse(_) => Verdict::Retry(format!(
                "{}: the answer is not the JSON it should be",
                request.purpose
            )),
            verdict => verdict,
        };
    };
    let Some(error) = body.get("error") else {
        return received(request, response, &body);
    };
    let number = |member: &str| error.get(member).and_then(Value::as_i64).unwrap_or_default();
    let (code, subcode) = (number("code"), number("error_subcode"));
    let reason = answers::describe(request, response);
    if THROTTLES.contains(&code) {
        let wait = regain(response).or_else(|| answers::wait(response));
        return Verdict::Throttle { wait, reason };
    }
    let is_lost = LOST.contains(&code) || LOST.contains(&subcode) || (code == 100 && subcode == 33);
    if DENIED.contains(&code) || is_lost {
        return Verdict::Halt(reason);
    }
    if TRANSIENT.contains(&code) || response.status >= 500 {
        return Verdict::Retry(reason);
    }
    Verdict::Refuse(reason)
}

/// Checks that an upload was received in full: a 200 alone says nothing.
fn received(request: &Request, response: &Response, body: &Value) -> Verdict {
    match answers::classify(request, response) {
        Verdict::Accept if [ADD, REMOVE].contains(&request.purpose) => {
            let sent = serde_json::from_slice::<Value>(&request.body)
                .ok()
                .and_then(|body| body.pointer("/session/estimated_num_total")?.as_u64());
            let got = body.get("num_received").and_then(Value::as_u64);
            match (sent, got) {
                (Some(sent), Some(got)) if sent == got => Verdict::Accept,
                (Some(sent), got) => Verdict::Refuse(format!(
                    "{}: Meta received {} of {sent} members",
                    request.purpose,
                    got.unwrap_or_default()
                )),
                (None, _) => Verdict::Accept,
            }
        }
        verdict => verdict,
    }
}

/// How many members Meta took and found to be no identifiers. Its samples are hashes without places: no row can be
/// blamed.
pub(super) fn invalid_entries(response: &Response) -> u64 {
    let body = response.json().unwrap_or_default();
    let invalid = body.get("num_invalid_entries").and_then(Value::as_u64);
    invalid.unwrap_or_default()
}

/// How long until the ad account may ask again, in the header that says so: minutes.
fn regain(response: &Response) -> Option<Duration> {
    let usage: Value = serde_json::from_str(response.header("x-business-use-case-usage")?).ok()?;
    let minutes = usage
        .as_object()?
        .values()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|entry| entry.get("estimated_time_to_regain_access")?.as_u64())
        .max()?;
    (minutes > 0).then(|| Duration::from_secs(minutes * 60))
}

/// Slows down when a usage header shows that the limit is near.
pub(super) fn ease(response: &Response) -> Option<Duration> {
    let headers = ["x-business-use-case-usage", "x-app-usage", "x-ad-account-usage"];
    let highest = headers
        .iter()
        .filter_map(|name| serde_json::from_str::<Value>(response.header(name)?).ok())
        .map(|usage| highest(&usage))
        .fold(0.0, f64::max);
    match highest {
        usage if usage >= 95.0 => Some(Duration::from_mins(1)),
        usage if usage >= BUSY => Some(Duration::from_secs(5)),
        _ => None,
    }
}

fn highest(usage: &Value) -> f64 {
    const PERCENTAGES: [&str; 4] = ["call_count", "total_cputime", "total_time", "acc_id_util_pct"];
    match usage {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| match member.as_f64() {
                Some(percent) if PERCENTAGES.contains(&name.as_str()) => percent,
                Some(_) => 0.0,
                None => highest(member),
            })
            .fold(0.0, f64::max),
        Value::Array(items) => items.iter().map(highest).fold(0.0, f64::max),
        _ => 0.0,
    }
}
