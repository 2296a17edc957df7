//! Builds that are as good as made and wait for somebody: until it is accepted
//! what they park, or until an index is no longer refused.

use super::{builds::found, orders::orders, world::World};
use anyhow::{Context as _, Result, ensure};
use infra::{
    config::Config,
    views::{
        ORDERS,
        builds::{self, BuildPhase, BuildState},
    },
};
use tests::{TestEnv, wait_until};

/// What the event log holds of so many more orders can be read no longer.
async fn spoil(world: &World, count: i64) -> Result<()> {
    let spoilt = sqlx::query(
        "UPDATE events SET payload = json_build_object('no', payload) WHERE sequence = 1 \
            AND aggregate_id IN (SELECT aggregate_id FROM events WHERE sequence = 1 \
                AND payload -> 'no' IS NULL ORDER BY aggregate_id LIMIT $1)",
    );
    let spoilt = spoilt.bind(count).execute(&world.log).await?;
    ensure!(i64::try_from(spoilt.rows_affected())? == count);
    Ok(())
}

async fn mend(world: &World) -> Result<()> {
    sqlx::query("UPDATE events SET payload = payload -> 'no' WHERE payload -> 'no' IS NOT NULL")
        .execute(&world.log)
        .await?;
    Ok(())
}

/// Up to a tenth of the orders are parked by a switch, those not counted that
/// are parked already. With more the build is held, and what is served stays,
/// until somebody accepts it.
pub async fn a_build_that_parks_too_much_is_held_until_it_is_accepted(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.append(&orders(40)).await?;
    world.rebuild().await?;
    spoil(&world, 4).await?;
    ensure!(world.rebuild().await?.build == 2, "a tenth is held");
    ensure!(world.parked().await?.len() == 4);
    let served = world.versions().await?;

    spoil(&world, 5).await?;
    for _ in 0..2 {
        let held = world.rebuild().await.err().context("it was switched to")?;
        let said = held.to_string();
        ensure!(said.contains("parks 5 of 40 orders"), "{said}");
        ensure!(said.contains("--accept-parked"), "{said}");
        let left = found(&world, 3).await?;
        ensure!(left.state == BuildState::Running, "{left:?}");
        ensure!(left.phase == Some(BuildPhase::Held), "{left:?}");
        ensure!(left.error == Some(said), "{left:?}");
    }
    ensure!(
        world.versions().await? == served,
        "what is served has changed"
    );
    ensure!(world.parked().await?.len() == 4);
    // A running projector leaves it alone, and says so.
    let projector = env.role("projector").spawn()?;
    let metrics = format!("{}/metrics", projector.url());
    wait_until("the metrics to tell", async || {
        // It may not listen yet.
        let Ok(metrics) = reqwest::get(&metrics).await else {
            return Ok(None);
        };
        let metrics = metrics.text().await?;
        let waits = "orderlog_projection_build_waits{projection=\"orders\",why=\"parked\"} 1";
        Ok(metrics.lines().any(|line| line == waits).then_some(()))
    })
    .await?;
    ensure!(found(&world, 3).await?.phase == Some(BuildPhase::Held));
    ensure!(projector.terminate().await?.success());

    ensure!(builds::accept_parked(&world.views, ORDERS).await?);
    ensure!(world.rebuild().await?.build == 3, "it was begun anew");
    ensure!(world.parked().await?.len() == 9);
    let done = found(&world, 3).await?;
    ensure!(
        done.state == BuildState::Done && done.error.is_none(),
        "{done:?}"
    );
    mend(&world).await?;
    world.rebuild().await?;
    world.check().await
}

/// The first build of all has nothing to take the place of.
pub async fn a_first_build_parks_whatever_it_has_to(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.append(&orders(10)).await?;
    spoil(&world, 9).await?;
    ensure!(world.rebuild().await?.build == 1);
    ensure!(world.parked().await?.len() == 9);
    Ok(())
}

/// One that is held is dropped like any other.
pub async fn a_held_build_can_be_cancelled(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.append(&orders(10)).await?;
    world.rebuild().await?;
    spoil(&world, 5).await?;
    ensure!(world.rebuild().await.is_err(), "it was switched to");
    let text = env.orderlog_ok(&["rebuild", "orders", "--cancel"]).await?;
    ensure!(text.contains("build 2 was cancelled"), "{text}");
    let left = found(&world, 2).await?;
    ensure!(left.state == BuildState::Cancelled, "{left:?}");
    mend(&world).await?;
    ensure!(world.rebuild().await?.build == 3);
    world.check().await
}

/// The database refuses an index, say for a value that is too large for it: what
/// is filled stays, with the indexes that are made. Whoever goes on makes that
/// one and those after it.
pub async fn an_index_that_is_refused_is_tried_again(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.append(&orders(20)).await?;
    world.rebuild().await?;
    sqlx::raw_sql(
        "CREATE FUNCTION too_large() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() \
                       WHERE object_identity LIKE '%.orders_total') THEN \
             RAISE 'index row size 3000 exceeds maximum' USING ERRCODE = '54000'; \
           END IF; END $$; \
         CREATE EVENT TRIGGER too_large ON ddl_command_end WHEN TAG IN ('CREATE INDEX') \
             EXECUTE FUNCTION too_large()",
    )
    .execute(&world.views)
    .await?;
    let made = async || -> Result<Vec<(String, i64)>> {
        let made = "SELECT indexname::text, format('%I.%I', schemaname, indexname)::regclass::oid::bigint \
                      FROM pg_indexes WHERE indexname IN ('orders_updated', 'orders_total') \
                       AND schemaname = $1 ORDER BY 1";
        let schema = if found(&world, 2).await?.state == BuildState::Done {
            "public"
        } else {
            "build_orders_2"
        };
        Ok(sqlx::query_as(made)
            .bind(schema)
            .fetch_all(&world.views)
            .await?)
    };
    let mut before = Vec::new();
    for _ in 0..2 {
        let refused = world.rebuild().await.err().context("nobody has refused")?;
        let said = refused.to_string();
        ensure!(
            said.contains("CREATE INDEX orders_total ON orders"),
            "{said}"
        );
        let left = found(&world, 2).await?;
        ensure!(left.state == BuildState::Running, "{left:?}");
        ensure!(left.phase == Some(BuildPhase::Indexing), "{left:?}");
        let why = left.error.unwrap_or_default();
        ensure!(why.contains("index row size 3000 exceeds maximum"), "{why}");
        before = made().await?;
        ensure!(before.len() == 1, "{before:?}");
    }
    sqlx::raw_sql("DROP EVENT TRIGGER too_large")
        .execute(&world.views)
        .await?;
    ensure!(world.rebuild().await?.build == 2, "it was begun anew");
    let after = made().await?;
    ensure!(
        after.len() == 2 && after.contains(&before[0]),
        "{before:?} and {after:?}"
    );
    world.check().await
}
