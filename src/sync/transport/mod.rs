//! What goes out and what comes back: requests and responses as plain values, and the trait that carries them.
//!
//! Destinations make requests and read responses; they never send. [`Transport`] is the one thing that does, so that
//! a case replays from a file and a test server stands in for a service.

mod files;
mod http;
mod wire;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::host::Secret;

pub(crate) use files::FileFormat;
pub use files::FileTransport;
pub use http::HttpTransport;
pub use wire::WireTransport;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// HTTP GET.
    Get,
    /// HTTP POST.
    Post,
    /// HTTP PUT.
    Put,
    /// HTTP PATCH.
    Patch,
    /// HTTP DELETE.
    Delete,
    /// Begins a file that nobody sees yet.
    Create,
    /// Adds bytes to it.
    Append,
    /// Gives it its name, in one step.
    Commit,
    /// Tries whether a file can be written.
    Probe,
}

impl Method {
    /// The method as people and HTTP write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Create => "CREATE",
            Self::Append => "APPEND",
            Self::Commit => "COMMIT",
            Self::Probe => "PROBE",
        }
    }
}

/// A header's value.
#[derive(Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// One that may be seen.
    Plain(String),
    /// One that may not: it prints as `***`.
    Hidden(Secret),
}

impl HeaderValue {
    /// The value, for the one place that sends it.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Hidden(secret) => secret.expose(),
        }
    }
}

impl Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => Debug::fmt(text, f),
            Self::Hidden(secret) => Debug::fmt(secret, f),
        }
    }
}

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What it is for, in a few words: `create contact`; also how a codec recognises its own exchanges.
    pub purpose: &'static str,
    /// What it does.
    pub method: Method,
    /// Where it goes.
    pub url: String,
    /// Its headers, in order.
    pub headers: Vec<(&'static str, HeaderValue)>,
    /// Headers that the user named.
    pub extra_headers: Vec<(String, HeaderValue)>,
    /// Its body, before compression.
    pub body: Bytes,
    /// Whether the body is compressed on its way.
    pub gzip: bool,
}

impl Request {
    /// Starts a request without a body.
    pub fn new(purpose: &'static str, method: Method, url: impl Into<String>) -> Self {
        Self {
            purpose,
            method,
            url: url.into(),
            headers: Vec::new(),
            extra_headers: Vec::new(),
            body: Bytes::new(),
            gzip: false,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, HeaderValue::Plain(value.into())));
        self
    }

    /// Adds a header that must not be seen.
    #[must_use]
    pub fn hidden_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, HeaderValue::Hidden(Secret::new(value))));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.json_bytes(Bytes::from(body.to_string()))
    }

    /// Sets a body that is JSON already.
    #[must_use]
    pub fn json_bytes(mut self, body: Bytes) -> Self {
        self.body = body;
        self.header("content-type", "application/json")
    }

    /// Every header, ours first.
    pub fn all_headers(&self) -> impl Iterator<Item = (&str, &HeaderValue)> {
        self.headers.iter().map(|(name, value)| (*name, value)).chain(
            self.extra_headers
                .iter()
                .map(|(name, value)| (name.as_str(), value)),
        )
    }

    /// The address without what may be secret in it: user, password and the values of the query.
    pub fn shown_url(&self) -> String {
        shown_url(&self.url)
    }
}

impl Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("purpose", &self.purpose)
            .field("method", &self.method.as_str())
            .field("url", &self.shown_url())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An address without user, password and the values of its query.
pub fn shown_url(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else {
        return text
            .split_once('?')
            .map_or_else(|| text.to_owned(), |(path, _)| format!("{path}?***"));
    };
    if url.password().is_some() || !url.username().is_empty() {
        // Setting credentials fails only for addresses that cannot have them.
        let _ = url.set_username("***");
        let _ = url.set_password(None);
    }
    let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    if !names.is_empty() {
        let masked: Vec<String> = names.into_iter().map(|name| format!("{name}=***")).collect();
        url.set_query(Some(&masked.join("&")));
    }
    url.to_string()
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status; 200 for a file operation that went well.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Bytes,
    /// When it was read.
    pub received_at: DateTime<Utc>,
}

impl Response {
    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A header that holds a number.
    pub fn number_header(&self, name: &str) -> Option<f64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing came within the time allowed.
    #[error("no answer within the time allowed")]
    Timeout,
    /// The service could not be reached, or the connection broke.
    #[error("{0}")]
    Connection(String),
    /// The request cannot be sent, now or later.
    #[error("{0}")]
    Impossible(String),
}

/// Carries requests.
#[async_trait]
pub trait Transport: Debug + Send + Sync {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// A [`TransportError`] when there is no answer; any answer, also a 500, is `Ok`.
    async fn send(&self, request: &Request) -> Result<Response, TransportError>;
}

/// A request and what came back.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// The answer.
    pub response: Response,
}
