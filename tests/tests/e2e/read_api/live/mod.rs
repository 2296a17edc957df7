//! Live streams: events, and orders that have changed.

mod busy;
mod changes;
pub mod events;
mod limits;
mod slow;
mod sse;
mod standing;
mod written;

pub use sse::{Stream, apis, note, place};

use libtest_mimic::Trial;

/// All tests of live streams.
pub fn trials() -> Vec<Trial> {
    [
        events::trials(),
        changes::trials(),
        limits::trials(),
        busy::trials(),
        slow::trials(),
        standing::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
