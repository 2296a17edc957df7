//! Builds beside the one that is served: asked for, given up, gone on with.

use super::{
    orders::{AsStored, cancelled, noted, orders, placed},
    reading,
    stall::{At, Stall},
    world::World,
};
use anyhow::{Context as _, Result, ensure};
use infra::{
    clock,
    config::Config,
    views::builds::{self, Build, BuildState},
};
use orderlog::keys::sealing;
use projections::{
    Progress, RebuildError, Sources,
    registry::{self, Registered},
};
use serde_json::{Value, json};
use sqlx::Connection as _;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tests::{Api, TestEnv, wait_until};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const ORDERS: &str = "orders";

pub fn projection() -> Result<&'static dyn Registered> {
    registry::find(ORDERS).context("no orders")
}

pub fn sources(world: &World) -> Result<Sources> {
    Ok(Sources {
        config: world.config.clone(),
        log: world.reader(),
        mapping: Arc::new(AsStored),
        sealing: sealing(&world.config)?,
    })
}

/// Nobody wants to know.
const fn quiet(_: Progress) {}

pub async fn found(world: &World, build: i64) -> Result<Build> {
    let found = builds::find(&world.views, ORDERS, build).await?;
    found.with_context(|| format!("there is no build {build}"))
}

/// Schemas of builds and of what they took the place of.
async fn schemas(world: &World) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^(build|retired)_'",
    )
    .fetch_all(&world.views)
    .await?)
}

/// A row is enough: the running projector carries the build out, and goes on
/// from it.
pub async fn a_requested_build_is_carried_out_by_the_projector(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    ensure!(builds::request(&world.views, "unknown").await?.is_none());
    let projector = world.projector()?;
    projector.ready().await?;
    world.happen(&orders(100)).await?;
    world.settled().await?;
    let first = builds::request(&world.views, ORDERS)
        .await?
        .context("unknown")?;
    let again = builds::request(&world.views, ORDERS)
        .await?
        .context("unknown")?;
    ensure!(first.build == 2 && again.build == 2, "{first:?} {again:?}");
    world
        .until("build 2", async || Ok(world.data_version().await?.0 == 2))
        .await?;
    world.happen(&orders(20)).await?;
    world.settled().await?;
    world.check().await?;
    let done = found(&world, 2).await?;
    ensure!(
        done.state == BuildState::Done && done.aggregates == 100 && done.finished_at.is_some(),
        "{done:?}"
    );
    let listed = builds::list(&world.views, Some(ORDERS), 10).await?;
    let listed: Vec<_> = listed.iter().map(|build| build.build).collect();
    ensure!(listed == [2, 1], "{listed:?}");
    ensure!(schemas(&world).await?.is_empty());
    projector.stop().await
}

/// What there is of it is dropped, and what is served stays as it is.
pub async fn a_cancelled_build_leaves_nothing(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.happen(&orders(100)).await?;
    world.rebuild().await?;
    let before = world.tables().await?;
    let stall = Stall::put_in(&world, At::First).await?;
    let (building, giving_up) = (sources(&world)?, sources(&world)?);
    let building = projection()?.rebuild(building, 2, &quiet);
    let give_up = async {
        stall.reached(&world).await?;
        let schemas = schemas(&world).await?;
        ensure!(schemas == ["build_orders_2"], "{schemas:?}");
        let cancelled = projection()?.cancel(giving_up).await?;
        ensure!(cancelled == Some(2), "{cancelled:?}");
        anyhow::Ok(())
    };
    let (built, cancelled) = tokio::join!(building, give_up);
    cancelled?;
    ensure!(
        matches!(built, Err(RebuildError::Cancelled { build: 2 })),
        "{built:?}"
    );
    stall.take_out().await?;
    ensure!(found(&world, 2).await?.state == BuildState::Cancelled);
    ensure!(
        world.tables().await? == before,
        "the served rows are other ones"
    );
    ensure!(
        projection()?.cancel(sources(&world)?).await?.is_none(),
        "it is open yet"
    );
    let report = world.rebuild().await?;
    ensure!(report.build == 3, "{report:?}");
    ensure!(schemas(&world).await?.is_empty());
    world.check().await
}

/// Newer code begins a build of its own accord; until that is complete the
/// older one is served.
pub async fn an_older_version_is_served_until_the_new_one_is_complete(
    config: &Config,
) -> Result<()> {
    let world = World::new(config).await?;
    world.happen(&orders(100)).await?;
    world.rebuild().await?;
    sqlx::query("UPDATE projections SET version = 0 WHERE name = 'orders'")
        .execute(&world.views)
        .await?;
    let before = world.versions().await?;
    let stall = Stall::put_in(&world, At::First).await?;
    let projector = world.projector()?;
    stall.reached(&world).await?;
    world.happen(&orders(20)).await?;
    ensure!(
        world.versions().await? == before,
        "something else is served"
    );
    ensure!(
        !projector.status.ready(),
        "{:?}",
        projector.status.workers()
    );
    let running = found(&world, 2).await?;
    ensure!(running.reason == "older_version", "{running:?}");
    stall.take_out().await?;
    projector.ready().await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// A reader that does not let go of the old tables delays the switch, and
/// nobody else.
pub async fn a_long_read_delays_the_switch_and_no_other_read(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.happen(&orders(50)).await?;
    world.settled().await?;
    let mut reader = sqlx::PgConnection::connect(&config.views_url).await?;
    let mut read = reader.begin().await?;
    sqlx::query("SELECT count(*) FROM order_lines")
        .execute(&mut *read)
        .await?;
    let rebuild = world.rebuild();
    let meanwhile = async {
        let waiting = "SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'";
        for _ in 0..3 {
            world
                .until("switch that waits", async || {
                    Ok(!sqlx::query(waiting)
                        .fetch_all(&world.views)
                        .await?
                        .is_empty())
                })
                .await?;
            world.happen(&orders(5)).await?;
            world.settled().await?;
        }
        ensure!(world.data_version().await?.0 == 1, "it was switched");
        read.commit().await?;
        anyhow::Ok(())
    };
    let (made, waited) = tokio::join!(rebuild, meanwhile);
    waited?;
    ensure!(made?.build == 2);
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// How often something happens while builds are made.
const PACE: Duration = Duration::from_millis(50);

/// Events arrive at a steady rate, the views are rebuilt under them, and
/// frontends and an analyst read: no request fails, nothing goes back in version
/// or revision, whichever way it is read, and no strong tag stands for two
/// documents.
pub async fn requests_are_answered_while_builds_are_switched(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.happen(&orders(200)).await?;
    let busy = clock::new_id();
    world.happen(&[placed(busy, 1)]).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.settled().await?;
    let read_api = env.role("read-api");
    // A Redis that is too slow is done without for a moment, and what it has
    // may then be older than what was read meanwhile.
    let mut read_api = read_api
        .config(|config| config.redis_timeout_ms = 5_000)
        .spawn()?;
    read_api.ready().await?;
    let api = Api::new(env, &read_api).await?;
    let done = AtomicBool::new(false);
    let arrive = async {
        let mut pace = tokio::time::interval(PACE);
        let mut last = None;
        for sequence in 2.. {
            pace.tick().await;
            if done.load(Ordering::Relaxed) {
                break;
            }
            let id = clock::new_id();
            let mut events = vec![noted(busy, sequence), placed(id, 3)];
            events.extend(last.replace(id).map(|last| cancelled(last, 2)));
            world.happen(&events).await?;
        }
        anyhow::Ok(())
    };
    let rebuild = async {
        for build in 2..5 {
            let report = world.rebuild().await?;
            ensure!(report.build == build, "{report:?}");
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (arrived, built, told, plain) = tokio::join!(
        arrive,
        rebuild,
        reading::by_version(&api, &done),
        reading::plainly(&api, &world, busy, &done)
    );
    arrived?;
    built?;
    let (told, plain) = (told?, plain?);
    ensure!(told > 10 && plain > 5, "{told} and {plain} rounds of reads");
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// How many orders a builder is killed in the middle of.
const MANY: i64 = 45_000;

/// `orderlog rebuild` is held, tells how long it will take yet, and is killed;
/// the next one goes on where it was.
pub async fn a_killed_builder_is_gone_on_with(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let world = World::new(&env.config).await?;
    multiply(env, &world).await?;
    let stall = Stall::put_in(&world, At::Second).await?;
    let builder = env.role("rebuild");
    // One writer, of which a transaction holds less than half of them.
    let builder = builder.args(&[ORDERS, "--workers", "1"]).spawn()?;
    stall.reached(&world).await?;
    says_what_is_left(env).await?;
    builder.kill9().await?;
    stall.take_out().await?;
    let killed = found(&world, 1).await?;
    ensure!(
        killed.state == BuildState::Running && (1..MANY).contains(&killed.aggregates),
        "{killed:?}"
    );
    ensure!(schemas(&world).await? == ["build_orders_1"]);

    let made = env
        .orderlog(&["rebuild", ORDERS, "--workers", "3", "--json"])
        .await?;
    ensure!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let report: Value = serde_json::from_slice(&made.stdout)?;
    // Each order was counted once, by whoever wrote it.
    ensure!(
        report["build"] == 1 && report["aggregates"] == MANY,
        "{report}"
    );
    let done = found(&world, 1).await?;
    ensure!(
        done.state == BuildState::Done
            && done.started_at == killed.started_at
            && done.aggregates == MANY,
        "{done:?}"
    );
    let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&world.views)
        .await?;
    ensure!(orders == MANY, "{orders} orders");
    world.check_sums().await?;
    let listed = env.orderlog_ok(&["rebuild", "--list", "--json"]).await?;
    let listed: Value = serde_json::from_str(&listed)?;
    ensure!(listed[0]["state"] == "done", "{listed}");
    Ok(())
}

/// How long a build that is held will take yet: longer and longer, by its rate
/// so far.
async fn says_what_is_left(env: &TestEnv) -> Result<()> {
    let mut read_api = env.role("read-api").spawn()?;
    read_api.ready().await?;
    let api = Api::new(env, &read_api).await?;
    let told = async |more_than: i64| {
        wait_until("more time to be left", async || {
            let path = format!("/v1/admin/projections/{ORDERS}/rebuild");
            let builds = api.get(&path).await?.expect(200)?;
            let open = builds.json["open"].clone();
            let left = open["seconds_left"].as_i64();
            Ok(left
                .filter(|left| *left > more_than)
                .map(|left| (left, open)))
        })
        .await
    };
    let (left, open) = told(-1).await?;
    let (later, held) = told(left).await?;
    ensure!(later > left);
    ensure!(
        held["state"] == "running" && held["phase"] == "filling",
        "{held}"
    );
    let count = |build: &Value, name: &str| build[name].as_i64().context("a number");
    let (folded, all) = (count(&held, "events")?, count(&held, "estimate")?);
    ensure!(count(&open, "events")? == folded, "{open} {held}");
    // As much is left of the time as of the events.
    let started = held["started_at"].as_str().context("a time")?;
    let started = OffsetDateTime::parse(started, &Rfc3339)?;
    let most = (clock::now() - started).as_seconds_f64();
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let most = most * (all - folded) as f64 / folded as f64;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let told = later as f64;
    ensure!(
        folded < all && told <= most,
        "{later} s, at most {most}: {held}"
    );
    Ok(())
}

/// One order through the command API, and copies of it in the log.
async fn multiply(env: &TestEnv, world: &World) -> Result<()> {
    let mut commands = env.role("command-api").spawn()?;
    commands.ready().await?;
    let api = Api::new(env, &commands).await?;
    // Nobody's data: what is sealed is sealed for one order.
    let order = json!({
        "platform": "web", "currency": "GBP",
        "lines": [{"sku": "LAMP", "name": "Lamp", "quantity": 1, "unit_price": 1_000}],
    });
    api.post("/v1/orders", &order).await?.expect(201)?;
    ensure!(commands.terminate().await?.success());
    let copied = sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                             payload, metadata) \
         SELECT aggregate_type, copy::text, sequence, event_type, event_version, \
                replace(payload::text, aggregate_id, copy::text)::json, metadata \
           FROM events, (SELECT gen_random_uuid() AS copy FROM generate_series(2, $1)) copies",
    )
    .bind(MANY)
    .execute(&world.log)
    .await?;
    ensure!(copied.rows_affected() == (MANY - 1).cast_unsigned());
    Ok(())
}
