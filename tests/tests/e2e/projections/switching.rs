//! The switch: what holds it up, what it leaves to be consumed, and what goes on
//! afterwards.

use super::{
    builds::found,
    orders::orders,
    stall::{At, Stall},
    world::World,
};
use anyhow::{Context as _, Result, ensure};
use contracts::topics::ORDER_EVENTS;
use infra::{
    config::Config,
    epoch, kafka,
    views::{
        EXPORTS_NAME,
        builds::{BuildPhase, BuildState},
    },
};
use projections::engine::RawRecord;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use sqlx::{Connection as _, PgConnection, PgPool, postgres::PgConnectOptions};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{task::JoinHandle, time::timeout};

async fn execute(pool: &PgPool, sql: &str) -> Result<()> {
    sqlx::raw_sql(sql).execute(pool).await?;
    Ok(())
}

/// Waits until somebody waits for this relation of the database behind `pool`.
async fn waited_for(world: &World, pool: &PgPool, relation: &str) -> Result<()> {
    let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND relation = $1::regclass)";
    let what = format!("wait for {relation}");
    world
        .until(&what, async || {
            let waiting = sqlx::query_scalar(waiting).bind(relation);
            Ok(waiting.fetch_one(pool).await?)
        })
        .await
}

/// Somebody holds a view that the switch has to make anew, one over its tables
/// or one that it knows by name only: the switch waits, and the projector goes
/// on meanwhile.
pub async fn a_held_view_delays_the_switch(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    for (build, made_anew) in [
        (2, ""),
        (
            3,
            "DROP VIEW analytics.payments_v1; CREATE VIEW analytics.payments_v1 AS SELECT 1 AS one",
        ),
    ] {
        execute(&world.views, made_anew).await?;
        let mut holder = PgConnection::connect(&config.views_url).await?;
        let mut holding = holder.begin().await?;
        sqlx::query("COMMENT ON VIEW analytics.payments_v1 IS 'held'")
            .execute(&mut *holding)
            .await?;
        let meanwhile = async {
            waited_for(&world, &world.views, "analytics.payments_v1").await?;
            world.happen(&orders(5)).await?;
            world.settled().await?;
            ensure!(world.data_version().await?.0 == build - 1);
            holding.commit().await?;
            anyhow::Ok(())
        };
        let (made, waited) = tokio::join!(world.rebuild(), meanwhile);
        waited?;
        ensure!(made?.build == build);
        world.settled().await?;
        world.check().await?;
    }
    projector.stop().await
}

/// An export reads the served tables and does not end: it is cut off.
pub async fn an_export_does_not_hold_the_switch_up_for_ever(config: &Config) -> Result<()> {
    let config = Config {
        export_yield_seconds: 1,
        ..config.clone()
    };
    let world = World::new(&config).await?;
    world.append(&orders(10)).await?;
    world.rebuild().await?;
    let options: PgConnectOptions = config.views_url.parse()?;
    let mut others = Vec::new();
    for name in [EXPORTS_NAME, "somebody else"] {
        let options = options.clone().application_name(name);
        let mut connection = PgConnection::connect_with(&options).await?;
        sqlx::raw_sql(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT FROM orders LIMIT 1",
        )
        .execute(&mut connection)
        .await?;
        others.push(connection);
    }
    let rebuild = async { timeout(Duration::from_secs(20), world.rebuild()).await };
    let meanwhile = async {
        let left = "SELECT count(*) FROM pg_stat_activity \
                     WHERE datname = current_database() AND application_name = $1";
        let cut = async || {
            let left = sqlx::query_scalar::<_, i64>(left).bind(EXPORTS_NAME);
            Ok(left.fetch_one(&world.views).await? == 0)
        };
        world.until("end of the export", cut).await?;
        // Whoever is no export is waited for.
        let other = others.last_mut().context("two sessions")?;
        sqlx::raw_sql("COMMIT").execute(other).await?;
        anyhow::Ok(())
    };
    let (made, ended) = tokio::join!(rebuild, meanwhile);
    ended?;
    ensure!(made.context("the export did not make way")??.build == 2);
    world.check().await
}

/// An automatic vacuum is at work on a served table, for minutes: it makes way.
pub async fn a_vacuum_makes_way_for_the_switch(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.append(&orders(1_000)).await?;
    world.rebuild().await?;
    // At once, and a tenth of a second for each page.
    execute(
        &world.views,
        "ALTER TABLE orders SET (autovacuum_vacuum_insert_threshold = 0, \
            autovacuum_vacuum_insert_scale_factor = 0, \
            autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)",
    )
    .await?;
    execute(&world.views, "ALTER SYSTEM SET autovacuum_naptime = '1s'").await?;
    execute(&world.views, "SELECT pg_reload_conf()").await?;
    let at_work = "SELECT EXISTS (SELECT FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE 'autovacuum: VACUUM public.orders%')";
    let at_work = async || Ok(sqlx::query_scalar(at_work).fetch_one(&world.views).await?);
    let began = world.until("vacuum", at_work).await;
    execute(&world.views, "ALTER SYSTEM RESET autovacuum_naptime").await?;
    execute(&world.views, "SELECT pg_reload_conf()").await?;
    began?;
    let made = timeout(Duration::from_secs(20), world.rebuild()).await;
    ensure!(made.context("the vacuum did not make way")??.build == 2);
    world.check().await
}

/// A switch that was held up has let go of the checkpoints before the builder
/// does anything else.
pub async fn a_held_up_switch_lets_go_at_once(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.append(&orders(20)).await?;
    world.rebuild().await?;
    let mut reader = PgConnection::connect(&config.views_url).await?;
    let mut read = reader.begin().await?;
    sqlx::query("SELECT count(*) FROM orders")
        .execute(&mut *read)
        .await?;
    let meanwhile = async {
        waited_for(&world, &world.views, "orders").await?;
        // The next thing that the builder does is to read the log.
        let mut log = PgConnection::connect(&config.events_url).await?;
        let mut holding = log.begin().await?;
        sqlx::query("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
            .execute(&mut *holding)
            .await?;
        waited_for(&world, &world.log, "events").await?;
        let free = "SELECT FROM projection_offsets FOR UPDATE NOWAIT";
        let free = sqlx::query(free).fetch_all(&world.views).await;
        holding.rollback().await?;
        read.commit().await?;
        let free = free.context("the builder holds the checkpoints")?;
        ensure!(free.len() == 12, "{} checkpoints", free.len());
        anyhow::Ok(())
    };
    let (made, waited) = tokio::join!(world.rebuild(), meanwhile);
    waited?;
    ensure!(made?.build == 2);
    world.check().await
}

/// A builder that fails after it has made the indexes: the next one goes on
/// with the build.
pub async fn indexes_are_made_once(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.append(&orders(20)).await?;
    execute(
        &world.views,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RAISE 'not now' USING ERRCODE = 'query_canceled'; END $$; \
         CREATE TRIGGER fail BEFORE UPDATE ON projection_builds FOR EACH ROW \
             WHEN (NEW.phase = 'catching_up' AND OLD.phase = 'indexing') EXECUTE FUNCTION fail()",
    )
    .await?;
    ensure!(world.rebuild().await.is_err(), "nobody has failed");
    let left = found(&world, 1).await?;
    ensure!(left.phase == Some(BuildPhase::Indexing), "{left:?}");
    execute(&world.views, "DROP TRIGGER fail ON projection_builds").await?;
    ensure!(world.rebuild().await?.build == 1, "it was begun anew");
    world.check().await
}

/// A record that is no event of the log, and that nobody has read when a build
/// takes over: it is kept as ever.
pub async fn what_was_not_read_before_a_switch_is_read_after_it(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    world.happen(&orders(20)).await?;
    world.settled().await?;
    projector.stop().await?;
    let stray = RawRecord {
        partition: 3,
        offset: 0,
        key: None,
        headers: Vec::new(),
        value: Some(b"nonsense".to_vec()),
    };
    world.send_raw(vec![stray]).await?;
    world.happen(&orders(20)).await?;
    world.rebuild().await?;
    world.settled().await?;
    let projector = world.projector()?;
    let parked = world.parks(1).await?.remove(0);
    ensure!(parked.id.starts_with("record-2-3-"), "{parked:?}");
    world.read_to_the_end().await?;
    execute(&world.views, "DELETE FROM parked_orders").await?;
    world.check().await?;
    projector.stop().await
}

/// Another release has made the build that is served by now: a worker that is
/// given partitions does not go on with it.
pub async fn a_worker_goes_on_with_no_other_build(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.happen(&orders(20)).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.settled().await?;
    execute(
        &world.views,
        "CREATE FUNCTION newer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             NEW.version := 99; RETURN NEW; END $$; \
         CREATE TRIGGER newer BEFORE UPDATE ON projections FOR EACH ROW \
             WHEN (NEW.build > OLD.build) EXECUTE FUNCTION newer()",
    )
    .await?;
    ensure!(world.rebuild().await?.build == 2);
    // Nothing has come from Kafka since. Somebody joins: partitions are dealt
    // out again.
    let member = Member::join(config)?;
    world
        .until("word of the newer version", async || {
            let workers = projector.status.workers();
            let mut waiting = workers.iter().map(|worker| format!("{worker:?}"));
            Ok(waiting.all(|worker| worker.contains("version 99")))
        })
        .await?;
    member.leave().await?;
    let before = world.versions().await?;
    world.happen(&orders(5)).await?;
    ensure!(world.versions().await? == before, "it has gone on");
    projector.stop().await
}

/// A member of the projectors' group that applies nothing.
struct Member {
    leaving: Arc<AtomicBool>,
    polling: JoinHandle<Result<()>>,
}

impl Member {
    fn join(config: &Config) -> Result<Self> {
        let mut client = kafka::client_config(config);
        client
            .set("group.id", config.kafka_name("orderlog.projector.orders"))
            .set("partition.assignment.strategy", "range")
            .set("enable.auto.commit", "false");
        let consumer: BaseConsumer = client.create()?;
        consumer.subscribe(&[&config.kafka_name(ORDER_EVENTS)])?;
        let leaving = Arc::new(AtomicBool::new(false));
        let told = leaving.clone();
        let polling = tokio::task::spawn_blocking(move || {
            while !told.load(Ordering::Relaxed) {
                drop(consumer.poll(Duration::from_millis(50)));
            }
            Ok(())
        });
        Ok(Self { leaving, polling })
    }

    async fn leave(self) -> Result<()> {
        self.leaving.store(true, Ordering::Relaxed);
        self.polling.await?
    }
}

/// A new epoch of the log begins in the middle of a build: that is given up,
/// and another one is made of all epochs.
pub async fn an_epoch_that_begins_during_a_build_begins_another(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.append(&orders(30)).await?;
    world.rebuild().await?;
    let stall = Stall::put_in(&world, At::First).await?;
    let bump = async {
        stall.reached(&world).await?;
        let mut log = PgConnection::connect(&config.events_url).await?;
        let bumped = epoch::bump(&mut log, None, None, true).await?;
        ensure!(bumped.epoch.epoch == 2, "{bumped:?}");
        world.append(&orders(30)).await?;
        stall.take_out().await?;
        anyhow::Ok(())
    };
    let (made, bumped) = tokio::join!(world.rebuild(), bump);
    bumped?;
    let made = made?;
    ensure!(made.build == 3 && made.epoch == 2, "{made:?}");
    ensure!(found(&world, 2).await?.state == BuildState::Cancelled);
    world.settled().await?;
    world.check().await
}
