//! The projection that `docs/PROJECTIONS.md` shows, in the real engine.

use super::{
    call_offs::CallOffs,
    orders::{AsStored, orders},
    world::World,
};
use anyhow::{Context as _, Result, ensure};
use contracts::topics;
use infra::{clock, config::Config, lifecycle::Lifecycle, views::parked};
use orderlog::keys::sealing;
use projections::{
    Sources,
    engine::verify::{self, Difference, Found, Page},
    registry::{Entry, Registered},
    simple::Kept,
    spawn_these,
};
use sqlx::{PgConnection, Row as _};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

static CALL_OFFS: &dyn Registered = &Entry::<Kept<CallOffs>>::NEW;

fn sources(world: &World) -> Result<Sources> {
    Ok(Sources {
        config: world.config.clone(),
        log: world.reader(),
        mapping: Arc::new(AsStored),
        sealing: sealing(&world.config)?,
    })
}

/// It follows, has no use for what it is told twice, and comes to the same
/// when it is rebuilt, by several writers.
pub async fn a_projection_of_one_file_is_followed_redelivered_and_rebuilt(
    config: &Config,
) -> Result<()> {
    let world = World::new(config).await?;
    let sources = sources(&world)?;
    let lifecycle = Lifecycle::new();
    let status = spawn_these(&[CALL_OFFS], &sources, &lifecycle)?;
    world.until_role(|| status.ready(), "it to follow").await?;
    world.happen(&orders(100)).await?;
    comes_to_what_the_log_says(&world).await?;
    lifecycle.shutdown.cancel();
    lifecycle.finished().await?;

    sqlx::query("UPDATE projection_offsets SET next = 0")
        .execute(&world.views)
        .await?;
    let lifecycle = Lifecycle::new();
    let status = spawn_these(&[CALL_OFFS], &sources, &lifecycle)?;
    world.until_role(|| status.ready(), "it to follow").await?;
    world.happen(&orders(50)).await?;
    comes_to_what_the_log_says(&world).await?;

    let report = CALL_OFFS.rebuild(sources, 3, &|_| {}).await?;
    ensure!(
        report.build == 2 && report.progress.aggregates == 150,
        "{report:?}"
    );
    comes_to_what_the_log_says(&world).await?;
    world.happen(&orders(50)).await?;
    comes_to_what_the_log_says(&world).await?;
    lifecycle.shutdown.cancel();
    Ok(lifecycle.finished().await?)
}

/// It is held against the log like any other: spoiled rows and sums are found,
/// an order that nobody knows too, and the same marks repair them.
pub async fn a_projection_of_one_file_is_verified_and_repaired(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let sources = sources(&world)?;
    let lifecycle = Lifecycle::new();
    let status = spawn_these(&[CALL_OFFS], &sources, &lifecycle)?;
    world.until_role(|| status.ready(), "it to follow").await?;
    world.happen(&orders(30)).await?;
    comes_to_what_the_log_says(&world).await?;
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM call_offs_rows ORDER BY id")
        .fetch_all(&world.views)
        .await?;
    let mut page = Page::default();
    for id in &ids {
        page.0.insert(*id, Ok(world.stream(*id).await?));
    }
    let (mut rows, mut sums) = (
        verify::connect(config).await?,
        verify::connect(config).await?,
    );
    CALL_OFFS.prepare(&mut rows).await?;
    let compared = CALL_OFFS.compare(&sources, &mut rows, &page).await?;
    ensure!(compared == Found::default(), "{compared:?}");
    ensure!(off(&mut sums).await? == 0);

    let nobodys = clock::new_id();
    for (statement, id) in [
        (
            "UPDATE call_offs_rows SET \"row\" = ' ' || \"row\" WHERE id = $1",
            ids[0],
        ),
        ("DELETE FROM call_offs_rows WHERE id = $1", ids[1]),
        (
            "INSERT INTO call_offs_rows SELECT $1, version, \"partition\", \"row\" \
               FROM call_offs_rows LIMIT 1",
            nobodys,
        ),
        (
            "UPDATE call_offs SET orders = orders + 5 WHERE $1 IS NOT NULL AND ctid = '(0,1)'",
            ids[2],
        ),
    ] {
        sqlx::query(statement)
            .bind(id)
            .execute(&world.views)
            .await?;
    }
    let all = (Uuid::nil(), Uuid::max());
    let others = CALL_OFFS.others(&mut rows, all, &ids, 10).await?;
    ensure!(others.iter().eq([&nobodys]), "{others:?}");
    page.0.insert(nobodys, Ok(Vec::new()));
    let found = CALL_OFFS
        .compare(&sources, &mut rows, &page)
        .await?
        .differing;
    let found: Vec<_> = found.into_iter().collect();
    let other_row = Difference::Rows(vec!["call_offs_rows: another row".to_owned()]);
    let mut expected = [
        (ids[0], other_row),
        (ids[1], Difference::Missing),
        (nobodys, Difference::Extra),
    ];
    expected.sort_by_key(|(id, _)| *id);
    ensure!(found == expected, "{found:?}");
    ensure!(off(&mut sums).await? > 0);

    let differing: Vec<Uuid> = found.into_iter().map(|(id, _)| id).collect();
    parked::request_refold(&world.views, "call_offs", &topics::ORDERS, &differing).await?;
    world.driven().await?;
    let compared = CALL_OFFS.compare(&sources, &mut rows, &page).await?;
    ensure!(compared == Found::default(), "{compared:?}");
    off(&mut sums).await?;
    ensure!(CALL_OFFS.repair_sums(&sources, &mut sums).await? > Some(0));
    ensure!(off(&mut sums).await? == 0);
    comes_to_what_the_log_says(&world).await?;
    lifecycle.shutdown.cancel();
    Ok(lifecycle.finished().await?)
}

/// How many rows of sums are not what the rows add up to.
async fn off(views: &mut PgConnection) -> Result<u64> {
    let compared = CALL_OFFS.compare_sums(views, 10).await?;
    Ok(compared.iter().map(|table| table.differing).sum())
}

type Sums = BTreeMap<String, (i64, i64)>;

async fn comes_to_what_the_log_says(world: &World) -> Result<()> {
    let expected = by_platform(
        &world.log,
        "SELECT first.payload #>> '{order,platform}' AS platform, count(*) AS orders, \
                count(*) FILTER (WHERE last.payload #>> '{after,status}' = 'cancelled') AS called_off \
           FROM events first JOIN LATERAL (SELECT * FROM events e \
                 WHERE e.aggregate_id = first.aggregate_id ORDER BY sequence DESC LIMIT 1) last \
             ON true WHERE first.sequence = 1 GROUP BY 1",
    )
    .await?;
    let stored = "SELECT platform, sum(orders)::bigint AS orders, \
                         sum(called_off)::bigint AS called_off FROM call_offs GROUP BY 1";
    let waited = world
        .until("sums of the log", async || {
            Ok(by_platform(&world.views, stored).await? == expected)
        })
        .await;
    waited.with_context(|| format!("{expected:?}"))
}

async fn by_platform(pool: &sqlx::PgPool, sql: &str) -> Result<Sums> {
    let rows = sqlx::query(sql).fetch_all(pool).await?;
    let sums = rows.iter().map(|row| {
        let sums = (row.try_get("orders")?, row.try_get("called_off")?);
        Ok((row.try_get("platform")?, sums))
    });
    sums.collect()
}

/// The document shows this very file.
pub fn the_document_shows_the_projection_that_is_tested() -> Result<()> {
    let document = include_str!("../../../../docs/PROJECTIONS.md");
    let tested = include_str!("call_offs.rs");
    ensure!(
        document.contains(tested),
        "docs/PROJECTIONS.md shows another one"
    );
    Ok(())
}
