//! Segment's HTTP Tracking API.

use std::sync::Arc;

use super::{Dialect, EventService, limits};
use crate::sync::answers;
use crate::sync::config::Settings;
use crate::sync::destination::Destination;

/// Reads `write_key`, `base_url` (for the EU: `https://events.eu1.segmentapis.com`) and `gzip`.
///
/// # Source
/// 2,500 messages and 500 KB in a batch (clients stop at 475,000 bytes), 1,000 requests a second.
pub(in super::super) fn read(settings: &mut Settings<'_>) -> Option<Arc<dyn Destination>> {
    let write_key = settings.required_secret("write_key");
    let base_url = settings.address_or("base_url", "https://api.segment.io");
    let gzip = settings.flag("gzip").unwrap_or(true);
    Some(Arc::new(EventService {
        dialect: Dialect {
            limits: || limits(2_500, 475_000, 500.0),
            classify: answers::classify,
        },
        base_url: base_url?,
        write_key: write_key?,
        gzip,
    }))
}
