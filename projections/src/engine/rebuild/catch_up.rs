//! Applying what was stored since a build was filled, from the log itself.

use super::{
    apply::apply,
    error::RebuildError,
    store::{self, Stored},
    tables::schema,
};
use crate::engine::{environment::Engine, projection::Projection};
use contracts::LogPosition;
use infra::log::{Horizon, StoredEvent};
use sqlx::{Connection as _, PgConnection};

/// Events that are read and applied at a time, and their size.
const BATCH: i64 = 5_000;
const BYTES: i64 = 16 << 20;
/// Fewer new events, and no more bytes, are applied in the switch, while nobody
/// follows.
const FEW: i64 = 500;

/// Applies events to a build, round by round.
pub(super) struct CatchUp<'a, P: Projection> {
    engine: &'a Engine<P>,
    /// Into the schema of the build.
    connection: PgConnection,
    build: i64,
    /// Events up to here are applied.
    pub at: LogPosition,
}

impl<'a, P: Projection> CatchUp<'a, P> {
    pub async fn new(engine: &'a Engine<P>, build: &Stored) -> Result<Self, RebuildError> {
        let schema = schema(P::NAME, build.build);
        Ok(Self {
            engine,
            connection: engine.connect_to(&schema).await?,
            build: build.build,
            at: build.at,
        })
    }

    /// Until few events are left.
    pub async fn run(&mut self) -> Result<(), RebuildError> {
        while self.is_far().await? {
            let events = read(self.engine, self.at).await?;
            self.round(events).await?;
        }
        Ok(())
    }

    async fn is_far(&self) -> Result<bool, RebuildError> {
        let much = self.engine.log.has_much_after(self.at, FEW, BYTES).await;
        much.map_err(RebuildError::Log)
    }

    async fn round(&mut self, events: Vec<StoredEvent>) -> Result<(), RebuildError> {
        let (from, build) = (self.at, self.build);
        let to = events.last().map_or(from, |last| last.at);
        let mut transaction = self.connection.begin().await?;
        if !store::caught_up(&mut transaction, P::NAME, build, from, to).await? {
            return Err(RebuildError::Overtaken { build });
        }
        apply(self.engine, &mut transaction, build, events).await?;
        transaction.commit().await?;
        self.at = to;
        Ok(())
    }
}

/// Applies every event between `at` and the horizon, and perhaps some beyond
/// it. `connection` is in the schema of the build.
pub(super) async fn rest<P: Projection>(
    engine: &Engine<P>,
    connection: &mut PgConnection,
    build: i64,
    mut at: LogPosition,
    horizon: Horizon,
) -> Result<(), RebuildError> {
    loop {
        let events = read(engine, at).await?;
        let Some(last) = events.last().map(|last| last.at) else {
            return Ok(());
        };
        apply(engine, connection, build, events).await?;
        if !horizon.covers(last) {
            return Ok(());
        }
        at = last;
    }
}

async fn read<P: Projection>(
    engine: &Engine<P>,
    after: LogPosition,
) -> Result<Vec<StoredEvent>, RebuildError> {
    let events = engine.log.read_batch(after, BATCH, BYTES).await;
    events.map_err(RebuildError::Log)
}
