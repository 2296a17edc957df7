//! `GET /v1/statistics/orders`.

use super::views::{Views, token};
use anyhow::ensure;
use infra::redis::{Redis, Version, announce_version};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{TestEnv, wait_until};
use uuid::Uuid;

super::suite![
    sums_are_grouped_and_cut_as_asked,
    hours_are_summed_to_the_days_of_a_time_zone,
    what_happened_counts_when_it_happened_if_asked,
    statuses_are_an_axis,
    figures_are_kept_until_a_newer_state_is_announced,
    figures_that_nobody_vouches_for_are_served_where_the_state_is_theirs,
    a_position_is_never_answered_from_before_it,
    without_redis_figures_come_from_the_views,
    a_redis_that_never_answers_costs_one_short_wait,
    statistics_are_told_once_until_they_change,
    what_cannot_be_summed_is_refused,
];

pub const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0004);

/// Days around a month's end, in their last hour; three platforms, two
/// currencies; each group in two partitions. By event the same happened a day
/// later.
const SUMS: &str = "
    INSERT INTO order_statistics (by_event, hour, platform, currency, country, kind, \"partition\",
        orders, cancelled, units, items, discounts, shipping, tax, revenue, captured, refunded,
        charged_back, credited)
    SELECT by_event, day + by_event::int * interval '1 day', platform, currency, country, kind, p,
           3, 1, 10, 1000, 50, 20, 30, CASE kind WHEN 'credit' THEN -100 ELSE 1001 END, 900, 40, 7, 60
      FROM (VALUES ('2026-01-30T23:00Z'::timestamptz), ('2026-01-31T23:00Z'), ('2026-02-01T23:00Z'),
                   ('2026-02-02T23:00Z')) d (day),
           (VALUES ('web', 'GBP', 'GB', 'order'), ('web', 'EUR', 'FR', 'order'),
                   ('shop', 'GBP', 'GB', 'order'), ('shop', 'GBP', 'GB', 'credit'))
               g (platform, currency, country, kind),
           (VALUES (0), (7)) k (p), (VALUES (false), (true)) e (by_event)";

async fn with_sums(env: &TestEnv) -> anyhow::Result<Views> {
    let views = Views::start(env).await?;
    add_sums(&views).await?;
    Ok(views)
}

/// Figures of state 1 of build 1; 24 orders of them in EUR.
pub async fn add_sums(views: &Views) -> anyhow::Result<()> {
    views.execute(SUMS).await?;
    views.advance(ID, 1, 1).await?;
    Ok(())
}

async fn data(views: &Views, query: &str) -> anyhow::Result<Value> {
    let path = format!("/v1/statistics/orders?{query}");
    Ok(views.api.get(&path).await?.expect(200)?.json["data"].clone())
}

async fn sums_are_grouped_and_cut_as_asked(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_sums(env).await?;
    let whole = data(&views, "").await?;
    ensure!(
        whole
            == json!([
                {"currency": "EUR", "orders": 24, "cancelled": 8, "units": 80, "items": 8000,
                 "discounts": 400, "shipping": 160, "tax": 240, "revenue": 8008, "captured": 7200,
                 "refunded": 320, "charged_back": 56, "credited": 480, "gross_sales": 8000,
                 "net_sales": 7120, "net": 6824,
                 "average_value": 500},
                {"currency": "GBP", "orders": 72, "cancelled": 24, "units": 240, "items": 24000,
                 "discounts": 1200, "shipping": 480, "tax": 720, "revenue": 15216, "captured": 21600,
                 "refunded": 960, "charged_back": 168, "credited": 1440, "gross_sales": 24000,
                 "net_sales": 21360, "net": 20472,
                 "average_value": 317},
            ]),
        "{whole}"
    );
    let months = data(
        &views,
        "interval=month&currency=EUR&group_by=platform,country,kind",
    )
    .await?;
    ensure!(
        months.as_array().is_some_and(|rows| rows.len() == 2),
        "{months}"
    );
    ensure!(
        months[1]["period"] == "2026-02-01" && months[1]["orders"] == 12,
        "{months}"
    );
    ensure!(
        months[1]["platform"] == "web"
            && months[1]["country"] == "FR"
            && months[1]["kind"] == "order"
    );
    // The 1st of February 2026 is a Sunday: one day of the week that began on the 26th.
    let weeks = data(&views, "interval=week&kind=credit").await?;
    ensure!(
        weeks[0]["period"] == "2026-01-26" && weeks[0]["revenue"] == -600,
        "{weeks}"
    );
    ensure!(
        weeks[1]["period"] == "2026-02-02" && weeks[1]["revenue"] == -200,
        "{weeks}"
    );
    let range = data(
        &views,
        "interval=day&from=2026-01-31&to=2026-02-01&platform=shop&group_by=kind",
    )
    .await?;
    ensure!(
        range.as_array().is_some_and(|rows| rows.len() == 2)
            && range[0]["kind"] == "credit"
            && range[1]["kind"] == "order"
            && range[1]["period"] == "2026-01-31",
        "{range}"
    );
    ensure!(data(&views, "from=2026-02-01&to=2026-02-01").await? == json!([]));
    views
        .execute(
            "UPDATE order_statistics SET orders = 0, cancelled = 0, units = 0, items = 0, \
        discounts = 0, shipping = 0, tax = 0, revenue = 0, captured = 0, refunded = 0, \
        charged_back = 0, credited = 0 WHERE platform = 'shop'",
        )
        .await?;
    ensure!(
        data(&views, "platform=shop&group_by=platform").await? == json!([]),
        "nothing is left"
    );
    Ok(())
}

async fn hours_are_summed_to_the_days_of_a_time_zone(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_sums(env).await?;
    let hours = data(&views, "currency=EUR&interval=hour&to=2026-01-31").await?;
    ensure!(hours[0]["period"] == "2026-01-30T23:00:00Z", "{hours}");
    let from_hour = data(&views, "currency=EUR&from=2026-02-02T23:00:00Z").await?;
    ensure!(from_hour[0]["orders"] == 6, "{from_hour}");
    // The last hour of a day in UTC is the first one of the next in Paris.
    let paris = "currency=EUR&time_zone=Europe/Paris";
    let days = data(&views, &format!("{paris}&interval=day&from=2026-02-01")).await?;
    ensure!(
        days.as_array().is_some_and(|rows| rows.len() == 3) && days[0]["period"] == "2026-02-01",
        "{days}"
    );
    let months = data(&views, &format!("{paris}&interval=month")).await?;
    ensure!(
        months[0]["period"] == "2026-01-01"
            && months[0]["orders"] == 6
            && months[1]["orders"] == 18,
        "{months}"
    );
    Ok(())
}

async fn what_happened_counts_when_it_happened_if_asked(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_sums(env).await?;
    let by_order = data(&views, "currency=EUR&interval=day").await?;
    let by_event = data(&views, "by=event_date&currency=EUR&interval=day").await?;
    ensure!(by_order[0]["period"] == "2026-01-30", "{by_order}");
    ensure!(by_event[0]["period"] == "2026-01-31", "{by_event}");
    let whole = data(&views, "currency=EUR").await?;
    ensure!(whole == data(&views, "by=event_date&currency=EUR").await?);
    Ok(())
}

async fn statuses_are_an_axis(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views
        .execute(
            "INSERT INTO order_status_statistics SELECT '2026-01-01Z'::timestamptz, 'web', currency, 'GB', \
        'order', status, payment, 'unfulfilled', 'none', p, 2, 0, 5, 100, 0, 0, 0, 100, 0, 0, 0, 0 \
        FROM (VALUES ('GBP', 'placed', 'paid'), ('GBP', 'placed', 'none'), ('EUR', 'cancelled', 'none')) \
            g (currency, status, payment), (VALUES (0), (3)) k (p)",
        )
        .await?;
    let rows = data(&views, "group_by=status,payment_status&interval=day").await?;
    let told: Vec<_> = rows.as_array().into_iter().flatten().collect();
    ensure!(
        told.len() == 3
            && told[0]["currency"] == "EUR"
            && told[0]["status"] == "cancelled"
            && told[1]["payment_status"] == "none"
            && told[2]["payment_status"] == "paid"
            && told[2]["orders"] == 4
            && told[2]["period"] == "2026-01-01",
        "{rows}"
    );
    let paid = data(&views, "payment_status=paid").await?;
    ensure!(paid[0]["revenue"] == 200, "{paid}");
    Ok(())
}

async fn figures_are_kept_until_a_newer_state_is_announced(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_sums(env).await?;
    let redis = Redis::new(&env.config)?;
    let version = |number| Version { build: 1, number };
    announce_version(&redis, "statistics", version(1)).await;
    let path = "/v1/statistics/orders?currency=EUR";
    let first = views.api.get(path).await?.expect(200)?;
    ensure!(first.json["version"] == "1-1" && first.json["data"][0]["orders"] == 24);

    // The views move on, and nobody says so: the figures stay, and grow old.
    views
        .execute("UPDATE order_statistics SET orders = orders + 1")
        .await?;
    views.advance(ID, 2, 2).await?;
    let old = wait_until("figures two seconds old", async || {
        let answer = views.api.get(path).await?.expect(200)?;
        Ok(answer
            .header("age")
            .parse::<u64>()
            .is_ok_and(|age| age >= 2)
            .then_some(answer))
    })
    .await?;
    ensure!(old.json == first.json, "{}", old.json);

    // Whoever asks first is told the old figures and has them computed anew.
    announce_version(&redis, "statistics", version(2)).await;
    let fresh = wait_until("the figures of the newer state", async || {
        let answer = views.api.get(path).await?.expect(200)?;
        Ok((answer.json["version"] == "1-2").then_some(answer))
    })
    .await?;
    ensure!(fresh.json["data"][0]["orders"] == 32, "{}", fresh.json);
    ensure!(fresh.header("age") == "0");
    let metrics = reqwest::get(format!("{}/metrics", views.role.url()))
        .await?
        .text()
        .await?;
    for result in ["miss", "hit", "revalidated"] {
        let series =
            format!("orderlog_cache_requests_total{{family=\"statistics\",result=\"{result}\"}}");
        ensure!(metrics.contains(&series), "{series}");
    }
    Ok(())
}

/// The one entry that the cache has, as if it had been computed so long ago.
async fn grown_old(redis: &Redis, minutes: u64) -> anyhow::Result<String> {
    let mut keys = redis::cmd("KEYS");
    keys.arg(redis.key("cache:statistics:*"));
    let keys: Vec<String> = redis.command(&keys).await?;
    ensure!(keys.len() == 1, "{keys:?}");
    let mut at = redis::cmd("HGET");
    let at: i64 = redis.command(at.arg(&keys[0]).arg("at")).await?;
    let at = at - i64::try_from(minutes * 60_000)?;
    set(redis, &keys[0], "at", &at.to_string()).await?;
    Ok(keys[0].clone())
}

async fn set(redis: &Redis, key: &str, field: &str, value: &str) -> anyhow::Result<()> {
    let mut set = redis::cmd("HSET");
    redis
        .command::<()>(set.arg(key).arg(field).arg(value))
        .await?;
    Ok(())
}

async fn figures_that_nobody_vouches_for_are_served_where_the_state_is_theirs(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let views = with_sums(env).await?;
    let redis = super::views::redis(&env.config)?;
    let path = "/v1/statistics/orders?currency=EUR";
    let ask = async || {
        let answer = views.api.get(path).await?.expect(200)?;
        let told = (
            answer.header("cache-status").to_owned(),
            answer.json["data"][0]["orders"].clone(),
        );
        anyhow::Ok((told, answer.header("age").to_owned()))
    };
    let told = |status: &str, orders: i64| (format!("orderlog; {status}"), json!(orders));
    ensure!(ask().await?.0 == told("fwd=miss", 24));
    // Nothing is announced, the state is the same: whoever computed anew would tell.
    views
        .execute("UPDATE order_statistics SET orders = orders + 1")
        .await?;
    for minutes in [1, 10] {
        grown_old(&redis, minutes).await?;
        let (answer, age) = ask().await?;
        ensure!(answer == told("hit", 24) && age == "0", "{answer:?} {age}");
    }
    // Nobody says that the state is another one; it is found out.
    views.advance(ID, 2, 2).await?;
    grown_old(&redis, 1).await?;
    ensure!(ask().await?.0 == told("fwd=stale", 32));
    // Views that were made anew from nothing begin with earlier states.
    let key = grown_old(&redis, 2).await?;
    let later = "00000000000000000009-00000000000000000001";
    set(&redis, &key, "version", later).await?;
    views
        .execute("UPDATE order_statistics SET orders = orders + 1")
        .await?;
    ensure!(ask().await?.0 == told("fwd=stale", 40));
    grown_old(&redis, 1).await?;
    ensure!(ask().await?.0 == told("hit", 40), "it was kept");
    Ok(())
}

async fn a_position_is_never_answered_from_before_it(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_sums(env).await?;
    let redis = Redis::new(&env.config)?;
    announce_version(
        &redis,
        "statistics",
        Version {
            build: 1,
            number: 1,
        },
    )
    .await;
    views
        .api
        .get("/v1/statistics/orders?currency=EUR")
        .await?
        .expect(200)?;
    // Not announced yet, and under a second old: still too old for this reader.
    for (position, next) in [(2, 2), (3, 3), (4, 4)] {
        views
            .execute("UPDATE order_statistics SET orders = orders + 1")
            .await?;
        views.advance(ID, position, next).await?;
        let path = format!(
            "/v1/statistics/orders?currency=EUR&min_position={}",
            token(ID, position)
        );
        let read = views.api.get(&path).await?.expect(200)?;
        ensure!(read.json["version"] == format!("1-{next}"), "{}", read.json);
        ensure!(
            read.json["data"][0]["orders"] == 24 + 8 * (next - 1),
            "{}",
            read.json
        );
    }
    Ok(())
}

async fn without_redis_figures_come_from_the_views(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_sums(env).await?;
    // A port that nothing listens on: bound, never accepted from, then closed.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut role = env
        .role("read-api")
        .config(|config| config.redis_url = format!("redis://{nowhere}"))
        .spawn()?;
    role.ready().await?;
    let api = views.api.at(&role);
    for orders in [24, 32] {
        let read = api
            .get("/v1/statistics/orders?currency=EUR")
            .await?
            .expect(200)?;
        ensure!(read.json["data"][0]["orders"] == orders, "{}", read.json);
        views
            .execute("UPDATE order_statistics SET orders = orders + 1")
            .await?;
    }
    let ready = reqwest::get(format!("{}/readyz", role.url())).await?;
    let ready: Value = serde_json::from_str(&ready.text().await?)?;
    ensure!(
        ready["status"] == "ok" && ready["checks"]["redis"] == "degraded",
        "{ready}"
    );
    Ok(())
}

async fn a_redis_that_never_answers_costs_one_short_wait(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_sums(env).await?;
    // Connections are accepted by the system, and nobody ever reads from them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    let url = format!("redis://{}", silent.local_addr()?);
    let mut role = env
        .role("read-api")
        .config(|config| config.redis_url = url)
        .spawn()?;
    role.ready().await?;
    let api = views.api.at(&role);
    let began = Instant::now();
    for _ in 0..20 {
        api.get("/v1/statistics/orders").await?.expect(200)?;
    }
    // Twenty time-outs of a command alone would be three seconds.
    ensure!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    Ok(())
}

async fn statistics_are_told_once_until_they_change(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_sums(env).await?;
    let path = "/v1/statistics/orders?group_by=platform";
    let first = views.api.get(path).await?.expect(200)?;
    let etag = first.header("etag").to_owned();
    ensure!(etag.starts_with("W/\""), "{etag}");
    // Orders came elsewhere: another state, the same figures.
    let position = views.advance(ID, 2, 2).await?;
    let again = format!("{path}&min_position={position}");
    views
        .get_with(&again, "If-None-Match", &etag)
        .await?
        .expect(304)?;
    views
        .execute("UPDATE order_statistics SET orders = orders + 1")
        .await?;
    let position = views.advance(ID, 3, 3).await?;
    let again = format!("{path}&min_position={position}");
    let changed = views
        .get_with(&again, "If-None-Match", &etag)
        .await?
        .expect(200)?;
    ensure!(changed.header("etag") != etag);
    Ok(())
}

async fn what_cannot_be_summed_is_refused(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    for (query, code, parameter) in [
        ("interval=minute", "invalid_parameter", "interval"),
        ("group_by=colour", "invalid_parameter", "group_by"),
        ("from=2026-01-01T12:30:00Z", "invalid_parameter", "from"),
        ("by=event_date&group_by=status", "invalid_parameter", "by"),
        (
            "time_zone=Europe/Atlantis&interval=day",
            "invalid_parameter",
            "time_zone",
        ),
        ("from=2026-02-01&to=2026-01-01", "invalid_parameter", "to"),
        (
            "from=2026-03-01T00:00:00Z&to=2026-01-01",
            "invalid_parameter",
            "to",
        ),
        ("colour=red", "unknown_parameter", "colour"),
        ("total_min=2&total_max=1", "invalid_parameter", "total_max"),
        ("limit=5", "unknown_parameter", "limit"),
    ] {
        let refused = views
            .api
            .get(&format!("/v1/statistics/orders?{query}"))
            .await?;
        let refused = refused.expect_problem(400, code)?;
        ensure!(
            refused.json["errors"][0]["parameter"] == parameter,
            "{query}: {}",
            refused.json
        );
    }
    views
        .execute(
            "INSERT INTO order_statistics SELECT false, '2000-01-01Z'::timestamptz + n * interval '1 day', \
        'web', 'GBP', 'GB', 'order', 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0 FROM generate_series(1, 10001) n",
        )
        .await?;
    let long = views.api.get("/v1/statistics/orders?interval=day").await?;
    long.expect_problem(400, "too_many_rows")?;
    views
        .api
        .get("/v1/statistics/orders?interval=month")
        .await?
        .expect(200)?;
    Ok(())
}
