//! From the served build to the new one, in one transaction
//! (`docs/ARCHITECTURE.md`, invariant 14).
//!
//! The order of the steps is what makes it right:
//! 1. the checkpoints are locked, so that no projector moves on: whatever is
//!    in the served rows came from Kafka before
//! 2. the end offsets are noted
//! 3. the horizon is taken; whatever Kafka holds below the noted ends was
//!    published before, so it lies below the horizon
//! 4. the events up to the horizon that the build lacks are applied: it is now
//!    at least as far as what is served
//! 5. consuming goes on from the noted ends; the version guard skips what
//!    lies between them and the horizon
//!
//! A crash at any point leaves what is served as it is. A projector that was
//! under way has the number of the old build in its hands, and is refused.

use super::{
    catch_up::rest,
    error::RebuildError,
    store::{self as builds, Stored},
    tables::{look_in, schema, take_the_place},
};
use crate::engine::{
    environment::Engine,
    lock::RebuildLock,
    projection::Projection,
    store::{self, Build},
    topic::TopicState,
};
use contracts::LogPosition;
use infra::{log::Horizon, views::builds::BuildState};
use sqlx::Connection as _;

/// Switches to a build that holds every event up to `at`. False: readers did
/// not let go of the old tables, and nothing has happened.
pub(super) async fn switch<P: Projection>(
    engine: &Engine<P>,
    lock: &mut RebuildLock,
    stored: &Stored,
    at: LogPosition,
) -> Result<bool, RebuildError> {
    let build = stored.build;
    let mut transaction = lock.connection.begin().await?;
    store::lock_checkpoints(&mut transaction, P::NAME).await?;
    let topic = TopicState::read(&engine.config, P::TOPIC.name).await?;
    let horizon = engine.log.horizon().await.map_err(RebuildError::Log)?;
    if horizon.epoch != stored.horizon.epoch {
        return Err(RebuildError::OtherEpoch { build });
    }
    look_in(&mut transaction, &schema(P::NAME, build)).await?;
    rest(engine, &mut transaction, at, horizon).await?;
    look_in(&mut transaction, "public").await?;
    let made = Build {
        version: P::VERSION,
        build,
        topic_id: topic.id.clone(),
        epoch: horizon.epoch,
    };
    let (ends, at) = (topic.ends(), below(horizon));
    store::switch(&mut transaction, P::NAME, &made, &ends, at).await?;
    let (from, to) = (BuildState::Running, BuildState::Done);
    if !builds::end(&mut *transaction, P::NAME, build, from, to, None).await? {
        return Err(RebuildError::Cancelled { build });
    }
    if take_the_place::<P>(&mut transaction, build).await? {
        transaction.commit().await?;
        return Ok(true);
    }
    // Now, not when the connection is next used: projectors wait for the
    // checkpoints, and so would this builder.
    transaction.rollback().await?;
    Ok(false)
}

/// The position that everything below the horizon has been passed at.
pub(super) const fn below(horizon: Horizon) -> LogPosition {
    LogPosition {
        epoch: horizon.epoch,
        xid: horizon.xid,
        position: 0,
    }
}
