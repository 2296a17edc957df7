//! Folding the whole log into emptied tables, page by page.

use super::{
    applier::history,
    environment::Engine,
    fold::{Fold, Folded, Step},
    projection::{BoxError, Projection},
    rebuild::{Progress, RebuildError},
};
use infra::log::{ContractMapping, Horizon, StoredEvent};
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
    let fold = move || fold_page::<P>(mapping.as_ref(), &streams.events);
    let folded = match tokio::task::spawn_blocking(fold).await {
        Ok(folded) => folded?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    Ok(Page {
        folded,
        events,
        last_id: streams.last_id,
    })
}

fn fold_page<P: Projection>(
    mapping: &dyn ContractMapping,
    events: &[StoredEvent],
) -> Result<Folded<P>, RebuildError> {
    let mut fold = Fold::<P>::over(HashMap::new());
    for stream in events.chunk_by(|a, b| a.aggregate_id == b.aggregate_id) {
        fold_stream(mapping, &mut fold, stream).map_err(|source| RebuildError::History {
            aggregate: format!("{} {}", P::AGGREGATE_TYPE, stream[0].aggregate_id),
            source,
        })?;
    }
    Ok(fold.finish())
}

/// The log skips an event of an aggregate, or has one twice.
#[derive(Debug, thiserror::Error)]
#[error("event {sequence} does not follow event {previous}")]
struct NotConsecutive {
    sequence: i64,
    previous: i64,
}

fn fold_stream<P: Projection>(
    mapping: &dyn ContractMapping,
    fold: &mut Fold<P>,
    stored: &[StoredEvent],
) -> Result<(), BoxError> {
    for event in history::<P>(mapping, stored)? {
        let previous = fold.version(event.envelope.subject);
        if fold.step(&event)? != Step::Applied {
            let sequence = event.envelope.sequence;
            return Err(NotConsecutive { sequence, previous }.into());
        }
    }
    Ok(())
}
