//! Builds beside the one that is served: asked for, given up, gone on with.

use super::{
    orders::{AsStored, cancelled, noted, orders, placed},
    revisions::Shown,
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
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tests::{Api, TestEnv};
use uuid::Uuid;

const ORDERS: &str = "orders";

fn projection() -> Result<&'static dyn Registered> {
    registry::find(ORDERS).context("no orders")
}

fn sources(world: &World) -> Result<Sources> {
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
    sqlx::query("UPDATE projections SET version = 0")
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

/// Events arrive, the views are rebuilt under them, and a frontend reads: no
/// request fails, no order goes back in version or revision, and no strong tag
/// stands for two documents.
pub async fn requests_are_answered_while_builds_are_switched(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.happen(&orders(200)).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let mut read_api = env.role("read-api").spawn()?;
    read_api.ready().await?;
    let api = Api::new(env, &read_api).await?;
    let done = AtomicBool::new(false);
    let arrive = async {
        while !done.load(Ordering::Relaxed) {
            let id = clock::new_id();
            for event in [placed(id, 3), noted(id, 2), cancelled(id, 3)] {
                world.happen(&[event]).await?;
            }
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
    let (arrived, built, read) = tokio::join!(arrive, rebuild, reads(&api, &done));
    arrived?;
    built?;
    ensure!(read? > 10, "nobody has read");
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

async fn reads(api: &Api, done: &AtomicBool) -> Result<u32> {
    let (mut seen, mut reads, mut counted) = (BTreeMap::<Uuid, i64>::new(), 0, 0);
    let mut shown = BTreeMap::<Uuid, Shown>::new();
    while !done.load(Ordering::Relaxed) {
        let list = api.get("/v1/orders?limit=50").await?.expect(200)?;
        let newest = list.json["data"].as_array().context("no list")?;
        for order in newest {
            goes_on(&mut seen, order)?;
        }
        let ids = seen.iter().rev().take(5).map(|(id, seen)| (*id, *seen));
        for (id, seen_version) in ids.collect::<Vec<_>>() {
            // The cache of single orders hears of a commit a moment later than
            // lists see it; whoever has seen a version says so.
            let path = format!("/v1/orders/{id}?min_version={seen_version}");
            let order = api.get(&path).await?.expect(200)?;
            goes_on(&mut seen, &order.json)?;
            shown.entry(id).or_default().see(&order)?;
        }
        let sums = api.get("/v1/statistics/orders").await?.expect(200)?;
        let rows = sums.json["data"].as_array().context("no sums")?;
        let orders = rows.iter().filter_map(|row| row["orders"].as_i64()).sum();
        ensure!(orders >= counted, "{orders} orders after {counted}");
        counted = orders;
        reads += 1;
    }
    Ok(reads)
}

fn goes_on(seen: &mut BTreeMap<Uuid, i64>, order: &Value) -> Result<()> {
    let id = order["id"].as_str().context("no id")?.parse()?;
    let version = order["version"].as_i64().context("no version")?;
    let before = seen.insert(id, version).unwrap_or_default();
    ensure!(
        version >= before,
        "order {id} went back from {before} to {version}"
    );
    Ok(())
}

/// How many orders a builder is killed in the middle of.
const MANY: i64 = 45_000;

/// `orderlog rebuild` is killed; the next one goes on where it was.
pub async fn a_killed_builder_is_gone_on_with(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let world = World::new(&env.config).await?;
    multiply(env, &world).await?;
    let stall = Stall::put_in(&world, At::Second).await?;
    let builder = env.role("rebuild");
    // One writer, of which a transaction holds less than half of them.
    let builder = builder.args(&[ORDERS, "--workers", "1"]).spawn()?;
    stall.reached(&world).await?;
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
