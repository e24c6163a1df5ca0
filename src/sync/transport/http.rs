//! The transport of services: HTTP.

use std::io::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Method, Request, Response, Transport, TransportError};
use crate::error::{Error, Result};
use crate::host::Host;

/// The longest answer that is read; a service says what it has to say in less.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Sends over HTTP/1.1 or HTTP/2, TLS through rustls; redirects are not followed.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    host: Host,
}

impl HttpTransport {
    /// Makes a transport whose requests may take `timeout`.
    ///
    /// # Errors
    /// `HW0902` when TLS cannot be set up.
    pub fn new(host: Host, timeout: Duration) -> Result<Self> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("headwater/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|e| Error::Internal(format!("TLS could not be set up: {}", e.without_url())))?;
        Ok(Self { client, host })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let mut builder = self.client.request(http_method(request.method)?, &request.url);
        for (name, value) in request.all_headers() {
            builder = builder.header(name, value.expose());
        }
        let body = if request.gzip && !request.body.is_empty() {
            builder = builder.header("content-encoding", "gzip");
            compress(&request.body)?
        } else {
            request.body.clone()
        };
        let mut answer = builder.body(body).send().await.map_err(fault)?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(fault)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(TransportError::Connection(
                    "the answer is longer than 16 MiB".to_owned(),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status,
            headers,
            body: Bytes::from(body),
            received_at: self.host.now(),
        })
    }
}

fn http_method(method: Method) -> Result<reqwest::Method, TransportError> {
    match method {
        Method::Get => Ok(reqwest::Method::GET),
        Method::Post => Ok(reqwest::Method::POST),
        Method::Put => Ok(reqwest::Method::PUT),
        Method::Patch => Ok(reqwest::Method::PATCH),
        Method::Delete => Ok(reqwest::Method::DELETE),
        Method::Create | Method::Append | Method::Commit | Method::Probe => Err(TransportError::Impossible(
            format!("`{}` is not an HTTP method", method.as_str()),
        )),
    }
}

fn compress(body: &[u8]) -> Result<Bytes, TransportError> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder
        .write_all(body)
        .and_then(|()| encoder.finish())
        .map(Bytes::from)
        .map_err(|e| TransportError::Impossible(format!("the body could not be compressed: {e}")))
}

/// Says what went wrong without the address, which may hold a credential.
fn fault(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_timeout() {
        return TransportError::Timeout;
    }
    if error.is_builder() {
        return TransportError::Impossible(format!("the request cannot be built: {}", causes(&error)));
    }
    let what = if error.is_connect() {
        "could not connect"
    } else {
        "the connection broke"
    };
    TransportError::Connection(format!("{what}: {}", causes(&error)))
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
