//! From stored events to rows.

use super::error::{RebuildError, unopened};
use crate::engine::{
    environment::Engine,
    event::{Event, decode},
    fold::{Fold, Folded, Step},
    projection::{BoxError, Projection},
};
use infra::log::{ContractMapping, PublishedEvent, StoredEvent};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Whole streams, folded into rows that are not there yet.
pub(super) async fn fold<P: Projection>(
    engine: &Engine<P>,
    streams: Vec<StoredEvent>,
) -> Result<Folded<P>, RebuildError> {
    let mapping = engine.mapping.clone();
    let map = move || whole_streams(mapping.as_ref(), &streams);
    let mut page = off_the_runtime(map).await?;
    // All keys of the page with one query.
    let opened = engine.sealing.open(&mut page).await;
    opened.map_err(|error| unopened(P::AGGREGATE_TYPE, error))?;
    off_the_runtime(move || {
        let mut fold = Fold::<P>::over(HashMap::new());
        for published in page {
            next::<P>(&mut fold, &read::<P>(published)?, &[Step::Applied])?;
        }
        Ok(fold.finish())
    })
    .await
}

/// Events in log order, applied to the rows that are there; those that the
/// rows hold already have no effect.
pub(super) async fn apply<P: Projection>(
    engine: &Engine<P>,
    build: &mut PgConnection,
    stored: Vec<StoredEvent>,
) -> Result<(), RebuildError> {
    let mapping = engine.mapping.clone();
    let map = move || one_by_one::<P>(mapping.as_ref(), &stored);
    let mut page = off_the_runtime(map).await?;
    let opened = engine.sealing.open(&mut page).await;
    opened.map_err(|error| unopened(P::AGGREGATE_TYPE, error))?;
    let ids: BTreeSet<Uuid> = page.iter().map(|event| event.envelope.subject).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let rows = P::load(build, &ids).await?;
    let folded = off_the_runtime(move || {
        let mut fold = Fold::<P>::over(rows);
        for published in page {
            let event = read::<P>(published)?;
            next::<P>(&mut fold, &event, &[Step::Applied, Step::Skipped])?;
        }
        Ok(fold.finish())
    });
    let folded = folded.await?;
    if !folded.rows.is_empty() {
        P::write(build, &folded.rows, &folded.changes).await?;
    }
    Ok(())
}

/// What takes the processor for a while must not keep it from others.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RebuildError> + Send + 'static,
) -> Result<T, RebuildError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

fn whole_streams(
    mapping: &dyn ContractMapping,
    events: &[StoredEvent],
) -> Result<Vec<PublishedEvent>, RebuildError> {
    let mut page = Vec::with_capacity(events.len());
    for stream in events.chunk_by(|a, b| a.aggregate_id == b.aggregate_id) {
        page.extend(mapping.stream(stream)?);
    }
    Ok(page)
}

fn one_by_one<P: Projection>(
    mapping: &dyn ContractMapping,
    events: &[StoredEvent],
) -> Result<Vec<PublishedEvent>, RebuildError> {
    let ours = events
        .iter()
        .filter(|event| event.aggregate_type == P::AGGREGATE_TYPE);
    let published = ours.map(|event| mapping.event(event));
    Ok(published
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?)
}

fn read<P: Projection>(published: PublishedEvent) -> Result<Event<P::Data>, RebuildError> {
    let id = published.envelope.subject;
    decode::<P>(published).map_err(|error| broken::<P>(id, error))
}

fn broken<P: Projection>(id: Uuid, error: BoxError) -> RebuildError {
    RebuildError::history(P::AGGREGATE_TYPE, &id.to_string(), error)
}

/// The log skips an event of an aggregate, or has one twice.
#[derive(Debug, thiserror::Error)]
#[error("event {sequence} does not follow event {previous}")]
struct NotConsecutive {
    sequence: i64,
    previous: i64,
}

fn next<P: Projection>(
    fold: &mut Fold<P>,
    event: &Event<P::Data>,
    expected: &[Step],
) -> Result<(), RebuildError> {
    let (id, sequence) = (event.envelope.subject, event.envelope.sequence);
    let previous = fold.version(id);
    let step = fold.step(event).map_err(|error| broken::<P>(id, error))?;
    if expected.contains(&step) {
        return Ok(());
    }
    let error = NotConsecutive { sequence, previous };
    Err(broken::<P>(id, error.into()))
}
