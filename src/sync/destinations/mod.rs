//! The services, a folder each: settings → pure codec.

mod events;
mod facebook;
mod file;
mod hubspot;
mod intercom;
mod webhook;

use std::fmt;
use std::sync::Arc;

use super::config::Settings;
use super::destination::Destination;

/// Reads the settings of one type of destination; faults are left in the settings.
pub(crate) type ReadSettings = fn(&mut Settings<'_>) -> Option<Arc<dyn Destination>>;

/// The types of destination that there are.
#[derive(Clone)]
pub struct Registry {
    kinds: Vec<(&'static str, ReadSettings)>,
}

impl Registry {
    /// Every type that Headwater has.
    pub fn standard() -> Self {
        Self {
            kinds: vec![
                ("intercom", intercom::read),
                ("facebook_custom_audience", facebook::read),
                ("hubspot", hubspot::read),
                ("segment", events::read_segment),
                ("rudderstack", events::read_rudderstack),
                ("webhook", webhook::read),
                ("file", file::read),
            ],
        }
    }

    /// The names of the types.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.kinds.iter().map(|(kind, _)| *kind).collect()
    }

    /// The reader of a type.
    pub fn find(&self, kind: &str) -> Option<ReadSettings> {
        self.kinds
            .iter()
            .find(|(name, _)| *name == kind)
            .map(|(_, read)| *read)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kinds()).finish()
    }
}
