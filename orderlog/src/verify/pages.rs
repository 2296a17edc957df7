//! The log in pages of whole streams: all of it, or a sample.

use super::{
    error::VerifyError,
    sample::{Choice, Sample},
    store,
};
use infra::{
    lifecycle::error_chain,
    log::{Horizon, PublishedEvent, StoredEvent},
    sealing::OpenError,
};
use projections::{
    Sources,
    engine::verify::{Page, Stream},
};
use sqlx::PgPool;
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// About how many events a page has.
const EVENTS: i64 = 5_000;
/// Orders of a page of a sample.
const ORDERS: usize = 500;
/// Ids that a sample is chosen from at a time.
const IDS: i64 = 20_000;

/// Some streams, and the ids that they are all of.
pub(super) struct Part {
    pub page: Page,
    /// All streams with ids in `(after, last]`; none in a sample.
    pub range: Option<(Uuid, Uuid)>,
    /// Of how many of them the log does not count 1, 2, 3, …
    pub gaps: Vec<(Uuid, String)>,
    /// Events below the horizon.
    pub events: u64,
}

/// Reads one part after the other, for one kind of aggregate.
pub(super) struct Pages<'a> {
    sources: &'a Sources,
    log: &'a PgPool,
    horizon: Horizon,
    sample: Option<(Sample, u64)>,
}

/// How far the reading of one kind is.
pub(super) struct Cursor {
    kind: &'static str,
    after: String,
    ended: bool,
    choice: Option<Choice>,
    chosen: VecDeque<String>,
}

impl<'a> Pages<'a> {
    pub const fn new(
        sources: &'a Sources,
        log: &'a PgPool,
        horizon: Horizon,
        sample: Option<(Sample, u64)>,
    ) -> Self {
        Self {
            sources,
            log,
            horizon,
            sample,
        }
    }

    /// Before the first stream of a kind.
    pub fn begin(&self, kind: &'static str) -> Cursor {
        Cursor {
            kind,
            after: String::new(),
            ended: false,
            choice: self.sample.map(|(sample, seed)| Choice::new(sample, seed)),
            chosen: VecDeque::new(),
        }
    }

    /// The next part; none after the last one.
    pub async fn next(&self, cursor: &mut Cursor) -> Result<Option<Part>, VerifyError> {
        match cursor.choice.take() {
            None => self.next_of_all(cursor).await,
            Some(mut choice) => {
                let part = self.next_of_some(cursor, &mut choice).await;
                cursor.choice = Some(choice);
                part
            }
        }
    }

    async fn next_of_all(&self, cursor: &mut Cursor) -> Result<Option<Part>, VerifyError> {
        if cursor.ended {
            return Ok(None);
        }
        let log = &self.sources.log;
        let page = log.read_streams(cursor.kind, &cursor.after, self.horizon, EVENTS);
        let page = page.await.map_err(VerifyError::Log)?;
        let after = match cursor.after.as_str() {
            "" => Uuid::nil(),
            after => id_of(after)?,
        };
        let last = if let Some(last) = page.last_id {
            let id = id_of(&last)?;
            cursor.after = last;
            id
        } else {
            cursor.ended = true;
            Uuid::max()
        };
        let mut part = self.part(&page.events).await?;
        part.range = Some((after, last));
        Ok(Some(part))
    }

    async fn next_of_some(
        &self,
        cursor: &mut Cursor,
        choice: &mut Choice,
    ) -> Result<Option<Part>, VerifyError> {
        while !cursor.ended && cursor.chosen.is_empty() {
            let ids = store::ids(self.log, cursor.kind, &cursor.after, IDS);
            let ids = ids.await.map_err(VerifyError::Log)?;
            match ids.last() {
                Some(last) => cursor.after.clone_from(last),
                None => cursor.ended = true,
            }
            for id in ids {
                choice.offer(id);
            }
            if cursor.ended || choice.is_final() {
                cursor.chosen.extend(choice.take());
            }
        }
        if cursor.chosen.is_empty() {
            return Ok(None);
        }
        let most = cursor.chosen.len().min(ORDERS);
        let ids: Vec<String> = cursor.chosen.drain(..most).collect();
        let log = &self.sources.log;
        let events = log.read_streams_of(cursor.kind, &ids, self.horizon).await;
        let events = events.map_err(VerifyError::Log)?;
        Ok(Some(self.part(&events).await?))
    }

    /// Maps and opens streams.
    async fn part(&self, events: &[StoredEvent]) -> Result<Part, VerifyError> {
        let (mut page, mut gaps) = (BTreeMap::<Uuid, Stream>::new(), Vec::new());
        let mut published = Vec::with_capacity(events.len());
        for stream in events.chunk_by(|a, b| a.aggregate_id == b.aggregate_id) {
            let id = id_of(&stream[0].aggregate_id)?;
            if let Some(what) = gap(stream) {
                gaps.push((id, what));
            }
            page.insert(id, Ok(Vec::with_capacity(stream.len())));
            match self.sources.mapping.stream(stream) {
                Ok(events) => published.extend(events),
                Err(error) => {
                    page.insert(id, Err(error_chain(&error)));
                }
            }
        }
        self.open(&mut published, &mut page).await?;
        for event in published {
            if let Some(Ok(stream)) = page.get_mut(&event.envelope.subject) {
                stream.push(event);
            }
        }
        Ok(Part {
            page: Page(page),
            range: None,
            gaps,
            events: events.len().try_into().unwrap_or(u64::MAX),
        })
    }

    /// Opens the personal data of a page, all keys with one query. A stream
    /// with damaged data is left out of the rest.
    async fn open(
        &self,
        published: &mut Vec<PublishedEvent>,
        page: &mut BTreeMap<Uuid, Stream>,
    ) -> Result<(), VerifyError> {
        loop {
            let (index, damaged) = match self.sources.sealing.open(published).await {
                Ok(_) => return Ok(()),
                Err(OpenError::Unavailable(away)) => return Err(VerifyError::Keys(away)),
                Err(damaged @ OpenError::Event { index, .. }) => (index, damaged),
            };
            let Some(id) = published.get(index).map(|e| e.envelope.subject) else {
                return Ok(());
            };
            page.insert(id, Err(error_chain(&damaged)));
            published.retain(|event| event.envelope.subject != id);
        }
    }
}

fn id_of(text: &str) -> Result<Uuid, VerifyError> {
    text.parse().map_err(|_| VerifyError::ForeignId {
        id: text.to_owned(),
    })
}

/// Sequences are unique by the primary key.
fn gap(stream: &[StoredEvent]) -> Option<String> {
    let (first, last) = (stream.first()?.sequence, stream.last()?.sequence);
    let count = i64::try_from(stream.len()).unwrap_or(i64::MAX);
    (first != 1 || last != count)
        .then(|| format!("the log has {count} events from sequence {first} to {last}"))
}
