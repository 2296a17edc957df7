//! From the served build to the new one, in one transaction
//! (`docs/ARCHITECTURE.md`, invariant 14).
//!
//! Vacuums are kept off beforehand, while projectors still move on. The order of
//! the steps is what makes it right:
//! 1. the checkpoints are locked, so that no projector moves on: whatever is
//!    in the served rows came from Kafka before
//! 2. the end offsets are noted, for partitions without a checkpoint that Kafka
//!    knows
//! 3. the horizon is taken; whatever Kafka holds below the checkpoints and the
//!    noted ends was published before, so it lies below the horizon
//! 4. the events up to the horizon that the build lacks are applied: it is now
//!    at least as far as what is served
//! 5. consuming goes on from the checkpoints; the version guard skips what lies
//!    between them and the horizon, and what is no event is met as ever
//!
//! A crash at any point leaves what is served as it is. A projector that was
//! under way has the number of the old build in its hands, and is refused.

use super::{
    catch_up::rest,
    error::RebuildError,
    store::{self as builds, Stored},
    tables::{keep_vacuums_off, look_in, schema, take_the_place},
};
use crate::engine::{
    environment::Engine,
    failure::is_held_up,
    lock::RebuildLock,
    parking,
    projection::Projection,
    store::{self, Build, Held},
    topic::TopicState,
};
use contracts::LogPosition;
use infra::{log::Horizon, views::builds::BuildState};
use sqlx::{Connection as _, Postgres, Transaction};
use std::collections::BTreeMap;

/// Switches to a build that holds every event up to `at`. False: readers did
/// not let go of the old tables, and nothing has happened.
pub(super) async fn switch<P: Projection>(
    engine: &Engine<P>,
    lock: &mut RebuildLock,
    stored: &Stored,
    at: LogPosition,
) -> Result<bool, RebuildError> {
    let mut transaction = lock.connection.begin().await?;
    match take_over(engine, &mut transaction, stored, at).await {
        Ok(Some(parked)) => {
            transaction.commit().await?;
            parking::count(P::NAME, parked);
            return Ok(true);
        }
        Ok(None) => {}
        Err(RebuildError::Views(error)) if is_held_up(&error) => {}
        Err(error) => return Err(error),
    }
    // Now, not when the connection is next used: projectors wait for the
    // checkpoints, and so would this builder.
    transaction.rollback().await?;
    Ok(false)
}

/// How many orders the build has parked; none: it was held up.
async fn take_over<P: Projection>(
    engine: &Engine<P>,
    transaction: &mut Transaction<'_, Postgres>,
    stored: &Stored,
    at: LogPosition,
) -> Result<Option<u64>, RebuildError> {
    let build = stored.build;
    // Before anybody waits for this transaction.
    keep_vacuums_off::<P>(transaction, build).await?;
    store::lock_checkpoints(transaction, P::NAME).await?;
    let served = store::build(&mut **transaction, P::NAME).await?;
    let held = store::held(&mut **transaction, P::NAME).await?;
    let topic = TopicState::read(&engine.config, P::TOPIC.name).await?;
    let horizon = engine.log.horizon().await.map_err(RebuildError::Log)?;
    if horizon.epoch != stored.horizon.epoch {
        return Err(RebuildError::OtherEpoch { build });
    }
    look_in(transaction, &schema(P::NAME, build)).await?;
    rest(engine, transaction, build, at, horizon).await?;
    look_in(transaction, "public").await?;
    let made = Build {
        version: P::VERSION,
        build,
        topic_id: topic.id.clone(),
        epoch: horizon.epoch,
    };
    let offsets = offsets(&topic, served.as_ref(), &held);
    let parked = store::switch(transaction, P::NAME, &made, &offsets, below(horizon)).await?;
    let (from, to) = (BuildState::Running, BuildState::Done);
    if !builds::end(&mut **transaction, P::NAME, build, from, to, None).await? {
        return Err(RebuildError::Cancelled { build });
    }
    let taken = take_the_place::<P>(transaction, build).await?;
    Ok(taken.then_some(parked))
}

/// Where consuming goes on: where the served build stands, as what is no event
/// of the log comes from Kafka alone; at the ends, where its offsets are those
/// of another topic, or none that Kafka knows.
fn offsets(topic: &TopicState, served: Option<&Build>, held: &Held) -> BTreeMap<i32, i64> {
    let same = served.is_some_and(|served| served.topic_id == topic.id);
    let offsets = topic.ranges.iter().map(|(partition, range)| {
        let at = held.partitions.get(partition).filter(|_| same);
        let next = at.map(|at| at.next).filter(|next| *next <= range.end);
        (
            *partition,
            next.map_or(range.end, |next| next.max(range.low)),
        )
    });
    offsets.collect()
}

/// The position that everything below the horizon has been passed at.
pub(super) const fn below(horizon: Horizon) -> LogPosition {
    LogPosition {
        epoch: horizon.epoch,
        xid: horizon.xid,
        position: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::store::Checkpoint;
    use infra::kafka::Watermarks;

    #[test]
    fn consuming_goes_on_where_it_stood_as_far_as_kafka_knows_that_place() {
        let at = LogPosition::START;
        let topic = TopicState {
            id: "t".into(),
            ranges: (0..5)
                .map(|partition| (partition, Watermarks { low: 5, end: 9 }))
                .collect(),
        };
        let held = |next: &[i64]| Held {
            build: 1,
            partitions: (0..)
                .zip(next)
                .map(|(partition, next)| (partition, Checkpoint { next: *next, at }))
                .collect(),
        };
        let served = |topic_id: &str| Build {
            version: 1,
            build: 1,
            topic_id: topic_id.into(),
            epoch: 1,
        };
        let goes_on = |served: Option<&Build>| {
            let held = held(&[7, 9, 2, 10]);
            offsets(&topic, served, &held)
                .into_values()
                .collect::<Vec<_>>()
        };
        assert_eq!(goes_on(Some(&served("t"))), [7, 9, 5, 9, 9]);
        assert_eq!(goes_on(Some(&served("another"))), [9; 5]);
        assert_eq!(goes_on(None), [9; 5]);
    }
}
