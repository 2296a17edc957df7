//! Views of an older release, as this one finds them.

use super::{
    orders::{noted, orders, placed},
    stall::{At, Stall},
    world::World,
};
use anyhow::{Result, ensure};
use infra::{
    clock,
    postgres::connect_options,
    redis::{Purge, Redis, purge},
};
use sqlx::{
    Connection as _, PgConnection,
    migrate::{Migration, MigrationType, Migrator},
};
use std::borrow::Cow;
use tests::{Api, TestEnv};
use uuid::Uuid;

/// Those of the release before builds had tables of their own.
const OLDER: [(i64, &str); 2] = [
    (
        1,
        include_str!("../../../../infra/migrations/views/0001_views.sql"),
    ),
    (
        2,
        include_str!("../../../../infra/migrations/views/0002_epochs.sql"),
    ),
];

/// Migrated, they are served as they are, until a build of this release has
/// taken their place.
pub async fn views_of_an_older_release_are_served_until_they_are_built_anew(
    env: &TestEnv,
) -> Result<()> {
    let id = clock::new_id();
    older_views(env, id).await?;
    env.orderlog_ok(&["migrate"]).await?;
    let world = World::new(&env.config).await?;
    world.append(&[placed(id, 1), noted(id, 2)]).await?;
    world.append(&orders(20)).await?;
    let mut read_api = env.role("read-api").spawn()?;
    read_api.ready().await?;
    let api = Api::new(env, &read_api).await?;
    let path = format!("/v1/orders/{id}");
    let order = api.get(&path).await?.expect(200)?;
    ensure!(order.json["by"] == "an older release", "{}", order.json);
    ensure!(order.header("etag") == "\"2-0\"", "{:?}", order.headers);

    let stall = Stall::put_in(&world, At::First).await?;
    let projector = world.projector()?;
    stall.reached(&world).await?;
    let order = api.get(&path).await?.expect(200)?;
    ensure!(order.json["by"] == "an older release", "{}", order.json);
    stall.take_out().await?;
    projector.ready().await?;
    world.settled().await?;
    world.check().await?;
    ensure!(world.data_version().await?.0 == 8, "it is another build");
    // What is cached may be five seconds old.
    purge(&Redis::new(&env.config)?, &Purge::Everything).await?;
    let order = api.get(&path).await?.expect(200)?;
    ensure!(order.json["version"] == 2, "{}", order.json);
    ensure!(
        order.header("etag") != "\"2-0\"",
        "other bytes have its tag"
    );
    let left: Vec<String> = sqlx::query_scalar(
        "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^(build|retired)_'",
    )
    .fetch_all(&world.views)
    .await?;
    ensure!(left.is_empty(), "{left:?}");
    projector.stop().await
}

/// A views database with one order that an older release has made, in build 7.
async fn older_views(env: &TestEnv, id: Uuid) -> Result<()> {
    let migrations = OLDER.map(|(version, sql)| {
        let (name, sql) = (Cow::Borrowed("older"), Cow::Borrowed(sql));
        Migration::new(version, name, MigrationType::Simple, sql, false)
    });
    let migrator = Migrator {
        migrations: Cow::Owned(migrations.into()),
        ..Migrator::DEFAULT
    };
    let options = connect_options(&env.config.views_url)?;
    let mut views = PgConnection::connect_with(&options).await?;
    migrator.run_direct(&mut views).await?;
    sqlx::query(
        "INSERT INTO projections (name, version, build, topic_id) VALUES ('orders', 1, 7, 'any')",
    )
    .execute(&mut views)
    .await?;
    sqlx::query(
        "INSERT INTO projection_offsets (projection, \"partition\", build, next, epoch, xid, position) \
         SELECT 'orders', generate_series(0, 11), 7, 0, 1, 0, 0",
    )
    .execute(&mut views)
    .await?;
    sqlx::query(
        "INSERT INTO orders (id, version, \"partition\", number, platform, kind, currency, country, \
             status, payment_status, fulfillment_status, return_status, placed, confirmed, archived, \
             hold_count, tags, total, captured, refunded, balance_due, units, created_at, placed_at, \
             updated_at, summary, document) \
         VALUES ($1, 2, 0, 'N', 'web', 'order', 'GBP', 'GB', 'placed', 'none', 'unfulfilled', 'none', \
             true, false, false, 0, '{}', 1, 0, 0, 1, 1, now(), now(), now(), '{}', \
             '{\"by\": \"an older release\"}')",
    )
    .bind(id)
    .execute(&mut views)
    .await?;
    Ok(views.close().await?)
}
