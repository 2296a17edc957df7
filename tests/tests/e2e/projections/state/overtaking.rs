//! Publishers that are held in the middle of what they do: with documents in
//! their hands, or with a transaction that is sent and not committed.

use super::{Busy, topic};
use crate::projections::{
    fencing::{applied, applier, records},
    orders::{noted, placed},
    world::World,
};
use anyhow::{Context as _, Result, ensure};
use infra::{
    clock,
    config::Config,
    failpoint::{Gate, close},
};
use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};
use tests::{TestEnv, wait_until};
use tokio::{runtime::Builder, sync::oneshot};
use uuid::Uuid;

const LEADS: &str = "publisher.leads";

/// A projector of which everything stands still when it is told to, but for what
/// it has handed to threads of their own.
struct Freezable {
    freeze: Option<oneshot::Sender<()>>,
    frozen: Option<oneshot::Receiver<()>>,
    thaw: mpsc::Sender<()>,
    role: JoinHandle<Result<()>>,
}

impl Freezable {
    fn start(config: &Config) -> Self {
        let (freeze, told) = oneshot::channel();
        let (stands, frozen) = oneshot::channel();
        let (thaw, thawed) = mpsc::channel();
        let config = config.clone();
        let role = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let projector = World::projector_told(&config)?;
                // Without a word it goes on to its end.
                let _ = told.await;
                let _ = stands.send(());
                // Its only thread.
                let _ = thawed.recv();
                projector.stop().await
            })
        });
        Self {
            freeze: Some(freeze),
            frozen: Some(frozen),
            thaw,
            role,
        }
    }

    async fn freeze(&mut self) -> Result<()> {
        let (freeze, frozen) = (self.freeze.take(), self.frozen.take());
        let freeze = freeze.context("it is frozen")?;
        freeze
            .send(())
            .map_err(|()| anyhow::anyhow!("it is gone"))?;
        Ok(frozen.context("it is frozen")?.await?)
    }

    async fn thaw_and_stop(self) -> Result<()> {
        self.thaw.send(())?;
        let stopped = tokio::task::spawn_blocking(|| self.role.join()).await?;
        stopped.map_err(|_| anyhow::anyhow!("it has panicked"))?
    }
}

/// The order's next event is applied, by whomever.
async fn happens(world: &World, id: Uuid, version: i64) -> Result<()> {
    world.happen(&[noted(id, version)]).await?;
    let applier = applier(world)?;
    let mut held = applier.held().await?;
    let partition = world.stream(id).await?[0].envelope.position.partition;
    let next = held.partitions[&partition].next;
    // A projector that still follows may have been faster.
    let _ = applied(&applier, &mut held, &records(world, id, next).await?).await;
    world.settled().await
}

async fn published(world: &World, id: Uuid, version: i64) -> Result<()> {
    wait_until("the next version to be published", async || {
        let last = topic::compacted(&topic::read(&world.config).await?)?.remove(&id);
        let there = last.is_some_and(|record| record.version().is_ok_and(|at| at == (1, version)));
        Ok(there.then_some(()))
    })
    .await
}

/// A process is frozen with documents in its hands, and another one publishes
/// later ones. When it goes on, before it can notice anything, nothing comes of
/// what it holds.
pub async fn what_a_frozen_publisher_holds_is_not_published(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.rebuild().await?;
    let gate = close(Gate::PublisherHasRead, &world.views);
    let mut zombie = Freezable::start(&world.config);
    let id = clock::new_id();
    world.happen(&[placed(id, 1)]).await?;
    gate.is_reached().await;
    zombie.freeze().await?;
    let mut other = env.role("projector").spawn()?;
    happens(&world, id, 2).await?;
    other.log_line(LEADS).await?;
    published(&world, id, 2).await?;
    gate.let_go().await;
    zombie.thaw_and_stop().await?;
    topic::settled(&world.views).await?;
    topic::check(&world.config, &world.views).await?;
    ensure!(other.terminate().await?.success());
    Ok(())
}

/// A process ends, or hangs, between sending its documents and committing them:
/// nobody sees them, the next one publishes them, and the commit that comes late
/// is refused.
pub async fn a_transaction_that_is_left_open_is_taken_back(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.rebuild().await?;
    let gate = close(Gate::PublisherHasSent, &world.views);
    let projector = world.projector()?;
    let id = clock::new_id();
    world.happen(&[placed(id, 1)]).await?;
    gate.is_reached().await;
    projector.stop().await?;
    let seen = topic::read(&world.config).await?;
    ensure!(seen.is_empty(), "not committed: {seen:?}");
    let other = env.role("projector").spawn()?;
    topic::settled(&world.views).await?;
    let records = topic::check(&world.config, &world.views).await?;
    gate.let_go().await;
    let again = topic::check(&world.config, &world.views).await?;
    ensure!(
        records > 0 && again == records,
        "{records} records, then {again}"
    );
    ensure!(other.terminate().await?.success());
    Ok(())
}

/// An order changes after its document was read and before that is published:
/// what was noted of the change is not forgotten with it.
pub async fn what_changes_while_it_is_published_is_published_again(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.rebuild().await?;
    let gate = close(Gate::PublisherHasRead, &world.views);
    let projector = world.projector()?;
    let id = clock::new_id();
    world.happen(&[placed(id, 1)]).await?;
    gate.is_reached().await;
    world.happen(&[noted(id, 2)]).await?;
    world.settled().await?;
    gate.let_go().await;
    topic::settled(&world.views).await?;
    let records = topic::check(&world.config, &world.views).await?;
    ensure!(records >= 2, "{records} records");
    projector.stop().await
}

/// The lock is taken from whoever has it, again and again, so that the next one
/// publishes before the one before has noticed.
pub async fn publishers_that_lose_their_lock_never_go_back(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.rebuild().await?;
    let busy = Busy::begin(&world, 60).await?;
    let (one, other) = (world.projector()?, world.projector()?);
    let done = AtomicBool::new(false);
    let taken = async {
        for _ in 0..6 {
            super::publishes(&world).await?;
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE application_name = 'orderlog-publisher-leader' \
                    AND datname = current_database()",
            )
            .execute(&world.views)
            .await?;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (changed, lost) = tokio::join!(busy.keep_changing(&world, &done), taken);
    changed?;
    lost?;
    world.settled().await?;
    topic::settled(&world.views).await?;
    topic::check(&world.config, &world.views).await?;
    one.stop().await?;
    other.stop().await
}
