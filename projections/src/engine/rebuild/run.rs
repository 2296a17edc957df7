//! A build from its begin, or from where it was left, to the switch.

use super::{
    catch_up::CatchUp,
    error::RebuildError,
    fill::fill,
    parked,
    progress::{Counters, Progress, RebuildReport},
    store::{self, Part, Stored},
    switch::{below, switch},
    tables,
};
use crate::engine::{
    bootstrap::Reason,
    environment::Engine,
    lock::RebuildLock,
    metrics::{REBUILDS, REBUILDS_FAILED},
    projection::Projection,
    store as checkpoints,
};
use infra::{
    lifecycle::error_chain,
    views::builds::{self, BuildPhase, BuildState},
};
use sqlx::Connection as _;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How often a builder says that it lives, and hears whether it is to stop.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Who hears how far a build is.
pub type OnProgress<'a> = dyn Fn(Progress) + Send + Sync + 'a;

/// How a build is to be carried out.
pub(in crate::engine) struct Asked<'a> {
    /// Why a new one is begun, where none is open.
    pub reason: Reason,
    /// How many write.
    pub workers: usize,
    pub progress: &'a OnProgress<'a>,
}

/// Carries out the open build of the projection, or a new one.
pub(in crate::engine) async fn run<P: Projection>(
    engine: &Arc<Engine<P>>,
    lock: &mut RebuildLock,
    asked: &Asked<'_>,
) -> Result<RebuildReport, RebuildError> {
    loop {
        match Box::pin(once(engine, lock, asked)).await {
            // The next attempt finds a build that does not fit.
            Err(RebuildError::OtherEpoch { .. }) => {}
            made => return made,
        }
    }
}

async fn once<P: Projection>(
    engine: &Arc<Engine<P>>,
    lock: &mut RebuildLock,
    asked: &Asked<'_>,
) -> Result<RebuildReport, RebuildError> {
    let epoch = engine.log.epoch().await?.epoch;
    let (stored, parts) = take_up(engine, lock, &asked.reason, epoch).await?;
    let build = stored.build;
    let watch = Watch::new(&stored, &parts);
    let made = tokio::select! {
        made = make(engine, lock, &stored, parts, asked.workers, &watch) => made,
        ended = watch.keep(engine, build, asked.progress) => Err(ended),
    };
    match made {
        Ok(()) => {}
        Err(error @ RebuildError::Cancelled { .. }) => {
            give_up::<P>(lock, build, BuildState::Cancelled, None).await?;
            return Err(error);
        }
        Err(error) => {
            if error.waits_for_help() {
                let reason = error_chain(&error);
                store::waits(&mut lock.connection, P::NAME, build, &reason).await?;
            } else if !error.is_transient() {
                let reason = error_chain(&error);
                give_up::<P>(lock, build, BuildState::Failed, Some(&reason)).await?;
                metrics::counter!(REBUILDS_FAILED, "projection" => P::NAME).increment(1);
            }
            return Err(error);
        }
    }
    // What cannot be dropped now is dropped before the next build.
    if let Err(error) = tables::tidy(&mut lock.connection, P::NAME, None).await {
        tracing::warn!(projection = P::NAME, %error, "projection.leftover");
    }
    let report = RebuildReport {
        build,
        epoch: stored.horizon.epoch,
        progress: Progress {
            phase: None,
            ..watch.progress()
        },
        took: watch.counters.took(),
    };
    metrics::counter!(REBUILDS,
        "projection" => P::NAME, "reason" => asked.reason.as_str())
    .increment(1);
    tracing::info!(projection = P::NAME, ?report, "projection.rebuilt");
    Ok(report)
}

/// The build to go on with: the open one where it fits, else a new one.
async fn take_up<P: Projection>(
    engine: &Engine<P>,
    lock: &mut RebuildLock,
    reason: &Reason,
    epoch: i32,
) -> Result<(Stored, BTreeMap<i32, Part>), RebuildError> {
    discard_cancelled::<P>(lock).await?;
    if let Some(stored) = store::running(&mut lock.connection, P::NAME).await? {
        let parts = store::parts(&mut lock.connection, P::NAME, stored.build).await?;
        if stored.version == P::VERSION
            && stored.horizon.epoch == epoch
            && parts.keys().copied().eq(0..P::TOPIC.partitions)
        {
            tracing::info!(
                projection = P::NAME,
                build = stored.build,
                "projection.rebuild_resumed"
            );
            return Ok((stored, parts));
        }
        let why = "the code's version or the log's epoch is another one by now";
        give_up::<P>(lock, stored.build, BuildState::Cancelled, Some(why)).await?;
    }
    let open = builds::open(&mut lock.connection, P::NAME, reason.as_str()).await?;
    begin(engine, lock, open.build).await
}

async fn begin<P: Projection>(
    engine: &Engine<P>,
    lock: &mut RebuildLock,
    build: i64,
) -> Result<(Stored, BTreeMap<i32, Part>), RebuildError> {
    tables::tidy(&mut lock.connection, P::NAME, None).await?;
    let horizon = engine.log.horizon().await.map_err(RebuildError::Log)?;
    let stored = Stored {
        build,
        version: P::VERSION,
        phase: BuildPhase::Filling,
        horizon,
        at: below(horizon),
        estimate: engine.log.size().await.map_err(RebuildError::Log)?,
        indexed: 0,
    };
    let mut transaction = lock.connection.begin().await?;
    if !store::began(&mut transaction, P::NAME, &stored, P::TOPIC.partitions).await? {
        return Err(RebuildError::Cancelled { build });
    }
    tables::make::<P>(&mut transaction, build).await?;
    transaction.commit().await?;
    tracing::info!(
        projection = P::NAME,
        build,
        ?horizon,
        "projection.rebuild_started"
    );
    let parts = store::parts(&mut lock.connection, P::NAME, build).await?;
    Ok((stored, parts))
}

async fn make<P: Projection>(
    engine: &Arc<Engine<P>>,
    lock: &mut RebuildLock,
    stored: &Stored,
    parts: BTreeMap<i32, Part>,
    workers: usize,
    watch: &Watch,
) -> Result<(), RebuildError> {
    let build = stored.build;
    if stored.phase == BuildPhase::Filling {
        Box::pin(fill(engine, stored, parts, workers, &watch.counters)).await?;
        watch.enter::<P>(lock, build, BuildPhase::Indexing).await?;
    }
    if matches!(stored.phase, BuildPhase::Filling | BuildPhase::Indexing) {
        let schema = tables::schema(P::NAME, build);
        let mut connection = engine.connect_to(&schema).await?;
        tables::index::<P>(&mut connection, build, stored.indexed).await?;
        connection.close().await?;
        watch.show(BuildPhase::CatchingUp);
    }
    let mut catch_up = CatchUp::new(engine, stored).await?;
    let patience = Duration::from_secs(engine.config.export_yield_seconds);
    let mut waits_since = None;
    loop {
        catch_up.run().await?;
        acceptable(engine, lock, build, watch).await?;
        if switch(engine, lock, stored, catch_up.at).await? {
            return Ok(());
        }
        if waits_since.get_or_insert_with(Instant::now).elapsed() > patience {
            let exports = store::cut_exports_off(&mut lock.connection, P::NAME).await?;
            tracing::warn!(
                projection = P::NAME,
                build,
                exports,
                "projection.exports_cut_off"
            );
        }
        tracing::warn!(
            projection = P::NAME,
            build,
            "projection.readers_hold_the_tables"
        );
    }
}

/// Holds a build back that parks much of what is served: a release that can read
/// next to nothing must not take the place of one that can.
async fn acceptable<P: Projection>(
    engine: &Engine<P>,
    lock: &mut RebuildLock,
    build: i64,
    watch: &Watch,
) -> Result<(), RebuildError> {
    let served = checkpoints::build(&mut lock.connection, P::NAME).await?;
    let (parked, rowless) = parked::counts(&mut lock.connection, P::NAME, build).await?;
    let known = builds::find(&mut lock.connection, P::NAME, build).await?;
    let accepted = known.is_some_and(|known| known.accept_parked);
    if served.is_none() || parked == 0 || accepted {
        return Ok(());
    }
    let owned = P::owned();
    let table = owned.first().map_or(P::NAME, |rows| &*rows.table);
    let rows = tables::count(&mut lock.connection, (P::NAME, build), table).await?;
    let (orders, percent) = (rows + rowless, engine.config.rebuild_parked_percent);
    if parked.saturating_mul(100) <= orders.saturating_mul(percent.into()) {
        return Ok(());
    }
    watch.enter::<P>(lock, build, BuildPhase::Held).await?;
    Err(RebuildError::TooMuchParked {
        projection: P::NAME,
        build,
        parked,
        orders,
        percent,
    })
}

/// Removes a build that somebody has given up; whether there was one. Whoever
/// holds the right is the only one who may.
pub(in crate::engine) async fn discard_cancelled<P: Projection>(
    lock: &mut RebuildLock,
) -> Result<bool, RebuildError> {
    let open = builds::opened(&mut lock.connection, P::NAME).await?;
    match open {
        Some(open) if open.state == BuildState::Cancelling => {
            give_up::<P>(lock, open.build, BuildState::Cancelled, None).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Ends a build that will not be switched to, and drops what there is of it.
async fn give_up<P: Projection>(
    lock: &mut RebuildLock,
    build: i64,
    to: BuildState,
    why: Option<&str>,
) -> Result<(), RebuildError> {
    parked::forget(&mut lock.connection, P::NAME, build).await?;
    for from in [BuildState::Running, BuildState::Cancelling] {
        store::end(&mut lock.connection, P::NAME, build, from, to, why).await?;
    }
    tracing::info!(
        projection = P::NAME,
        build,
        state = to.as_str(),
        why,
        "projection.rebuild_ended"
    );
    Ok(tables::tidy(&mut lock.connection, P::NAME, None).await?)
}

/// What a builder tells while it works.
struct Watch {
    counters: Arc<Counters>,
    phase: Mutex<BuildPhase>,
}

impl Watch {
    fn new(stored: &Stored, parts: &BTreeMap<i32, Part>) -> Self {
        let sum = |of: fn(&Part) -> i64| parts.values().map(of).sum::<i64>().cast_unsigned();
        Self {
            counters: Arc::new(Counters::from(Progress {
                phase: Some(stored.phase),
                aggregates: sum(|part| part.aggregates),
                events: sum(|part| part.events),
                estimate: stored.estimate.cast_unsigned(),
                left: None,
            })),
            phase: Mutex::new(stored.phase),
        }
    }

    fn progress(&self) -> Progress {
        let phase = *self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        self.counters.progress(phase)
    }

    /// Shows a phase that is written down.
    fn show(&self, phase: BuildPhase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    async fn enter<P: Projection>(
        &self,
        lock: &mut RebuildLock,
        build: i64,
        phase: BuildPhase,
    ) -> Result<(), RebuildError> {
        self.show(phase);
        Ok(store::enter(&mut lock.connection, P::NAME, build, phase).await?)
    }

    /// Says how far the build is, until it is to be given up.
    async fn keep<P: Projection>(
        &self,
        engine: &Engine<P>,
        build: i64,
        told: &OnProgress<'_>,
    ) -> RebuildError {
        loop {
            let progress = self.progress();
            told(progress);
            let left = progress.left.map(|left| left.as_secs().cast_signed());
            match store::alive(engine.views(), P::NAME, build, left).await {
                Ok(BuildState::Cancelling) => return RebuildError::Cancelled { build },
                // A database that is away is noticed by whoever writes to it.
                Ok(_) | Err(_) => sleep(HEARTBEAT).await,
            }
        }
    }
}
