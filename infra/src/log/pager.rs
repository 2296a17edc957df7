//! A reader that remembers where it is.

use super::{
    event::StoredEvent,
    reader::{Horizon, LogReader},
};
use contracts::LogPosition;

/// What one page holds at most. The first event always comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    /// Events.
    pub events: i64,
    /// Bytes of their payloads, as they are stored.
    pub bytes: i64,
}

impl Default for PageSize {
    fn default() -> Self {
        Self {
            events: 2_000,
            bytes: 2 << 20,
        }
    }
}

/// Reads final events from a position on, in log order, a page at a time: of
/// the whole log, or of some aggregates. Memory is bounded by the page, the
/// speed is that of whoever takes the pages, and the position is all that has to
/// be kept to go on later.
#[derive(Debug, Clone)]
pub struct LogPager {
    reader: LogReader,
    at: LogPosition,
    until: Option<Horizon>,
    of: Option<Aggregates>,
    size: PageSize,
}

#[derive(Debug, Clone)]
struct Aggregates {
    aggregate_type: &'static str,
    ids: Vec<String>,
}

impl LogPager {
    /// Of everything after `at`.
    pub fn new(reader: LogReader, at: LogPosition) -> Self {
        Self {
            reader,
            at,
            until: None,
            of: None,
            size: PageSize::default(),
        }
    }

    /// Of nothing but these aggregates, whose streams are read by their index.
    #[must_use]
    pub fn of(mut self, aggregate_type: &'static str, ids: Vec<String>) -> Self {
        self.of = Some(Aggregates {
            aggregate_type,
            ids,
        });
        self
    }

    /// Up to a horizon that was taken before, so that there is an end.
    #[must_use]
    pub const fn until(mut self, horizon: Horizon) -> Self {
        self.until = Some(horizon);
        self
    }

    /// With pages of another size.
    #[must_use]
    pub const fn pages_of(mut self, size: PageSize) -> Self {
        self.size = size;
        self
    }

    /// The last event that was read: where to begin the next time.
    pub const fn position(&self) -> LogPosition {
        self.at
    }

    /// The next events. None: there is nothing final yet; with a horizon to end
    /// at, there never will be. Dropped before its end, it has read nothing.
    pub async fn next(&mut self) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let PageSize { events, bytes } = self.size;
        let mut page = match &self.of {
            None => self.reader.read_batch(self.at, events, bytes).await?,
            Some(Aggregates {
                aggregate_type,
                ids,
            }) => {
                let page = self
                    .reader
                    .read_batch_of(aggregate_type, ids, self.at, events, bytes);
                page.await?
            }
        };
        if let Some(horizon) = self.until {
            // In log order, so what is beyond it is at the end.
            page.retain(|event| horizon.covers(event.at));
        }
        if let Some(last) = page.last() {
            self.at = last.at;
        }
        Ok(page)
    }
}
