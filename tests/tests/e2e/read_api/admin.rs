//! `/v1/admin`: the cache, and how far the projections are.

use super::{
    cached::{is_cached, warm},
    views::{Views, token},
};
use anyhow::{Context as _, ensure};
use infra::postgres::pool;
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

super::suite![
    the_cache_tells_how_often_it_had_the_answer,
    values_are_purged_by_key_prefix_and_family,
    what_cannot_be_purged_is_refused,
    projections_are_told_with_their_lag,
    a_partition_without_events_is_not_behind,
    the_end_of_the_log_and_the_relay_are_told,
    without_kafka_or_the_log_the_rest_is_told,
];

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0007);

async fn the_cache_tells_how_often_it_had_the_answer(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.add_order(ID, "W-1", "{}").await?;
    let path = format!("/v1/orders/{ID}");
    warm(&views, &path).await?;
    for _ in 0..20 {
        views
            .get_with(&path, "If-None-Match", "\"1-0\"")
            .await?
            .expect(304)?;
    }
    views.api.get("/v1/statistics/orders").await?.expect(200)?;
    let told = views.api.get("/v1/admin/cache").await?.expect(200)?;
    ensure!(told.header("cache-control") == "no-store");
    ensure!(told.json["redis"]["answers"] == true, "{}", told.json);
    let family = |name: &str| {
        let families = told.json["families"].as_array().into_iter().flatten();
        let mut named = families.filter(|family| family["family"] == name);
        named.next().cloned().context("the family is told")
    };
    let orders = family("orders")?;
    let count = |name: &str| orders[name].as_u64().unwrap_or_default();
    let parts = ["hits", "revalidated", "stale", "misses", "unavailable"];
    ensure!(count("requests") == parts.into_iter().map(count).sum::<u64>());
    ensure!(count("hits") + count("revalidated") >= 20, "{orders}");
    ensure!(orders["hit_ratio"].as_f64() > Some(0.5), "{orders}");
    ensure!(family("statistics")?["requests"] == 1);
    let metrics = reqwest::get(format!("{}/metrics", views.role.url()));
    let metrics = metrics.await?.text().await?;
    let hits = format!(
        "orderlog_cache_requests_total{{family=\"orders\",result=\"hit\"}} {}",
        count("hits")
    );
    ensure!(metrics.contains(&hits), "{hits}: {metrics}");
    Ok(())
}

/// How many of these orders the cache answers.
async fn kept(views: &Views, ids: &[String]) -> anyhow::Result<usize> {
    let mut kept = 0;
    for id in ids {
        let read = views
            .api
            .get(&format!("/v1/orders/{id}"))
            .await?
            .expect(200)?;
        kept += usize::from(is_cached(&read));
    }
    Ok(kept)
}

async fn values_are_purged_by_key_prefix_and_family(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 3).await?;
    let ids = views.ids("true ORDER BY number").await?;
    let purge = async |body: Value| -> anyhow::Result<u64> {
        let answer = views.api.post("/v1/admin/cache/purge", &body).await?;
        let answer = answer.expect(200)?;
        answer.json["purged"].as_u64().context("a number")
    };
    // All of them, and none that is about to expire.
    let all = async || -> anyhow::Result<()> {
        purge(json!({})).await?;
        for id in &ids {
            warm(&views, &format!("/v1/orders/{id}")).await?;
        }
        views.api.get("/v1/statistics/orders").await?.expect(200)?;
        Ok(())
    };
    all().await?;
    ensure!(purge(json!({"family": "orders", "key": ids[0]})).await? == 1);
    ensure!(purge(json!({"family": "orders", "key": ids[0]})).await? == 0);
    ensure!(kept(&views, &ids[..1]).await? == 0 && kept(&views, &ids[1..]).await? == 2);

    all().await?;
    let prefix = format!("orders:{}", &ids[1][..20]);
    ensure!(purge(json!({"prefix": prefix})).await? == 1);
    ensure!(kept(&views, &ids[1..2]).await? == 0);

    all().await?;
    let told = env
        .orderlog_ok(&["cache", "purge", "--family", "orders", "--json"])
        .await?;
    let told: Value = serde_json::from_str(&told)?;
    ensure!(told == json!({"purged": 3}), "{told}");
    let told = env
        .orderlog_ok(&["cache", "purge", "--prefix", "stat"])
        .await?;
    ensure!(told.trim() == "purged: 1", "{told}");

    all().await?;
    ensure!(purge(json!({})).await? == 4);
    Ok(())
}

async fn what_cannot_be_purged_is_refused(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let path = "/v1/admin/cache/purge";
    for (body, pointer) in [
        (json!({"family": "order"}), "/family"),
        (json!({"key": "orders:1", "prefix": "orders"}), "/prefix"),
        (json!({"keys": []}), "/keys"),
    ] {
        let refused = views.api.post(path, &body).await?;
        let refused = refused.expect_problem(400, "invalid_body")?;
        ensure!(
            refused.json["errors"][0]["pointer"] == pointer,
            "{}",
            refused.json
        );
    }
    let output = env
        .orderlog(&["cache", "purge", "--family", "order"])
        .await?;
    ensure!(output.status.code() == Some(1));
    let output = env
        .orderlog(&["cache", "purge", "--key", "a", "--prefix", "b"])
        .await?;
    ensure!(output.status.code() == Some(2));
    Ok(())
}

/// Stores events of an order, an hour ago.
async fn store(events: &PgPool, order: Uuid, first: i64, count: i64) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
            payload, metadata, recorded_at) \
         SELECT 'order', $1, n, 'OrderPlaced', '1', '{}', '{}', now() - interval '1 hour' \
           FROM generate_series($2::bigint, $2 + $3 - 1) n",
    )
    .bind(order.to_string())
    .bind(first)
    .bind(count)
    .execute(events)
    .await?;
    Ok(())
}

/// Views of a build that has come to the beginning of the log, in every
/// partition.
async fn built(env: &TestEnv) -> anyhow::Result<(Views, PgPool)> {
    let views = Views::start(env).await?;
    views
        .execute(
            "UPDATE projections SET version = 2, build = 5, topic_id = 't', epoch = 1 \
              WHERE name = 'orders'",
        )
        .await?;
    views
        .execute(
            "INSERT INTO projection_offsets (projection, \"partition\", build, next, epoch, xid, \
                position) SELECT 'orders', p, 5, 0, 1, 0, 0 FROM generate_series(0, 11) p",
        )
        .await?;
    Ok((views, pool(&env.config.events_url, 1)?))
}

/// Asks until the projection of the orders is so many events behind.
async fn behind(views: &Views, events: u64) -> anyhow::Result<Value> {
    let (what, mut last) = (format!("a lag of {events} events"), Value::Null);
    let waited = wait_until(&what, async || {
        let told = views.api.get("/v1/admin/projections").await?.expect(200)?;
        last = told.json["data"][0].clone();
        Ok((last["events"] == events).then(|| last.clone()))
    });
    let waited = waited.await;
    waited.with_context(|| format!("the last answer was {last}"))
}

async fn projections_are_told_with_their_lag(env: &TestEnv) -> anyhow::Result<()> {
    let (views, events) = built(env).await?;
    store(&events, ID, 1, 3).await?;
    let orders = behind(&views, 3).await?;
    ensure!(
        orders["parked"] == 0 && orders["rebuild"].is_null(),
        "{orders}"
    );
    wait_until("how fast it moves, by two looks", async || {
        let told = views.api.get("/v1/admin/projections").await?.expect(200)?;
        let pace = &told.json["data"][0]["per_second"];
        Ok(pace.is_f64().then_some(()))
    })
    .await?;
    ensure!(orders["name"] == "orders" && orders["build"] == 5 && orders["version"] == 2);
    ensure!(orders["estimated"] == false && orders["seconds"].as_f64() > Some(3_500.0));
    let partition = token(ID, 0).partition;
    let told = orders["partitions"].as_array().context("partitions")?;
    ensure!(told.len() == 12);
    for of in told {
        let expected = if of["partition"] == partition { 3 } else { 0 };
        ensure!(of["events"] == expected && of["end_offset"] == 0, "{of}");
    }
    let series =
        format!("orderlog_views_lag_events{{projection=\"orders\",partition=\"{partition}\"}} 3");
    let metrics = reqwest::get(format!("{}/metrics", views.role.url()));
    let metrics = metrics.await?.text().await?;
    ensure!(metrics.contains(&series), "{series}: {metrics}");

    let position = views.advance(ID, 1 << 40, 9).await?;
    let orders = behind(&views, 0).await?;
    ensure!(orders["seconds"] == 0.0, "{orders}");
    let told = orders["partitions"].as_array().context("partitions")?;
    let moved = told.iter().find(|of| of["partition"] == partition);
    let moved = moved.context("the partition")?;
    ensure!(moved["next_offset"] == 9 && moved["position"] == position.as_str());
    Ok(())
}

async fn a_partition_without_events_is_not_behind(env: &TestEnv) -> anyhow::Result<()> {
    let (views, events) = built(env).await?;
    // More than is looked at each time, all of one order, all of it applied.
    store(&events, ID, 1, 4_000).await?;
    behind(&views, 4_000).await?;
    views.advance(ID, 1 << 40, 4_000).await?;
    behind(&views, 0).await?;
    // Another partition stops, and what it misses is soon far from the end.
    let other = (8..99)
        .map(Uuid::from_u128)
        .find(|other| token(*other, 0).partition != token(ID, 0).partition);
    let other = other.context("an order of another partition")?;
    store(&events, other, 1, 1).await?;
    behind(&views, 1).await?;
    store(&events, ID, 4_001, 4_000).await?;
    store(&events, other, 2, 1).await?;
    let orders = behind(&views, 2).await?;
    ensure!(orders["estimated"] == false, "{orders}");
    Ok(())
}

/// Asks for the pipeline until it is as `told` wants it.
async fn pipeline(
    views: &Views,
    what: &str,
    told: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    let mut last = Value::Null;
    let waited = wait_until(what, async || {
        last = views.api.get("/v1/admin/pipeline").await?.expect(200)?.json;
        Ok(told(&last).then(|| last.clone()))
    });
    let waited = waited.await;
    waited.with_context(|| format!("the last answer was {last}"))
}

async fn the_end_of_the_log_and_the_relay_are_told(env: &TestEnv) -> anyhow::Result<()> {
    let (views, events) = built(env).await?;
    let empty = |told: &Value| told["log"].is_object() && told["relay"].is_object();
    let told = pipeline(&views, "an empty log", empty).await?;
    ensure!(told["log"]["position"].is_null(), "{told}");
    ensure!(told["relay"]["position"].is_null(), "{told}");
    ensure!(told["relay"]["events"] == 0, "{told}");

    // Nobody publishes them.
    store(&events, ID, 1, 3).await?;
    let waits = |told: &Value| told["relay"]["events"].as_u64() >= Some(3);
    let told = pipeline(&views, "three events that wait", waits).await?;
    ensure!(told["relay"]["seconds"].as_f64() > Some(3_500.0), "{told}");
    ensure!(told["log"]["per_second"].is_f64(), "{told}");

    // A transaction that has written and does not end holds everybody up.
    let mut open = events.begin().await?;
    sqlx::query("SELECT pg_current_xact_id()")
        .execute(&mut *open)
        .await?;
    let held = |told: &Value| told["log"]["horizon_age_seconds"].as_f64() >= Some(1.0);
    pipeline(&views, "a horizon that stands still", held).await?;
    open.rollback().await?;
    Ok(())
}

async fn without_kafka_or_the_log_the_rest_is_told(env: &TestEnv) -> anyhow::Result<()> {
    let (views, _) = built(env).await?;
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut role = env
        .role("read-api")
        .config(|config| {
            config.kafka_bootstrap_servers = nowhere.to_string();
            config.events_url = format!("postgres://orderlog@{nowhere}/events");
        })
        .spawn()?;
    role.ready().await?;
    let told = views.api.at(&role).get("/v1/admin/projections").await?;
    let told = told.expect(200)?;
    let orders = &told.json["data"][0];
    ensure!(
        orders["build"] == 5 && orders["events"].is_null(),
        "{orders}"
    );
    let partition = &orders["partitions"][3];
    ensure!(partition["next_offset"] == 0 && partition["end_offset"].is_null());
    let told = views.api.at(&role).get("/v1/admin/pipeline").await?;
    let told = told.expect(200)?;
    ensure!(told.json["log"].is_null() && told.json["relay"].is_null());
    Ok(())
}
