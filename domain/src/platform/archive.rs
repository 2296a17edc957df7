//! Putting a platform out of the way.

use super::{event::PlatformEvent, rejection::Rejection, state::Platform};
use contracts::platform as published;

/// Nothing is deleted: its orders go on by its rules. Archiving an archived one
/// changes nothing.
pub fn decide(platform: &Platform) -> Result<Vec<PlatformEvent>, Rejection> {
    let next = published::Platform {
        archived: true,
        ..platform.there()?.clone()
    };
    Ok(platform.becomes(next, PlatformEvent::PlatformArchived))
}
