//! Live streams: events, and orders that have changed.

mod changes;
mod events;
mod limits;
mod sse;

pub use sse::{Stream, apis, note, place};

use libtest_mimic::Trial;

/// All tests of live streams.
pub fn trials() -> Vec<Trial> {
    [events::trials(), changes::trials(), limits::trials()]
        .into_iter()
        .flatten()
        .collect()
}
