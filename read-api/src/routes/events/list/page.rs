//! A page of the log: as many events as are wanted, at a cost that has a bound
//! however few of them the filters leave.

use crate::{
    live::{Filter, Told},
    log::unread,
    log_range::LogRange,
    paging,
    state::State,
};
use contracts::LogPosition;
use infra::{http::Problem, log::PageSize};

/// What is read of the log at once, where the first events were not enough.
const AT_ONCE: PageSize = PageSize {
    events: 1_000,
    bytes: 1 << 20,
};
/// How many times it is read for one page.
const MOST_READS: usize = 10;
/// A page that has so many bytes has no more events.
const MOST_BYTES: usize = 4 << 20;

/// Some events, and where there may be more.
pub struct Page {
    /// JSON, to be sent as it is.
    pub events: Vec<String>,
    /// After which place; none where the log has nothing more that is final.
    pub next: Option<LogPosition>,
}

impl Page {
    /// Up to `limit` events of `range`.
    ///
    /// # Errors
    /// 503 where the log cannot be read.
    pub async fn read(
        state: &State,
        range: LogRange,
        filter: &Filter,
        limit: usize,
    ) -> Result<Self, Problem> {
        let range = range.found(&state.log.reader).await;
        let range = range.map_err(|error| Problem::database(&error))?;
        let mut page = Self {
            events: Vec::new(),
            next: None,
        };
        let Some(last) = range.until else {
            return Ok(page);
        };
        let events = state.live.events.feed().clone();
        let first = PageSize {
            events: paging::one_more(limit),
            ..AT_ONCE
        };
        let mut pager = events.pager(range.after, filter.orders(), first);
        let (mut reached, mut bytes) = (range.after, 0);
        let _turn = state.live.slots.reader().await;
        for _ in 0..MOST_READS {
            let begun = pager.position();
            let told = events.read(&mut pager).await;
            for Told { platform, event } in told.map_err(|error| unread(&error))? {
                let envelope = &event.envelope;
                let (order, of_type) = (envelope.subject, envelope.event_type.as_str());
                if !range.takes(&event) || !filter.takes_event(order, of_type, platform.as_deref())
                {
                    continue;
                }
                if page.events.len() == limit || bytes >= MOST_BYTES {
                    page.next = Some(reached);
                    return Ok(page);
                }
                reached = envelope.position.at;
                let json = envelope.to_json(&event.data).map_err(Problem::internal)?;
                bytes += json.len();
                page.events
                    .push(String::from_utf8(json).map_err(Problem::internal)?);
            }
            if pager.position() == begun || pager.position() >= last {
                return Ok(page);
            }
            pager = pager.pages_of(AT_ONCE);
        }
        page.next = Some(pager.position());
        Ok(page)
    }
}
