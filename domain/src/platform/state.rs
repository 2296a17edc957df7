//! The platform's state: all of its last event.

use super::{event::PlatformEvent, rejection::Rejection};
use crate::whole::differing;
use contracts::platform::{self as published, PlatformChange};
use serde::{Deserialize, Serialize};

/// A platform. The default is one that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Platform {
    /// As its last event left it; none before its first one.
    pub now: Option<published::Platform>,
}

impl Platform {
    /// As it is, whether archived or not.
    ///
    /// # Errors
    /// `platform_not_found`.
    pub fn there(&self) -> Result<&published::Platform, Rejection> {
        self.now.as_ref().ok_or(Rejection::PlatformNotFound)
    }

    /// The same, if it may be changed.
    ///
    /// # Errors
    /// `platform_not_found`, `platform_archived`.
    pub fn live(&self) -> Result<&published::Platform, Rejection> {
        let now = self.there()?;
        if now.archived {
            return Err(Rejection::PlatformArchived);
        }
        Ok(now)
    }

    /// The events that leave `next`: none where it is as it was, else the one
    /// that `made` makes.
    pub(super) fn becomes(
        &self,
        next: published::Platform,
        made: fn(Box<PlatformChange>) -> PlatformEvent,
    ) -> Vec<PlatformEvent> {
        let changed = self.now.as_ref().map(|before| changed(before, &next));
        if changed.as_ref().is_some_and(Vec::is_empty) {
            return Vec::new();
        }
        let changed = changed.unwrap_or_default();
        let platform = next;
        vec![made(Box::new(PlatformChange { platform, changed }))]
    }
}

/// The state after one more event. Total: whatever is stored was decided once.
#[must_use]
pub fn evolve(_: Platform, event: &PlatformEvent) -> Platform {
    let now = Some(event.change().platform.clone());
    Platform { now }
}

fn changed(before: &published::Platform, now: &published::Platform) -> Vec<String> {
    differing!(published::Platform, before, now;
        slug, name, currency, country, active, archived, prices_include_tax, auto_confirm,
        allow_unpaid_shipping, expire_unpaid_after_seconds, archive_settled_after_seconds,
        on_cancellation, number_prefix, client_prices, rate_limit, seller)
}
