//! Builds that somebody asks for, and who carries them out.

use super::{
    error::RebuildError,
    progress::{Progress, RebuildReport},
    run::{Asked, OnProgress, discard_cancelled, run},
};
use crate::engine::{
    bootstrap::Reason, environment::Engine, lock::RebuildLock, metrics::BUILD_WAITS,
    projection::Projection, store,
};
use infra::{
    backoff::Backoff,
    lifecycle::error_chain,
    views::builds::{self, Build, BuildPhase, BuildState},
};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Between two looks at a build that somebody else carries out.
const POLL: Duration = Duration::from_millis(250);
/// How often a projector looks whether there is a build to carry out.
const LOOK: Duration = Duration::from_secs(1);
/// How long it leaves a build alone that it could not go on with, at first and
/// at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(2));

/// Makes a build, or goes on with the open one, with `workers` writers. Where
/// another process carries it out, waits for that. Dropping the future leaves
/// a build that somebody goes on with.
pub async fn rebuild<P: Projection>(
    engine: &Arc<Engine<P>>,
    workers: usize,
    progress: &OnProgress<'_>,
) -> Result<RebuildReport, RebuildError> {
    let build = ask(engine).await?;
    let asked = Asked {
        reason: Reason::Requested,
        workers,
        progress,
    };
    loop {
        let lock = RebuildLock::try_acquire(&engine.config, P::NAME).await?;
        let ours = lock.is_some();
        if let Some(mut lock) = lock {
            if is_open(engine, build).await? {
                let report = run(engine, &mut lock, &asked).await?;
                lock.release().await?;
                return Ok(report);
            }
            lock.release().await?;
        }
        if let Some(outcome) = outcome(engine, build, progress).await? {
            return outcome;
        }
        if !ours {
            sleep(POLL).await;
        }
    }
}

/// The number of the open build, a new one where there is none.
async fn ask<P: Projection>(engine: &Engine<P>) -> Result<i64, RebuildError> {
    loop {
        let mut connection = engine.views().acquire().await?;
        let reason = Reason::Requested.as_str();
        let open = builds::open(&mut connection, P::NAME, reason).await?;
        drop(connection);
        if open.state != BuildState::Cancelling {
            return Ok(open.build);
        }
        discard_or_wait(engine).await?;
    }
}

async fn is_open<P: Projection>(engine: &Engine<P>, build: i64) -> Result<bool, RebuildError> {
    let build = builds::find(engine.views(), P::NAME, build).await?;
    Ok(build.is_some_and(|build| build.state.is_open()))
}

/// What became of a build that somebody else carries out, once it has ended.
async fn outcome<P: Projection>(
    engine: &Engine<P>,
    build: i64,
    progress: &OnProgress<'_>,
) -> Result<Option<Result<RebuildReport, RebuildError>>, RebuildError> {
    let Some(found) = builds::find(engine.views(), P::NAME, build).await? else {
        return Ok(Some(Err(RebuildError::Cancelled { build })));
    };
    Ok(match found.state {
        BuildState::Done => Some(Ok(report(&found))),
        BuildState::Cancelled => Some(Err(RebuildError::Cancelled { build })),
        BuildState::Failed => {
            let reason = found.error.unwrap_or_default();
            Some(Err(RebuildError::Failed { build, reason }))
        }
        BuildState::Requested | BuildState::Running | BuildState::Cancelling => {
            progress(Progress::from(&found));
            None
        }
    })
}

fn report(build: &Build) -> RebuildReport {
    let took = build.finished_at.zip(build.started_at);
    let took = took.and_then(|(end, begin)| Duration::try_from(end - begin).ok());
    RebuildReport {
        build: build.build,
        epoch: build.epoch.unwrap_or_default(),
        progress: Progress::from(build),
        took: took.unwrap_or_default(),
    }
}

/// Gives the open build up, and returns when nothing of it is left; its
/// number, none where no build is open.
pub async fn cancel<P: Projection>(engine: &Engine<P>) -> Result<Option<i64>, RebuildError> {
    let Some(cancelled) = builds::cancel(engine.views(), P::NAME).await? else {
        return Ok(None);
    };
    while is_open(engine, cancelled.build).await? {
        discard_or_wait(engine).await?;
    }
    Ok(Some(cancelled.build))
}

async fn discard_or_wait<P: Projection>(engine: &Engine<P>) -> Result<(), RebuildError> {
    match RebuildLock::try_acquire(&engine.config, P::NAME).await? {
        Some(mut lock) => {
            discard_cancelled::<P>(&mut lock).await?;
            lock.release().await?;
        }
        None => sleep(POLL).await,
    }
    Ok(())
}

/// Carries out the builds that somebody has asked for, and those that somebody
/// has left, until told to stop. `built` is called after each.
pub(in crate::engine) async fn carry_out<P: Projection>(
    engine: Arc<Engine<P>>,
    built: impl Fn() + Send + Sync,
    shutdown: CancellationToken,
) {
    let looking = async {
        let mut retry = Backoff::new(PAUSE.0, PAUSE.1);
        loop {
            sleep(LOOK).await;
            match Box::pin(look(&engine)).await {
                Ok(made) => {
                    retry.reset();
                    if made {
                        built();
                    }
                }
                Err(error) => {
                    let (reason, pause) = (error_chain(&error), retry.pause());
                    tracing::warn!(
                        projection = P::NAME,
                        reason,
                        ?pause,
                        "projection.not_rebuilt"
                    );
                    sleep(pause).await;
                }
            }
        }
    };
    shutdown.run_until_cancelled(looking).await;
}

/// Carries out the open build, if it is one for this release and nobody else
/// is at it; whether there is a new build now.
async fn look<P: Projection>(engine: &Arc<Engine<P>>) -> Result<bool, RebuildError> {
    let open = builds::opened(engine.views(), P::NAME).await?;
    tell_what_waits::<P>(open.as_ref());
    if open.is_none_or(|open| is_held::<P>(&open)) {
        return Ok(false);
    }
    let Some(mut lock) = RebuildLock::try_acquire(&engine.config, P::NAME).await? else {
        return Ok(false);
    };
    discard_cancelled::<P>(&mut lock).await?;
    let open = builds::opened(&mut lock.connection, P::NAME).await?;
    let served = store::build(&mut lock.connection, P::NAME).await?;
    // Two releases that run side by side must not undo each other's work.
    let newer = served.is_some_and(|served| served.version > P::VERSION);
    let ours = open
        .is_some_and(|open| open.version.is_none_or(|of| of <= P::VERSION) && !is_held::<P>(&open));
    if ours && !newer {
        let asked = Asked {
            reason: Reason::Requested,
            workers: engine.config.projector_workers,
            progress: &|_| {},
        };
        run(engine, &mut lock, &asked).await?;
    }
    lock.release().await?;
    Ok(ours && !newer)
}

/// Whether somebody has to accept it first, or to cancel it.
pub(in crate::engine) fn is_held<P: Projection>(open: &Build) -> bool {
    open.state == BuildState::Running
        && open.phase == Some(BuildPhase::Held)
        && open.version == Some(P::VERSION)
        && !open.accept_parked
}

fn tell_what_waits<P: Projection>(open: Option<&Build>) {
    let waiting = open.filter(|open| open.error.is_some());
    for (why, phase) in [
        ("parked", BuildPhase::Held),
        ("index", BuildPhase::Indexing),
    ] {
        let waits = waiting.is_some_and(|open| open.phase == Some(phase));
        metrics::gauge!(BUILD_WAITS, "projection" => P::NAME, "why" => why).set(u8::from(waits));
    }
}
