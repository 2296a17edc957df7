//! From whole streams to rows that are not there yet.

use super::error::RebuildError;
use crate::engine::{
    environment::Engine,
    event::{Event, decode},
    failure::reason,
    fold::{Fold, Folded, Step},
    projection::{BoxError, Projection},
};
use infra::{
    log::{ContractMapping, PublishedEvent, StoredEvent},
    sealing::OpenError,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use uuid::Uuid;

/// Streams, folded.
pub(super) struct Page<P: Projection> {
    pub folded: Folded<P>,
    /// Those that cannot be folded as a whole.
    pub broken: Vec<Broken>,
}

/// A stream that cannot be folded as a whole.
#[derive(Debug)]
pub(super) struct Broken {
    pub id: String,
    pub events: Vec<StoredEvent>,
    pub reason: String,
}

/// Why streams cannot be folded, by the ids of their aggregates.
type Reasons = BTreeMap<String, String>;

/// An event, by aggregate and version, and why nobody can make anything of it.
pub(super) type Fault = ((String, i64), String);

/// Folds whole streams.
pub(super) async fn fold<P: Projection>(
    engine: &Engine<P>,
    streams: Vec<StoredEvent>,
) -> Result<Page<P>, RebuildError> {
    let streams = Arc::new(streams);
    let (mapping, stored) = (engine.mapping.clone(), streams.clone());
    let map = move || whole_streams(mapping.as_ref(), &stored);
    let (mut events, mut reasons) = off_the_runtime(map).await;
    for ((id, _), reason) in open(engine, &mut events).await? {
        reasons.entry(id).or_insert(reason);
    }
    let page = off_the_runtime(move || {
        let folded = fold_sound::<P>(events, &mut reasons);
        let broken = broken(&streams, reasons);
        Page { folded, broken }
    });
    Ok(page.await)
}

/// The streams that there is something to say against: nearly always none.
fn broken(streams: &[StoredEvent], mut reasons: Reasons) -> Vec<Broken> {
    if reasons.is_empty() {
        return Vec::new();
    }
    let broken = streams.chunk_by(same_stream).filter_map(|events| {
        let id = name(&events.first()?.aggregate_id);
        let reason = reasons.remove(&id)?;
        let events = events.to_vec();
        Some(Broken { id, events, reason })
    });
    broken.collect()
}

/// What takes the processor for a while must not keep it from others.
pub(super) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// Opens personal data, all keys with one query. Takes out the events of which
/// it can never be opened.
pub(super) async fn open<P: Projection>(
    engine: &Engine<P>,
    events: &mut Vec<PublishedEvent>,
) -> Result<Vec<Fault>, RebuildError> {
    let (mut closed, mut opened) = (Vec::new(), 0);
    loop {
        match engine.sealing.open(&mut events[opened..]).await {
            Ok(_) => return Ok(closed),
            // Those before it are open.
            Err(ref error @ OpenError::Event { index, .. }) if error.is_of_the_event() => {
                opened += index;
                let envelope = events.remove(opened).envelope;
                let place = (envelope.subject.to_string(), envelope.sequence);
                closed.push((place, reason(error)));
            }
            Err(error) => return Err(RebuildError::Closed(error)),
        }
    }
}

/// An id as envelopes have it.
pub(super) fn name(aggregate_id: &str) -> String {
    Uuid::try_parse(aggregate_id)
        .map_or_else(|_| aggregate_id.to_owned(), |order| order.to_string())
}

pub(super) fn same_stream(one: &StoredEvent, other: &StoredEvent) -> bool {
    one.aggregate_id == other.aggregate_id
}

fn whole_streams(
    mapping: &dyn ContractMapping,
    events: &[StoredEvent],
) -> (Vec<PublishedEvent>, Reasons) {
    let (mut page, mut reasons) = (Vec::with_capacity(events.len()), Reasons::new());
    for stream in events.chunk_by(same_stream) {
        match mapping.stream(stream) {
            Ok(published) => page.extend(published),
            Err(error) => {
                reasons.insert(name(&error.aggregate_id), reason(&error));
            }
        }
    }
    (page, reasons)
}

/// Folds the streams that there is nothing to say against, and says what there
/// is against others.
fn fold_sound<P: Projection>(published: Vec<PublishedEvent>, reasons: &mut Reasons) -> Folded<P> {
    let mut events = Vec::with_capacity(published.len());
    for published in published {
        let id = published.envelope.subject;
        match decode::<P>(published) {
            Ok(event) => events.push(event),
            Err(error) => drop(reasons.entry(id.to_string()).or_insert(reason(&*error))),
        }
    }
    loop {
        if !reasons.is_empty() {
            events.retain(|event| !reasons.contains_key(&event.envelope.subject.to_string()));
        }
        match fold_all::<P>(&events) {
            Ok(folded) => return folded,
            Err((id, error)) => {
                reasons.insert(id.to_string(), reason(&*error));
            }
        }
        // One is rarely alone, and what it has changed already has to go: the
        // others are found by folding each stream for itself.
        for stream in events.chunk_by(|a, b| a.envelope.subject == b.envelope.subject) {
            if let Err((id, error)) = fold_all::<P>(stream) {
                reasons.insert(id.to_string(), reason(&*error));
            }
        }
    }
}

/// The log skips an event of an aggregate, or has one twice.
#[derive(Debug, thiserror::Error)]
#[error("event {sequence} does not follow event {previous}")]
pub(super) struct NotConsecutive {
    pub sequence: i64,
    pub previous: i64,
}

fn fold_all<P: Projection>(events: &[Event<P::Data>]) -> Result<Folded<P>, (Uuid, BoxError)> {
    let mut fold = Fold::<P>::over(HashMap::new());
    for event in events {
        let (id, sequence) = (event.envelope.subject, event.envelope.sequence);
        let previous = fold.version(id);
        match fold.step(event) {
            Ok(Step::Applied) => {}
            Ok(Step::Skipped | Step::Gap) => {
                let error = NotConsecutive { sequence, previous };
                return Err((id, error.into()));
            }
            Err(error) => return Err((id, error)),
        }
    }
    Ok(fold.finish())
}
