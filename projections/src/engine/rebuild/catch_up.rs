//! Applying what was stored since a build was filled, from the log itself.

use super::{
    error::RebuildError,
    page,
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
/// So few new events are applied in the switch, while nobody follows.
const FEW: usize = 500;

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
        loop {
            let events = read(self.engine, self.at).await?;
            if events.len() < FEW {
                return Ok(());
            }
            self.round(events).await?;
        }
    }

    async fn round(&mut self, events: Vec<StoredEvent>) -> Result<(), RebuildError> {
        let (from, build) = (self.at, self.build);
        let to = events.last().map_or(from, |last| last.at);
        let mut transaction = self.connection.begin().await?;
        if !store::caught_up(&mut transaction, P::NAME, build, from, to).await? {
            return Err(RebuildError::Overtaken { build });
        }
        page::apply(self.engine, &mut transaction, events).await?;
        transaction.commit().await?;
        self.at = to;
        Ok(())
    }
}

/// Applies every event between `at` and the horizon, and perhaps some beyond
/// it. `build` is in the schema of the build.
pub(super) async fn rest<P: Projection>(
    engine: &Engine<P>,
    build: &mut PgConnection,
    mut at: LogPosition,
    horizon: Horizon,
) -> Result<(), RebuildError> {
    loop {
        let events = read(engine, at).await?;
        let Some(last) = events.last().map(|last| last.at) else {
            return Ok(());
        };
        page::apply(engine, build, events).await?;
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
