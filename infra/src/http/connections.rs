//! Connections that nothing is asked on. The server gives a connection's first
//! head its time and one that waits for a next request its own, and has neither
//! for whoever sends a part of a second head, or a body that nobody reads any
//! more: they would stay for ever, at a byte now and then.

use super::server::{HEAD_TIME, WRITE_BUFFER};
use crate::open_files;
use actix_web::{
    Error,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Bytes,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{Shutdown, shutdown},
};
use std::{
    convert::Infallible,
    fmt,
    os::fd::{AsFd as _, OwnedFd},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

/// What a process opens beside connections of clients.
const OTHER_FILES: u64 = 512;
/// A connection, and its socket once more.
const FILES_EACH: u64 = 2;

/// Bytes of a long answer that a connection is given at a time.
const PIECE: usize = 64 << 10;

const OPEN: &str = "orderlog_http_connections";
const CUT: &str = "orderlog_http_connections_cut_total";
/// How often it is looked who is overdue.
const LOOK: Duration = Duration::from_secs(1);

/// Tells the exporter what the names mean.
pub(super) fn describe() {
    metrics::describe_gauge!(OPEN, "Connections of clients that are open");
    metrics::describe_counter!(CUT, "Connections cut off on which nothing was asked");
    metrics::counter!(CUT).increment(0);
}

/// How many of the connections that are `wanted` the files allow that a process may
/// have open.
pub(super) fn allowed(wanted: usize) -> usize {
    let files = open_files::limit().unwrap_or(u64::MAX);
    let possible = files.saturating_sub(OTHER_FILES) / FILES_EACH;
    let possible = usize::try_from(possible).unwrap_or(usize::MAX).max(1);
    if possible < wanted {
        tracing::info!(wanted, possible, "http.connections_limited_by_open_files");
    }
    wanted.min(possible)
}

/// The connections of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connections {
    open: Arc<Mutex<Vec<Weak<Connection>>>>,
    began: Instant,
    /// How long one may be open without a request that is worked on.
    idle: Duration,
}

/// One of them; among its requests' data.
pub struct Connection {
    /// Its socket once more: closed with the connection.
    socket: OwnedFd,
    began: Instant,
    /// Requests that are worked on, and answers that are still sent.
    busy: AtomicUsize,
    /// When the last of them ended, in milliseconds since the beginning.
    since: AtomicU64,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connections {
    /// Of a server that lets a connection wait so long for its next request.
    pub fn new(keep_alive: Duration) -> Self {
        Self {
            open: Arc::default(),
            began: Instant::now(),
            idle: keep_alive + HEAD_TIME,
        }
    }

    /// Knows a connection from now on.
    pub fn add(&self, stream: &TcpStream, data: &mut Extensions) {
        let socket = match stream.as_fd().try_clone_to_owned() {
            Ok(socket) => socket,
            // There are no more descriptors: the next ones are refused anyway.
            Err(error) => return tracing::warn!(%error, "http.connection_unknown"),
        };
        let connection = Arc::new(Connection {
            socket,
            began: self.began,
            busy: AtomicUsize::new(0),
            since: AtomicU64::new(millis(self.began)),
        });
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push(Arc::downgrade(&connection));
        drop(open);
        data.insert(connection);
    }

    /// Cuts off whoever is overdue, for as long as it is polled.
    pub async fn watch(&self) {
        loop {
            self.cut_off();
            tokio::time::sleep(LOOK).await;
        }
    }

    fn cut_off(&self) {
        let longest = u64::try_from(self.idle.as_millis()).unwrap_or(u64::MAX);
        let now = millis(self.began);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|connection| {
            let Some(connection) = connection.upgrade() else {
                return false;
            };
            // What waits to be sent is part of an answer, with a time of its own.
            let overdue = connection.idle(now) > longest && connection.is_writable();
            if overdue {
                metrics::counter!(CUT).increment(1);
                if let Err(error) = shutdown(&connection.socket, Shutdown::Both) {
                    tracing::debug!(%error, "http.connection_gone");
                }
            }
            !overdue
        });
        #[expect(clippy::cast_precision_loss, reason = "nobody has so many")]
        metrics::gauge!(OPEN).set(open.len() as f64);
    }
}

impl Connection {
    /// Whether all that was to be sent is on its way, or nobody is there any more.
    fn is_writable(&self) -> bool {
        let mut looked_at = [PollFd::new(&self.socket, PollFlags::OUT)];
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        !matches!(poll(&mut looked_at, Some(&at_once)), Ok(0))
    }

    /// For how long nothing has been asked.
    fn idle(&self, now: u64) -> u64 {
        if self.busy.load(Ordering::Acquire) > 0 {
            return 0;
        }
        now.saturating_sub(self.since.load(Ordering::Acquire))
    }
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A request that is worked on, until its answer is made, or sent where that takes
/// time.
struct Busy(Arc<Connection>);

impl Busy {
    fn on(connection: &Arc<Connection>) -> Self {
        connection.busy.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(connection))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let since = millis(self.0.began);
        self.0.since.store(since, Ordering::Release);
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Wraps a whole application: its requests and long answers keep their connections.
pub async fn keep<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let busy = request.conn_data::<Arc<Connection>>().map(Busy::on);
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| {
        let body = body.boxed();
        if !takes_time(body.size()) {
            return body;
        }
        match body.try_into_bytes() {
            Ok(rest) => Pieces { rest, _busy: busy }.boxed(),
            Err(body) => Kept { body, _busy: busy }.boxed(),
        }
    }))
}

/// Whether it may be more than one piece: who reads it slowly reads it all the same.
const fn takes_time(size: BodySize) -> bool {
    match size {
        BodySize::None => false,
        BodySize::Sized(bytes) => bytes > WRITE_BUFFER as u64,
        BodySize::Stream => true,
    }
}

/// A long answer that is in memory, and may be shared by all who ask for it. The
/// server copies what it is given for each connection, so it is given a part at a
/// time: whoever asks and reads nothing has no copy of the whole.
struct Pieces {
    rest: Bytes,
    _busy: Option<Busy>,
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = &mut self.get_mut().rest;
        let piece = rest.split_to(rest.len().min(PIECE));
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}

struct Kept {
    body: BoxBody,
    _busy: Option<Busy>,
}

impl MessageBody for Kept {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;
    use tokio::{io::AsyncReadExt as _, net::TcpListener};

    #[tokio::test]
    async fn a_long_answer_is_the_same_in_pieces() {
        let whole: Bytes = (0..=3 * PIECE).map(|n| n.to_le_bytes()[0]).collect();
        let pieces = |rest: &Bytes| Pieces {
            rest: rest.clone(),
            _busy: None,
        };
        let Ok(read) = to_bytes(pieces(&whole)).await;
        assert_eq!(read, whole);
        let mut pieces = pieces(&whole);
        let mut context = Context::from_waker(std::task::Waker::noop());
        let first = Pin::new(&mut pieces).poll_next(&mut context);
        let Poll::Ready(Some(Ok(first))) = first else {
            panic!("it is there");
        };
        assert_eq!(first.len(), PIECE);
    }

    #[tokio::test]
    async fn a_connection_is_cut_off_once_nothing_is_asked_on_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let mut client = TcpStream::connect(address).await.expect("a connection");
        let (server, _) = listener.accept().await.expect("a connection");
        let connections = Connections {
            idle: Duration::ZERO,
            ..Connections::new(Duration::ZERO)
        };
        let mut data = Extensions::new();
        connections.add(&server, &mut data);
        let connection = data.get::<Arc<Connection>>().expect("known");
        let busy = Busy::on(connection);
        tokio::time::sleep(Duration::from_millis(5)).await;
        connections.cut_off();
        assert_eq!(connections.open.lock().expect("whole").len(), 1);
        drop(busy);
        tokio::time::sleep(Duration::from_millis(5)).await;
        connections.cut_off();
        let read = client.read(&mut [0]).await;
        assert_eq!(read.expect("closed in order"), 0);
        assert!(connections.open.lock().expect("whole").is_empty());
    }
}
