//! The end of a feed, read once for everybody who has come so far.

use super::{
    feed::{Edge, Feed, FeedError},
    piece::Piece,
};
use crate::background::Background;
use infra::{backoff::Backoff, log::PageSize};
use std::{mem, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, broadcast, watch},
    time::sleep,
};

/// Pieces that the ring keeps for clients that are a little behind; whoever is
/// further behind reads for itself.
const RING: usize = 64;
/// What the tail reads at once.
const PAGE: PageSize = PageSize {
    events: 500,
    bytes: 512 << 10,
};
/// After a hint it is looked again this soon.
const SOONEST: Duration = Duration::from_millis(5);
/// The guarantee behind the hints.
const LATEST: Duration = Duration::from_millis(250);
/// So many pieces go into the ring at once: whoever keeps up must not be overrun.
const BURST: usize = 16;
/// What comes faster than this is told together: each piece wakes every client.
const SPACING: Duration = Duration::from_millis(20);
/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A feed and its end. Cheap to clone.
#[derive(Clone)]
pub struct Tail<F>(Arc<Shared<F>>);

struct Shared<F> {
    feed: F,
    /// Up to where it was read; none while nobody follows.
    edge: watch::Sender<Option<Edge>>,
    ring: broadcast::Sender<Arc<Piece>>,
    /// Somebody follows.
    wake: Notify,
}

/// Somebody who follows, as long as it lives.
pub struct Following(watch::Receiver<Option<Edge>>);

impl Following {
    /// Up to where the tail has read; waits until it reads.
    pub async fn edge(&mut self) -> Option<Edge> {
        let edge = self.0.wait_for(Option::is_some).await;
        edge.ok().and_then(|edge| *edge)
    }

    /// Up to where the tail has read, as far as it does.
    pub fn seen(&self) -> Option<Edge> {
        *self.0.borrow()
    }
}

impl<F: Feed> Tail<F> {
    /// Begins to read as soon as somebody follows, under this name.
    pub fn start(name: &str, feed: F, background: &Background<'_>) -> Self {
        let tail = Self(Arc::new(Shared {
            feed,
            edge: watch::Sender::new(None),
            ring: broadcast::Sender::new(RING),
            wake: Notify::new(),
        }));
        let shared = Arc::clone(&tail.0);
        background.spawn(name, async move { shared.run().await });
        tail
    }

    /// The feed.
    pub fn feed(&self) -> &F {
        &self.0.feed
    }

    /// Keeps the tail reading.
    pub fn follow(&self) -> Following {
        let following = Following(self.0.edge.subscribe());
        self.0.wake.notify_one();
        following
    }

    /// What the tail reads from now on.
    pub fn pieces(&self) -> broadcast::Receiver<Arc<Piece>> {
        self.0.ring.subscribe()
    }
}

impl<F: Feed> Shared<F> {
    async fn run(&self) {
        loop {
            if self.edge.receiver_count() == 0 {
                self.wake.notified().await;
                continue;
            }
            tokio::select! {
                () = self.edge.closed() => {}
                () = self.read() => {}
            }
            self.edge.send_replace(None);
        }
    }

    /// Reads on for ever; whatever fails is tried again.
    async fn read(&self) {
        let mut hints = self.feed.hints();
        let mut failing = false;
        let mut edge = loop {
            match self.feed.end().await {
                Ok(edge) => break edge,
                Err(error) => waited(&error, &mut failing).await,
            }
        };
        self.edge.send_replace(Some(edge));
        let mut ahead = F::Ahead::default();
        let mut idle = Backoff::new(SOONEST, LATEST);
        loop {
            let page = match self.feed.page(edge.at, &[], PAGE, &mut ahead).await {
                Ok(page) => page,
                Err(error) => {
                    waited(&error, &mut failing).await;
                    continue;
                }
            };
            failing = false;
            if page.reached == edge {
                if F::wait(&mut hints, idle.pause()).await {
                    idle.reset();
                }
                continue;
            }
            edge = page.reached;
            let mut pages = page.split().into_iter().peekable();
            while pages.peek().is_some() {
                for page in pages.by_ref().take(BURST) {
                    // Nobody may be there any more.
                    let _ = self.ring.send(Arc::new(page.into()));
                }
                sleep(SPACING).await;
            }
            self.edge.send_replace(Some(edge));
            idle.reset();
        }
    }
}

/// Tells of the first failure of some in a row, and waits.
async fn waited(error: &FeedError, failing: &mut bool) {
    if !mem::replace(failing, true) {
        tracing::warn!(error = %infra::lifecycle::error_chain(error), "live.waits");
    }
    sleep(RETRY).await;
}
