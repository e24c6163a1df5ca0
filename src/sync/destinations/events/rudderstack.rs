//! RudderStack's HTTP API.

use std::sync::Arc;

use super::{Dialect, EventService, limits};
use crate::sync::answers;
use crate::sync::config::Settings;
use crate::sync::destination::{Destination, Verdict};
use crate::sync::transport::{Request, Response};

/// Reads `write_key`, `data_plane_url` and `gzip`.
///
/// # Source
/// 4 MB in a batch; clients send 100 messages at once.
pub(in super::super) fn read(settings: &mut Settings<'_>) -> Option<Arc<dyn Destination>> {
    let write_key = settings.required_secret("write_key");
    let base_url = settings.required_address("data_plane_url");
    let gzip = settings.flag("gzip").unwrap_or(true);
    Some(Arc::new(EventService {
        dialect: Dialect {
            limits: || limits(1_000, 4_000_000, 100.0),
            classify,
        },
        base_url: base_url?,
        write_key: write_key?,
        gzip,
    }))
}

/// 404 means that the source is switched off.
fn classify(request: &Request, response: &Response) -> Verdict {
    match (response.status, answers::classify(request, response)) {
        (404, Verdict::Refuse(reason)) => Verdict::Halt(reason),
        (_, verdict) => verdict,
    }
}
