//! Events: what happened to a platform, as the log keeps it.

use crate::whole::whole_events;
use contracts::platform::{self as published, PlatformChange};

macro_rules! events {
    ($($name:ident = $type:literal),+ $(,)?) => {
        whole_events! { PlatformEvent, PlatformChange; $($name = $type),+ }
    };
}
contracts::platform_events!(events);
