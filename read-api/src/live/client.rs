//! One connection: a place in the log, and what it takes to go on from there.

use super::{
    feed::{Edge, Feed, FeedError, Page},
    filter::Filter,
    marker,
    piece::{Piece, Rest},
    tail::{Following, Tail},
};
use crate::log::Log;
use actix_web::{HttpRequest, web::Bytes};
use contracts::LogPosition;
use infra::{
    http::{Problem, still_allowed},
    lifecycle::error_chain,
    log::PageSize,
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, broadcast},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// A comment comes so often, and the key is looked at again.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What a client that is behind reads at once.
const PAGE: PageSize = PageSize {
    events: 200,
    bytes: 128 << 10,
};
/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Clients of one process.
const CLIENTS: usize = 10_000;
/// Whoever reads the log from some place on, at the same time: it has others to
/// answer.
const READERS: usize = 4;

/// Places for clients. Cheap to clone.
#[derive(Clone)]
pub struct Slots {
    clients: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    /// The role ends, and so does every stream.
    ending: CancellationToken,
}

impl Slots {
    /// Until `ending`.
    pub fn new(ending: CancellationToken) -> Self {
        Self {
            clients: Arc::new(Semaphore::new(CLIENTS)),
            readers: Arc::new(Semaphore::new(READERS)),
            ending,
        }
    }

    /// The right to read the log, for as long as it is kept.
    pub async fn reader(&self) -> Option<OwnedSemaphorePermit> {
        // Closed only with the process.
        Arc::clone(&self.readers).acquire_owned().await.ok()
    }

    /// A place, for as long as it is kept.
    ///
    /// # Errors
    /// 503 where there is none, or the role is about to end.
    pub fn take(&self, stream: &'static str) -> Result<Slot, Problem> {
        let permit = Arc::clone(&self.clients).try_acquire_owned().ok();
        let permit = permit.filter(|_| !self.ending.is_cancelled());
        let permit = permit.ok_or_else(|| Problem::unavailable(1))?;
        metrics::gauge!("orderlog_sse_clients", "stream" => stream).increment(1);
        Ok(Slot {
            stream,
            slots: self.clone(),
            _permit: permit,
        })
    }
}

/// The place of one client.
pub struct Slot {
    stream: &'static str,
    slots: Slots,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Slot {
    fn drop(&mut self) {
        metrics::gauge!("orderlog_sse_clients", "stream" => self.stream).decrement(1);
    }
}

/// One connection.
pub struct Client<F: Feed> {
    pub tail: Tail<F>,
    pub log: Log,
    pub filter: Filter,
    /// What it has been told of, or did not want.
    pub edge: Edge,
    pub following: Following,
    pub slot: Slot,
    pub request: HttpRequest,
    pub state: State,
}

/// Where a connection is.
pub struct State {
    /// What the tail reads; none while it reads for itself.
    pieces: Option<broadcast::Receiver<Arc<Piece>>>,
    /// What comes first.
    rest: Option<Rest>,
    beat: Instant,
    /// What the client knows to resume by.
    told: Option<Edge>,
    /// The heartbeat that tells its edge.
    comment: Bytes,
}

impl State {
    /// With what the tail reads, where that goes on from the client's place.
    pub fn new(pieces: Option<broadcast::Receiver<Arc<Piece>>>) -> Self {
        Self {
            pieces,
            rest: None,
            beat: Instant::now() + HEARTBEAT,
            told: None,
            comment: Bytes::new(),
        }
    }
}

/// What came next.
enum Next {
    Text(Bytes),
    Nothing,
    End,
}

impl<F: Feed> Client<F> {
    /// The next piece of the answer; none at its end. Nothing is read before it
    /// is asked for, and it is asked for as fast as the client takes it.
    pub async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let ending = self.slot.slots.ending.clone();
        if self.state.told.is_none() {
            return Some((Ok(self.greeting()), self));
        }
        loop {
            if let Some(slice) = self.rest() {
                return Some((Ok(slice), self));
            }
            let beat = self.state.beat;
            let next = tokio::select! {
                biased;
                () = ending.cancelled() => return None,
                () = sleep_until(beat) => self.heartbeat().await,
                next = self.step() => next,
            };
            match next {
                Next::Text(text) => return Some((Ok(text), self)),
                Next::Nothing => {}
                Next::End => return None,
            }
        }
    }

    /// The next bytes of what it is being told.
    fn rest(&mut self) -> Option<Bytes> {
        let slice = self.state.rest.as_mut()?.slice(&self.filter);
        if slice.is_none() {
            self.state.rest = None;
        }
        slice
    }

    /// Where it begins, for a client that is cut off before anything happens; and
    /// how long to wait before it comes again, not all at once.
    fn greeting(&mut self) -> Bytes {
        let retry = rand::random_range(1_000..=3_000);
        self.state.told = Some(self.edge);
        let marker = marker::text(self.edge, None);
        format!("retry: {retry}\nid: {marker}\n\n").into()
    }

    /// A comment, and the place where nothing was for this client.
    async fn heartbeat(&mut self) -> Next {
        self.state.beat = Instant::now() + HEARTBEAT;
        if !still_allowed(&self.request).await {
            return Next::End;
        }
        if self.state.told == Some(self.edge) {
            return Next::Text(Bytes::from_static(b":\n\n"));
        }
        self.state.told = Some(self.edge);
        Next::Text(self.state.comment.clone())
    }

    /// Safe to be dropped at any moment: the place moves only with what is
    /// returned.
    async fn step(&mut self) -> Next {
        let Some(pieces) = &mut self.state.pieces else {
            return self.read_on().await;
        };
        match pieces.recv().await {
            Ok(piece) => self.take(&piece),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                // Whoever takes so little may come again, and reads for itself.
                metrics::counter!("orderlog_sse_cut_total", "stream" => F::NAME).increment(1);
                Next::End
            }
            Err(broadcast::error::RecvError::Closed) => Next::End,
        }
    }

    /// A piece of the tail, where it goes on from the client's place.
    fn take(&mut self, piece: &Arc<Piece>) -> Next {
        if piece.after > self.edge.at || begins_epoch(self.edge.at, piece.reached.at) {
            // Something is missing in between.
            self.state.pieces = None;
            return Next::Nothing;
        }
        self.tell(piece)
    }

    /// A page of its own; at the end, what the tail reads from then on.
    async fn read_on(&mut self) -> Next {
        let pieces = self.tail.pieces();
        let seen = self.following.seen();
        let mut page = match self.read().await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(error = %error_chain(&error), "live.client_waits");
                sleep(RETRY).await;
                return Next::Nothing;
            }
        };
        let is_end = page.is_empty();
        if let Some(seen) = seen.filter(|_| is_end) {
            // The tail had come there before this was read, so there is nothing
            // for this client up to there.
            page.reached.at = page.reached.at.max(seen.at);
        }
        if begins_epoch(self.edge.at, page.reached.at) && !self.is_true().await {
            // It is told why when it comes again.
            return Next::End;
        }
        page.items.retain(|item| self.filter.takes(&item.about));
        if is_end {
            self.state.pieces = Some(pieces);
        }
        // The first part only: nobody shares what a client reads for itself, and
        // it may take its time.
        let part = page.split().into_iter().next();
        part.map_or(Next::Nothing, |part| self.tell(&Arc::new(part.into())))
    }

    async fn read(&self) -> Result<Page, FeedError> {
        let _turn = self.slot.slots.reader().await;
        let orders = self.filter.orders();
        let mut ahead = F::Ahead::default();
        let page = self
            .tail
            .feed()
            .page(self.edge.at, orders, PAGE, &mut ahead);
        page.await
    }

    /// Whether what the client has seen is still in the log.
    async fn is_true(&self) -> bool {
        let resumable = self.log.reader.resumable(self.edge.at).await;
        matches!(resumable, Ok(Ok(())))
    }

    /// What of a piece is for this client.
    fn tell(&mut self, piece: &Arc<Piece>) -> Next {
        let before = self.edge;
        if piece.reached.at < before.at {
            return Next::Nothing;
        }
        self.edge = piece.reached;
        self.state.comment = piece.comment.clone();
        let rest = Rest::of(piece, &self.filter, before.at);
        let refreshes = before.generation != self.edge.generation;
        if refreshes || rest.is_some() {
            let at = rest.as_ref().map_or(before.at, |(_, last)| *last);
            let generation = self.edge.generation;
            self.state.told = Some(Edge { at, generation });
        }
        self.state.rest = rest.map(|(rest, _)| rest);
        if refreshes {
            return Next::Text(refresh(Edge {
                at: before.at,
                ..self.edge
            }));
        }
        Next::Nothing
    }
}

/// Any document may read otherwise now, without a new version.
fn refresh(edge: Edge) -> Bytes {
    let marker = marker::text(edge, None);
    format!("event: refresh\nid: {marker}\ndata: {{}}\n\n").into()
}

/// Whether another epoch of the log lies between two places.
fn begins_epoch(from: LogPosition, to: LogPosition) -> bool {
    from != LogPosition::START && to.epoch > from.epoch
}
