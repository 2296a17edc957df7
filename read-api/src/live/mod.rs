//! Live streams: what happens, as it happens, to any number of clients.
//!
//! ```text
//!  log ──> tail of a feed ──> ring of pieces ──┬──> client that keeps up
//!   │      (one per process)   (bounded)       ├──> client that keeps up
//!   └────────────────────────────────────────────> client that is behind: pages of its own
//! ```
//!
//! A [`Feed`] is something that can be read from any place in the log on. While
//! anybody follows it, its [`Tail`] reads on at its end, once for all, and puts
//! pieces into a ring, written as they are sent: clients are given slices of
//! them ([`piece::Piece`]). [`client::Client`] is one connection. It holds a
//! place in the log and nothing else: a piece is accepted where it begins at
//! that place or before, and whatever is missing in between is read from the
//! log. So no order of subscribing, reading and sending can lose an event or
//! repeat one.

mod changes;
mod client;
mod documented;
mod events;
mod feed;
mod filter;
mod marker;
mod piece;
mod response;
mod store;
mod tail;

pub use changes::{Changes, Reach};
pub use client::Slots;
pub use documented::{AfterPlace, LastEventId, ServerSentEvent, Streamed};
pub use events::{Events, Told};
pub use feed::{Edge, FeedError, Generation};
pub use filter::Filter;
pub use marker::{Marker, text as marker_text};
pub use response::{AFTER, Stream, begin, check_place};
pub use store::served;

use crate::{background::Background, consistency::Progress, log::Log};
use sqlx::PgPool;
use tail::Tail;
use tokio_util::sync::CancellationToken;

/// All that can be followed.
pub struct Live {
    /// Events, as they are recorded.
    pub events: Tail<Events>,
    /// Orders whose documents have changed.
    pub changes: Tail<Changes>,
    /// Those who follow.
    pub slots: Slots,
}

/// Cancelled when the server accepts nothing any more: it waits for what is
/// being answered, and a stream has no end of its own.
fn ending(background: &Background<'_>) -> CancellationToken {
    let ending = CancellationToken::new();
    let ends = ending.clone().drop_guard();
    background.spawn("live streams", async move {
        let _ends = ends;
        std::future::pending::<()>().await;
    });
    ending
}

impl Live {
    /// Starts both tails; they sleep until somebody follows.
    pub fn start(
        log: &Log,
        views: &PgPool,
        progress: &Progress,
        background: &Background<'_>,
    ) -> Self {
        let events = Events::new(log.clone());
        let changes = Changes::new(log.clone(), views.clone(), progress.clone());
        Self {
            events: Tail::start("events tail", events, background),
            changes: Tail::start("changes tail", changes, background),
            slots: Slots::new(ending(background)),
        }
    }
}
