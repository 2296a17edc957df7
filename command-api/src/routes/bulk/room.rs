//! How much of a process bulk requests may have. The log takes so many commands
//! that wait for it (4,096, 64 MiB) and refuses more: a quarter is theirs, so
//! that a single request finds room beside any number of lines.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests at a time.
const REQUESTS: usize = 32;
/// Of those dry runs: each remembers orders, up to 64 MiB.
const REHEARSALS: usize = 4;
/// Lines of all of them at a time, unless they are long.
const LINES: u32 = 1_024;
/// A line takes a place for each so many bytes that it has begun: together at
/// most 16 MiB.
const PLACE: usize = 16 << 10;

/// Places for requests, and for their lines.
#[derive(Debug)]
pub struct Room {
    requests: Arc<Semaphore>,
    rehearsals: Arc<Semaphore>,
    lines: Arc<Semaphore>,
}

/// A place; free again when it is dropped.
pub type Taken = Option<OwnedSemaphorePermit>;

impl Default for Room {
    fn default() -> Self {
        Self {
            requests: Arc::new(Semaphore::new(REQUESTS)),
            rehearsals: Arc::new(Semaphore::new(REHEARSALS)),
            lines: Arc::new(Semaphore::new(LINES as usize)),
        }
    }
}

impl Room {
    /// A place for a request; none where all are taken.
    pub fn request(&self) -> Taken {
        Arc::clone(&self.requests).try_acquire_owned().ok()
    }

    /// The same for one that is a dry run, beside its place as a request.
    pub fn rehearsal(&self) -> Taken {
        Arc::clone(&self.rehearsals).try_acquire_owned().ok()
    }

    /// A place for a line of this size, first come, first served. Whoever waits
    /// must have nothing that another line waits for.
    pub async fn line(&self, size: usize) -> Taken {
        let places = u32::try_from(size / PLACE).unwrap_or(LINES);
        let places = places.saturating_add(1).min(LINES);
        let lines = Arc::clone(&self.lines);
        lines.acquire_many_owned(places).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[test]
    fn long_lines_take_the_places_of_many() {
        let room = Room::default();
        let line = |size| room.line(size).now_or_never().flatten();
        let short: Vec<_> = (0..LINES).map_while(|_| line(100)).collect();
        assert_eq!(short.len(), 1_024);
        assert!(line(0).is_none());
        drop(short);
        let long: Vec<_> = (0..LINES).map_while(|_| line(256 << 10)).collect();
        assert_eq!(long.len(), 60);
        drop(long);
        // It is alone, and carried out.
        assert!(line(1 << 30).is_some());
    }

    #[test]
    fn a_request_that_ends_makes_room() {
        let room = Room::default();
        let mut requests: Vec<_> = (0..REQUESTS).map_while(|_| room.request()).collect();
        assert_eq!(requests.len(), REQUESTS);
        assert!(room.request().is_none());
        requests.pop();
        assert!(room.request().is_some());
        let rehearsals: Vec<_> = (0..REQUESTS).map_while(|_| room.rehearsal()).collect();
        assert_eq!(rehearsals.len(), REHEARSALS);
    }
}
