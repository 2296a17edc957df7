//! Folding the whole log into emptied tables, page by page.

use super::{
    environment::Engine,
    event::decode,
    fold::{Fold, Folded, Step},
    projection::{BoxError, Projection},
    rebuild::{Progress, RebuildError},
};
use infra::{
    log::{ContractMapping, Horizon, PublishedEvent, StoredEvent},
    sealing::OpenError,
};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};

/// About how many events are folded and written at a time.
const PAGE: i64 = 2_000;

/// Folds the log up to the horizon into the emptied tables. The next page is
/// read and folded while the present one is written.
pub(super) async fn fill<P: Projection>(
    engine: &Engine<P>,
    views: &mut PgConnection,
    horizon: Horizon,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Progress, RebuildError> {
    let (mut done, mut shared) = (Progress::default(), P::Changes::default());
    let mut page = read(engine, "", horizon).await?;
    while let Some(last_id) = page.last_id {
        P::hold_back(&mut page.folded.changes, &mut shared);
        let (written, next) = tokio::join!(
            P::write(views, &page.folded.rows, &page.folded.changes),
            read(engine, &last_id, horizon),
        );
        written?;
        done.aggregates += page.folded.rows.len() as u64;
        done.events += page.events;
        progress(done);
        page = next?;
    }
    P::write(views, &BTreeMap::new(), &shared).await?;
    Ok(done)
}

/// A page of the log, folded.
struct Page<P: Projection> {
    folded: Folded<P>,
    events: u64,
    /// Where the next one begins; none after the last.
    last_id: Option<String>,
}

async fn read<P: Projection>(
    engine: &Engine<P>,
    after_id: &str,
    horizon: Horizon,
) -> Result<Page<P>, RebuildError> {
    let streams = engine
        .log
        .read_streams(P::AGGREGATE_TYPE, after_id, horizon, PAGE)
        .await
        .map_err(RebuildError::Log)?;
    let (events, mapping) = (streams.events.len() as u64, engine.mapping.clone());
    let map = move || published::<P>(mapping.as_ref(), &streams.events);
    let mut page = off_the_runtime(map).await?;
    // All keys of the page with one query.
    let opened = engine.sealing.open(&mut page).await;
    opened.map_err(unopened::<P>)?;
    let folded = off_the_runtime(move || fold_page::<P>(page)).await?;
    Ok(Page {
        folded,
        events,
        last_id: streams.last_id,
    })
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

fn published<P: Projection>(
    mapping: &dyn ContractMapping,
    events: &[StoredEvent],
) -> Result<Vec<PublishedEvent>, RebuildError> {
    let mut page = Vec::with_capacity(events.len());
    for stream in events.chunk_by(|a, b| a.aggregate_id == b.aggregate_id) {
        let mapped = mapping.stream(stream);
        page.extend(mapped.map_err(|e| broken::<P>(&stream[0].aggregate_id, e.into()))?);
    }
    Ok(page)
}

fn fold_page<P: Projection>(page: Vec<PublishedEvent>) -> Result<Folded<P>, RebuildError> {
    let mut fold = Fold::<P>::over(HashMap::new());
    for published in page {
        let id = published.envelope.subject;
        let folded = fold_next(&mut fold, published);
        folded.map_err(|source| broken::<P>(&id.to_string(), source))?;
    }
    Ok(fold.finish())
}

fn unopened<P: Projection>(error: OpenError) -> RebuildError {
    match error {
        OpenError::Unavailable(away) => RebuildError::Keys(away),
        OpenError::Event {
            ref aggregate_id, ..
        } => broken::<P>(&aggregate_id.clone(), error.into()),
    }
}

fn broken<P: Projection>(aggregate_id: &str, source: BoxError) -> RebuildError {
    RebuildError::History {
        aggregate: format!("{} {aggregate_id}", P::AGGREGATE_TYPE),
        source,
    }
}

/// The log skips an event of an aggregate, or has one twice.
#[derive(Debug, thiserror::Error)]
#[error("event {sequence} does not follow event {previous}")]
struct NotConsecutive {
    sequence: i64,
    previous: i64,
}

fn fold_next<P: Projection>(fold: &mut Fold<P>, published: PublishedEvent) -> Result<(), BoxError> {
    let event = decode::<P>(published)?;
    let previous = fold.version(event.envelope.subject);
    if fold.step(&event)? != Step::Applied {
        let sequence = event.envelope.sequence;
        return Err(NotConsecutive { sequence, previous }.into());
    }
    Ok(())
}
