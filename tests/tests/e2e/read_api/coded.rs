//! Codings and conditional requests on every kind of route, and what they cost
//! the database.

use super::{
    cached::warm,
    overheard::Overheard,
    views::{PATIENCE, Views, redis},
};
use anyhow::ensure;
use infra::{
    postgres::pool,
    redis::{Version, announce_version},
    views::STATISTICS_FAMILY,
};
use reqwest::{Method, Response};
use std::{
    io::Read as _,
    time::{Duration, Instant},
};
use tests::{TestEnv, wait_until};
use uuid::Uuid;

super::suite![
    every_kind_of_answer_is_coded_and_conditional_and_headed,
    accept_encoding_is_followed_to_the_letter,
    what_the_cache_knows_costs_the_database_nothing,
    what_redis_knows_is_confirmed_without_any_statement,
];

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0022);

/// Kinds of routes: one order, lists, histories, figures, the log, operators',
/// documents.
fn routes() -> [String; 13] {
    [
        format!("/v1/orders/{ID}"),
        format!("/v1/orders/{ID}?expand=events"),
        format!("/v1/orders/{ID}/events"),
        "/v1/orders?limit=200".into(),
        "/v1/orders?limit=200&facets=status&count=exact".into(),
        "/v1/statistics/orders?interval=hour&group_by=platform,country".into(),
        "/v1/statistics/products?limit=200".into(),
        "/v1/statistics/products?total_min=-5&limit=200".into(),
        "/v1/events".into(),
        "/v1/admin/projections".into(),
        "/openapi.json".into(),
        "/docs/".into(),
        "/docs/swagger-ui.css".into(),
    ]
}

/// What a client was sent: head and body.
struct Sent {
    status: u16,
    head: reqwest::header::HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    fn header(&self, name: &str) -> &str {
        let value = self.head.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    fn text(&self) -> anyhow::Result<String> {
        let (mut text, packed) = (String::new(), self.body.as_slice());
        match self.header("content-encoding") {
            "br" => brotli::Decompressor::new(packed, 4096).read_to_string(&mut text)?,
            "zstd" => zstd::Decoder::new(packed)?.read_to_string(&mut text)?,
            "gzip" => flate2::read::GzDecoder::new(packed).read_to_string(&mut text)?,
            other => {
                ensure!(other.is_empty(), "{other}");
                text = String::from_utf8(self.body.clone())?;
                0
            }
        };
        Ok(text)
    }
}

async fn ask(
    views: &Views,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> anyhow::Result<Sent> {
    let mut request = views.api.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response: Response = request.send().await?;
    Ok(Sent {
        status: response.status().as_u16(),
        head: response.headers().clone(),
        body: response.bytes().await?.to_vec(),
    })
}

/// Enough of everything to be worth packing.
async fn full(env: &TestEnv) -> anyhow::Result<Views> {
    let views = Views::with_orders(env, 300).await?;
    let long = format!("{{\"text\":\"{}\"}}", "long ".repeat(1_000));
    views.add_order(ID, "W-1", &long).await?;
    let history = "INSERT INTO order_events (order_id, version, entry) \
        SELECT $1, n, '{\"version\":' || n || ',\"type\":\"order.noted\"}' \
          FROM generate_series(1, 40) n";
    views.run(sqlx::query(history).bind(ID)).await?;
    views
        .execute(
            "INSERT INTO order_statistics (by_event, hour, platform, currency, country, kind, \
                 \"partition\", orders, cancelled, units, items, discounts, shipping, tax, revenue, \
                 captured, refunded, charged_back, credited) \
             SELECT false, '2026-01-01Z'::timestamptz + n * interval '1 hour', 'web', 'GBP', 'GB', \
                 'order', 0, 1, 0, 1, n, 0, 0, 0, n, 0, 0, 0, 0 FROM generate_series(1, 200) n",
        )
        .await?;
    views
        .execute(
            "INSERT INTO product_statistics (sku, day, platform, currency, \"partition\", orders, \
                 units, returned_units, amount, discounts, tax) \
             SELECT 'S' || n, '2026-01-01', 'web', 'GBP', 0, 1, 1, 0, n, 0, 0 \
               FROM generate_series(1, 200) n",
        )
        .await?;
    views.advance(ID, 1, 1).await?;
    Ok(views)
}

async fn every_kind_of_answer_is_coded_and_conditional_and_headed(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let views = full(env).await?;
    for path in routes() {
        let plain = ask(&views, Method::GET, &path, &[]).await?;
        ensure!(plain.status == 200, "{path}: {}", plain.text()?);
        let mut tags = vec![plain.header("etag").to_owned()];
        for coding in ["br", "zstd", "gzip"] {
            let accept = [("Accept-Encoding", coding)];
            let sent = ask(&views, Method::GET, &path, &accept).await?;
            ensure!(sent.status == 200, "{path}");
            ensure!(plain.body.len() < 1_024 || sent.header("content-encoding") == coding);
            ensure!(
                sent.header("vary")
                    .to_lowercase()
                    .contains("accept-encoding"),
                "{path}"
            );
            if !path.contains("/admin/") && !path.contains("/statistics/") {
                ensure!(sent.text()? == plain.text()?, "{path} {coding}");
            }
            tags.push(sent.header("etag").to_owned());
            let head = ask(&views, Method::HEAD, &path, &accept).await?;
            ensure!(head.status == 200 && head.body.is_empty(), "{path}");
            for name in [
                "etag",
                "content-type",
                "content-encoding",
                "cache-control",
                "vary",
                "link",
            ] {
                ensure!(
                    head.header(name) == sent.header(name),
                    "{path} {coding} {name}"
                );
            }
        }
        let tag = &tags[0];
        if tag.is_empty() {
            ensure!(path.contains("/admin/"), "{path} has no tag");
            continue;
        }
        let strong = !tag.starts_with("W/");
        let packed = plain.body.len() >= 1_024;
        let (all, mut different) = (tags.len(), tags.clone());
        different.sort();
        different.dedup();
        let expected = if strong && packed { all } else { 1 };
        ensure!(different.len() == expected, "{path}: {tags:?}");
        for tag in &tags {
            for coding in ["br", "zstd", "gzip", "identity"] {
                let asked = [("Accept-Encoding", coding), ("If-None-Match", tag.as_str())];
                for method in [Method::GET, Method::HEAD] {
                    let known = ask(&views, method, &path, &asked).await?;
                    ensure!(known.status == 304 && known.body.is_empty(), "{path} {tag}");
                    let caching = plain.header("cache-control");
                    ensure!(known.header("cache-control") == caching, "{path}");
                    let public = !path.starts_with("/v1/");
                    ensure!(public || caching == "private, no-cache", "{path}");
                    ensure!(known.header("vary").contains("Accept-Encoding"), "{path}");
                    ensure!(tags.iter().any(|tag| tag == known.header("etag")), "{path}");
                }
            }
        }
    }
    Ok(())
}

async fn accept_encoding_is_followed_to_the_letter(env: &TestEnv) -> anyhow::Result<()> {
    let views = full(env).await?;
    let (long, short) = ("/v1/orders?limit=200", "/v1/orders?limit=1");
    for (path, accept, coding) in [
        (long, "gzip;q=0.5, br;q=0.4", "gzip"),
        (long, "gzip, deflate, br", "br"),
        (long, "*", "br"),
        (long, "br;q=0, *", "zstd"),
        (long, "identity, gzip;q=0.1", ""),
        (long, "deflate", ""),
        (short, "gzip, br, zstd", ""),
        (short, "gzip, identity;q=0", "gzip"),
        (short, "zstd, *;q=0", "zstd"),
    ] {
        let sent = ask(&views, Method::GET, path, &[("Accept-Encoding", accept)]).await?;
        ensure!(sent.status == 200, "{accept}");
        let used = sent.header("content-encoding");
        ensure!(used == coding, "{path} {accept}: {used:?}");
    }
    for nothing in ["identity;q=0", "*;q=0", "deflate, *;q=0"] {
        let refused = ask(&views, Method::GET, long, &[("Accept-Encoding", nothing)]).await?;
        ensure!(refused.status == 406, "{nothing}");
        ensure!(refused.text()?.contains("coding_not_acceptable"));
    }
    // A command's tag in whatever coding is the version that it names.
    let sent = [("Accept-Encoding", "gzip, identity;q=0")];
    let one = ask(&views, Method::GET, &format!("/v1/orders/{ID}"), &sent).await?;
    ensure!(one.header("etag") == "\"1-0-gz\"", "{}", one.header("etag"));
    Ok(())
}

/// How often the table of the orders was looked at. Sessions tell of what they
/// did when they end: they are ended.
async fn looks(env: &TestEnv, views: &Views) -> anyhow::Result<i64> {
    let own = pool(&env.config.views_url, 1)?;
    let others = "FROM pg_stat_activity WHERE datname = current_database() \
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let ended: Vec<i32> = sqlx::query_scalar(&format!("SELECT pid {others}"))
        .fetch_all(&own)
        .await?;
    for pid in &ended {
        let end = sqlx::query("SELECT pg_terminate_backend($1)").bind(pid);
        end.execute(&own).await?;
    }
    wait_until("the sessions to end", async || {
        let left = format!("SELECT count(*) {others} AND pid = ANY($1)");
        let left = sqlx::query_scalar::<_, i64>(&left).bind(&ended);
        Ok((left.fetch_one(&own).await? == 0).then_some(()))
    })
    .await?;
    let looks = "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables \
        WHERE relname = 'orders'";
    let looks = sqlx::query_scalar(looks).fetch_one(&own).await?;
    // A session that was in use a moment ago is used without a look at it: the
    // API finds out by itself that it has ended.
    let ended = Instant::now();
    wait_until("the API to go on", async || {
        let figures = views.api.get("/v1/statistics/orders").await?;
        let rested = ended.elapsed() > Duration::from_millis(100);
        Ok((figures.status == 200 && rested).then_some(()))
    })
    .await?;
    Ok(looks)
}

async fn what_the_cache_knows_costs_the_database_nothing(env: &TestEnv) -> anyhow::Result<()> {
    const TIMES: i64 = 200;
    let views = full(env).await?;
    let path = format!("/v1/orders/{ID}");
    let before = looks(env, &views).await?;
    for _ in 0..10 {
        ask(&views, Method::GET, "/v1/orders?limit=1", &[]).await?;
    }
    let counted = looks(env, &views).await? - before;
    ensure!(counted >= 10, "what is not cached is counted: {counted}");

    warm(&views, &path).await?;
    let before = looks(env, &views).await?;
    let began = Instant::now();
    for _ in 0..TIMES {
        let whole = ask(&views, Method::GET, &path, &[]).await?;
        ensure!(whole.status == 200 && !whole.header("age").is_empty());
        let asked = [("If-None-Match", "\"1-0-br\""), ("Accept-Encoding", "br")];
        let known = ask(&views, Method::GET, &path, &asked).await?;
        ensure!(known.status == 304 && known.header("etag") == asked[0].1);
    }
    let took = i64::try_from(began.elapsed().as_secs())?;
    let looks = looks(env, &views).await? - before;
    // What is asked for all the time is read again behind the answers, once in
    // 2.5 s at most.
    ensure!(looks <= 2 + took / 2, "{looks} looks in {took} s");
    Ok(())
}

/// How often one statement of the API's own tasks is heard until all of them are
/// taken to be known.
const OFTEN: usize = 4;

/// Every statement is counted, whatever table it is about; what the tasks of the
/// API ask by themselves, each second, is known before.
async fn what_redis_knows_is_confirmed_without_any_statement(env: &TestEnv) -> anyhow::Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let way = Overheard::to(&env.config.views_url).await?;
    let views = Views::start_told(env, |config| {
        way.url().clone_into(&mut config.views_url);
        config.redis_timeout_ms = PATIENCE;
    })
    .await?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    let figures = "/v1/statistics/orders";
    let version = Version {
        build: 0,
        number: 0,
    };
    announce_version(&redis(&env.config)?, STATISTICS_FAMILY, version).await;
    let own: Vec<String> = wait_until("the statements of tasks", async || {
        let mut heard = way.statements();
        heard.sort();
        let repeated = heard
            .chunk_by(|a, b| a == b)
            .filter(|same| same.len() >= OFTEN);
        Ok((repeated.count() > 0).then_some(heard))
    })
    .await?;
    let is_of_request = |statement: &&String| !own.contains(statement);
    let path = format!("/v1/orders/{ID}");
    let before = way.statements().len();
    ask(&views, Method::GET, &path, &[]).await?;
    ask(&views, Method::GET, figures, &[]).await?;
    let heard = way.statements().split_off(before);
    let some = |table: &str| {
        heard
            .iter()
            .filter(is_of_request)
            .any(|s| s.contains(table))
    };
    ensure!(some("FROM orders") && some("order_statistics"), "{heard:?}");

    // What is asked for all the time is read again behind the answers once it is
    // half as old as it may be: the whole round is younger, or is made again.
    wait_until("a round that is fast enough", async || {
        let order = warm(&views, &path).await?;
        let known = ask(&views, Method::GET, figures, &[]).await?;
        let tags = [
            (&*path, order.header("etag")),
            (figures, known.header("etag")),
        ];
        let (began, before) = (Instant::now(), way.statements().len());
        for _ in 0..50 {
            for (path, tag) in tags {
                let confirmed = ask(&views, Method::GET, path, &[("If-None-Match", tag)]).await?;
                ensure!(confirmed.status == 304, "{path}: {}", confirmed.status);
            }
        }
        let fast = began.elapsed() < Duration::from_secs(1) && order.header("age") == "0";
        let heard = way.statements().split_off(before);
        let heard: Vec<_> = heard.iter().filter(is_of_request).collect();
        ensure!(!fast || heard.is_empty(), "{heard:?}");
        Ok(fast.then_some(()))
    })
    .await
}
