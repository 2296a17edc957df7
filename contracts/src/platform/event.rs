//! Platform events, version 1: the data of each record on `platforms.events.v1`.

use super::document::Platform;
use crate::whole::whole_events;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The one list of all platform events: calls `$callback!` with each one's name
/// and its `ce_type`.
#[macro_export]
macro_rules! platform_events {
    ($callback:ident) => {
        $callback! {
            PlatformSaved = "platform.saved",
            PlatformArchived = "platform.archived",
            PlatformRestored = "platform.restored",
        }
    };
}

/// All of the platform, and what of it is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlatformChange {
    /// As the event left it.
    pub platform: Platform,
    /// Names of the members that are not as before; empty on the first event,
    /// before which there was nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

macro_rules! events {
    ($($name:ident = $type:literal),+ $(,)?) => {
        whole_events! { PlatformEvent, Fact, PlatformChange; $($name = $type),+ }
    };
}
platform_events!(events);
