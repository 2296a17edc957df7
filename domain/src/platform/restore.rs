//! Bringing an archived platform back.

use super::{event::PlatformEvent, rejection::Rejection, state::Platform};
use contracts::platform as published;

/// As it was when it was archived. One that is not archived stays as it is.
pub fn decide(platform: &Platform) -> Result<Vec<PlatformEvent>, Rejection> {
    let next = published::Platform {
        archived: false,
        ..platform.there()?.clone()
    };
    Ok(platform.becomes(next, PlatformEvent::PlatformRestored))
}
