//! The transport of a real run: services over HTTP, files through the file system or an object store.

use async_trait::async_trait;

use super::{FileTransport, HttpTransport, Method, Request, Response, Transport, TransportError};

/// Sends each request the way its method asks for.
#[derive(Debug)]
pub struct WireTransport {
    http: HttpTransport,
    files: FileTransport,
}

impl WireTransport {
    /// Joins the two.
    pub fn new(http: HttpTransport, files: FileTransport) -> Self {
        Self { http, files }
    }
}

#[async_trait]
impl Transport for WireTransport {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        match request.method {
            Method::Create | Method::Append | Method::Commit | Method::Probe => {
                self.files.send(request).await
            }
            _ => self.http.send(request).await,
        }
    }
}
