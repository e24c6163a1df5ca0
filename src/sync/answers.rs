//! What HTTP answers mean where a service has no rules of its own.

use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;

use super::destination::Verdict;
use super::transport::{Request, Response};

/// The longest wait that a header is believed.
const MAX_WAIT: Duration = Duration::from_hours(1);

/// The longest part of an answer that a message shows.
const MAX_MESSAGE: usize = 300;

/// Reads an answer by its status alone: 2xx is one, 408 and 5xx are faults of the moment, 429 is too fast (and so is a
/// 503 that says when to come back), 401 and 403 stop the sync, and any other 4xx is about the rows.
pub fn classify(request: &Request, response: &Response) -> Verdict {
    let reason = || describe(request, response);
    match response.status {
        200..=299 => Verdict::Accept,
        300..=399 => Verdict::Halt(format!("{}: the address redirects elsewhere", reason())),
        401 | 403 => Verdict::Halt(reason()),
        429 => Verdict::Throttle {
            wait: wait(response),
            reason: reason(),
        },
        503 if response.header("retry-after").is_some() => Verdict::Throttle {
            wait: wait(response),
            reason: reason(),
        },
        408 | 425 | 500..=599 => Verdict::Retry(reason()),
        _ => Verdict::Refuse(reason()),
    }
}

/// Reads a success whose body must be a JSON object; anything else counts as a fault of the moment, since a proxy's
/// page is not the service's answer.
pub fn classify_json(request: &Request, response: &Response) -> Verdict {
    match classify(request, response) {
        Verdict::Accept if !response.json().is_some_and(|body| body.is_object()) => Verdict::Retry(format!(
            "{}: the answer is not the JSON it should be",
            request.purpose
        )),
        verdict => verdict,
    }
}

/// Whether a success does not look like a service's: a page of HTML, or JSON that breaks off.
pub(crate) fn is_foreign(response: &Response) -> bool {
    let text = String::from_utf8_lossy(&response.body);
    let text = text.trim_start();
    text.starts_with('<') || (text.starts_with(['{', '[']) && response.json().is_none())
}

/// How long the headers ask to wait: `Retry-After` in seconds or as a date, `X-RateLimit-Reset` in seconds or as an
/// epoch.
pub(crate) fn wait(response: &Response) -> Option<Duration> {
    let after = response.header("retry-after").and_then(|text| {
        let text = text.trim();
        text.parse::<f64>().ok().and_then(seconds).or_else(|| {
            let at = DateTime::parse_from_rfc2822(text).ok()?;
            (at.to_utc() - response.received_at).to_std().ok()
        })
    });
    after.or_else(|| reset(response)).map(|wait| wait.min(MAX_WAIT))
}

/// Holds back when the headers say that nothing is left until the reset.
pub(crate) fn ease(response: &Response) -> Option<Duration> {
    (response.number_header("x-ratelimit-remaining")? <= 0.0)
        .then(|| reset(response))
        .flatten()
        .map(|wait| wait.min(MAX_WAIT))
}

fn reset(response: &Response) -> Option<Duration> {
    /// What is later than 2001 is an instant, what is less is a number of seconds.
    const EPOCH: f64 = 1_000_000_000.0;
    let value = response.number_header("x-ratelimit-reset")?;
    if value < EPOCH {
        return seconds(value);
    }
    let received = response.received_at.timestamp_micros();
    #[allow(
        clippy::cast_precision_loss,
        reason = "microseconds of this century fit in an f64"
    )]
    let received = received as f64 / 1e6;
    seconds((value - received).max(0.0))
}

fn seconds(value: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value).ok()
}

/// Says what was asked and what the service answered, in one line: `create contact: 422: name is too long`.
pub fn describe(request: &Request, response: &Response) -> String {
    let message = message(response);
    let status = response.status;
    if message.is_empty() {
        format!("{}: {status}", request.purpose)
    } else {
        format!("{}: {status}: {message}", request.purpose)
    }
}

/// Finds the message in an answer: the usual members of a JSON body, else the beginning of a text; a page of HTML has
/// none.
pub(crate) fn message(response: &Response) -> String {
    let text = match response.json() {
        Some(body) => json_message(&body).unwrap_or_default(),
        None => match std::str::from_utf8(&response.body) {
            Ok(text) if !text.trim_start().starts_with('<') => text.to_owned(),
            Ok(_) => "an HTML page".to_owned(),
            Err(_) => String::new(),
        },
    };
    shorten(&text)
}

fn json_message(body: &Value) -> Option<String> {
    let first_error = body.get("errors").and_then(|errors| errors.get(0));
    let nested = body.get("error").filter(|error| error.is_object());
    [nested, first_error, Some(body)]
        .into_iter()
        .flatten()
        .find_map(|part| {
            ["message", "error_user_msg", "detail", "error", "title"]
                .iter()
                .find_map(|member| part.get(member)?.as_str())
        })
        .or_else(|| body.as_str())
        .map(str::to_owned)
}

/// Puts a message on one line of bounded length.
pub(crate) fn shorten(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};

    use super::super::transport::Method;
    use super::*;

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        Response {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.to_owned().into(),
            received_at: Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap(),
        }
    }

    #[test]
    fn waits_are_read_from_every_header_in_use() {
        let waits = [
            (&[("retry-after", "2")][..], Some(2)),
            (&[("retry-after", "Thu, 01 Jan 2026 00:00:09 GMT")], Some(9)),
            (&[("x-ratelimit-reset", "7")], Some(7)),
            (&[("x-ratelimit-reset", "1767225605")], Some(5)),
            (&[("retry-after", "999999")], Some(3600)),
            (&[("retry-after", "-1")], None),
            (&[], None),
        ];
        for (headers, expected) in waits {
            let found = wait(&response(429, headers, ""));
            assert_eq!(found, expected.map(Duration::from_secs), "{headers:?}");
        }
    }

    #[test]
    fn messages_are_found_in_the_shapes_services_use() {
        let cases = [
            (r#"{"error":{"message":"bad token","code":190}}"#, "bad token"),
            (
                r#"{"type":"error.list","errors":[{"code":"x","message":"no"}]}"#,
                "no",
            ),
            (r#"{"status":"error","message":"wrong"}"#, "wrong"),
            ("invalid\n write key", "invalid write key"),
            ("<html><body>502</body></html>", "an HTML page"),
            ("{}", ""),
        ];
        for (body, expected) in cases {
            assert_eq!(message(&response(400, &[], body)), expected, "{body}");
        }
    }

    #[test]
    fn statuses_mean_what_they_say() {
        let request = Request::new("send", Method::Post, "https://example.com");
        let verdict = |status| classify(&request, &response(status, &[], ""));
        assert_eq!(verdict(202), Verdict::Accept);
        assert_eq!(verdict(503), Verdict::Retry("send: 503".to_owned()));
        assert_eq!(verdict(401), Verdict::Halt("send: 401".to_owned()));
        assert_eq!(verdict(422), Verdict::Refuse("send: 422".to_owned()));
        assert!(matches!(verdict(301), Verdict::Halt(_)));
        assert!(matches!(verdict(429), Verdict::Throttle { wait: None, .. }));
    }
}
