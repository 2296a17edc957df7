//! What every route has in common: keys, traces, methods, health.

use super::views::Views;
use anyhow::{Context as _, ensure};
use reqwest::{Method, StatusCode};
use rustix::process::Signal;
use serde_json::Value;
use std::time::Duration;
use tests::{Api, TestEnv, answer, wait_until, wait_until_within};
use uuid::Uuid;

super::suite![
    nothing_is_told_without_a_key,
    a_revoked_key_is_refused_within_a_second,
    without_a_database_it_is_503_and_not_401_or_500,
    a_trace_is_continued_and_every_problem_explained,
    what_is_not_there_is_404_and_what_is_there_says_how,
    health_and_metrics_are_open,
    a_role_that_is_to_end_says_so_and_serves_on,
    every_read_tells_the_lag,
];

const ROUTES: [&str; 11] = [
    "/v1/orders",
    "/v1/orders/01990000-0000-7000-8000-000000000000",
    "/v1/orders/01990000-0000-7000-8000-000000000000/events",
    "/v1/orders/by_external_id/web/W-1",
    "/v1/statistics/orders",
    "/v1/statistics/products",
    "/v1/statistics/customers",
    "/v1/statistics/customers/cohorts",
    "/v1/statistics/funnel",
    "/v1/admin/cache",
    "/v1/admin/projections",
];

async fn nothing_is_told_without_a_key(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let http = reqwest::Client::new();
    let wrong = format!("{}x", &views.api.key()[..54]);
    for path in ROUTES {
        let url = format!("{}{path}", views.role.url());
        for header in [
            None,
            Some("Bearer nonsense".to_owned()),
            Some(format!("Bearer {wrong}")),
        ] {
            let mut request = http.get(&url);
            if let Some(header) = header {
                request = request.header("Authorization", header);
            }
            let refused = answer(request).await?.expect_problem(401, "unauthorized")?;
            ensure!(refused.header("www-authenticate").starts_with("Bearer"));
        }
    }
    Ok(())
}

async fn a_revoked_key_is_refused_within_a_second(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.api.get("/v1/orders").await?.expect(200)?;
    let ops = infra::postgres::pool(&env.config.ops_url, 1)?;
    let keys = infra::api_keys::list(&ops).await?;
    let key = keys.first().context("a key")?;
    ensure!(views.api.key().starts_with(&format!("ol_{}_", key.prefix)));
    ensure!(infra::api_keys::revoke(&ops, &key.id, None).await?);
    ensure!(
        !infra::api_keys::revoke(&ops, &key.id, None).await?,
        "twice"
    );
    wait_until_within(
        Duration::from_secs(2),
        "the key to be refused",
        async || {
            let refused = views.api.get("/v1/orders").await?.status == StatusCode::UNAUTHORIZED;
            Ok(refused.then_some(()))
        },
    )
    .await
}

async fn without_a_database_it_is_503_and_not_401_or_500(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut role = env
        .role("read-api")
        .config(|config| config.ops_url = format!("postgres://orderlog@{nowhere}/ops"))
        .spawn()?;
    role.log_line("http.listening").await?;
    let refused = views.api.at(&role).get("/v1/orders").await?;
    let refused = refused.expect_problem(503, "unavailable")?;
    ensure!(!refused.header("retry-after").is_empty());
    let ready = reqwest::get(format!("{}/readyz", role.url())).await?;
    ensure!(ready.status() == 503);
    let live = reqwest::get(format!("{}/livez", role.url())).await?;
    ensure!(live.status() == 200);

    let mut role = env
        .role("read-api")
        .config(|config| config.views_url = format!("postgres://orderlog@{nowhere}/views"))
        .spawn()?;
    role.log_line("http.listening").await?;
    let refused = views.api.at(&role).get("/v1/orders").await?;
    refused.expect_problem(503, "unavailable")?;
    Ok(())
}

async fn a_trace_is_continued_and_every_problem_explained(env: &TestEnv) -> anyhow::Result<()> {
    let mut views = Views::start(env).await?;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let refused = views
        .get_with("/v1/orders?x=1", "traceparent", &parent)
        .await?;
    let refused = refused.expect_problem(400, "unknown_parameter")?;
    ensure!(refused.json["trace_id"] == trace);
    ensure!(
        refused
            .header("traceresponse")
            .starts_with(&format!("00-{trace}-"))
    );
    let line = views.role.log_line(trace).await?;
    for part in ["http.request", "/v1/orders", "400", "key_"] {
        ensure!(line.contains(part), "{part}: {line}");
    }
    for problem in [
        "order_not_found",
        "invalid_cursor",
        "unauthorized",
        "unknown_parameter",
    ] {
        let url = format!("{}/problems/{problem}", views.role.url());
        let page = reqwest::get(url).await?;
        ensure!(page.status() == 200, "{problem}");
        let page: Value = serde_json::from_str(&page.text().await?)?;
        ensure!(page["code"] == problem);
    }
    Ok(())
}

async fn what_is_not_there_is_404_and_what_is_there_says_how(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    for path in ["/v1/nothing", "/v1/orders/", "/V1/orders"] {
        views
            .api
            .get(path)
            .await?
            .expect_problem(404, "route_not_found")?;
    }
    for path in ROUTES {
        let refused = answer(views.api.request(Method::DELETE, path)).await?;
        let refused = refused.expect_problem(405, "method_not_allowed")?;
        ensure!(
            refused.header("allow").starts_with("GET, HEAD"),
            "{path}: {}",
            refused.header("allow")
        );
    }
    Ok(())
}

async fn health_and_metrics_are_open(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.api.get("/v1/orders/17").await?;
    let get = async |path: &str| -> anyhow::Result<String> {
        let answer = reqwest::get(format!("{}{path}", views.role.url())).await?;
        ensure!(answer.status() == 200, "{path}");
        Ok(answer.text().await?)
    };
    for path in ["/livez", "/startupz"] {
        ensure!(get(path).await?.contains("ok"), "{path}");
    }
    let ready: Value = serde_json::from_str(&get("/readyz").await?)?;
    ensure!(
        ready["checks"]["views"] == "ok" && ready["checks"]["ops"] == "ok",
        "{ready}"
    );
    let metrics = get("/metrics").await?;
    let series =
        "orderlog_http_requests_total{method=\"GET\",route=\"/v1/orders/{id}\",status=\"404\"} 1";
    ensure!(metrics.contains(series), "{metrics}");
    ensure!(metrics.contains("orderlog_http_request_duration_seconds_bucket"));
    for series in [
        "orderlog_ready 1",
        "orderlog_build_info{version=\"",
        "orderlog_db_pool_connections{database=\"views\",state=\"idle\"} ",
        "orderlog_db_pool_connections{database=\"ops\",state=\"used\"} ",
    ] {
        let mut lines = metrics.lines();
        ensure!(lines.any(|line| line.starts_with(series)), "{series}");
    }
    Ok(())
}

/// Whoever routes to it has so long to see it; each answer is the last one of its
/// connection. Who does not want to wait tells it twice.
async fn a_role_that_is_to_end_says_so_and_serves_on(env: &TestEnv) -> anyhow::Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let role = env.role("read-api");
    let mut role = role.config(|config| config.drain_seconds = 600).spawn()?;
    role.ready().await?;
    let api = Api::new(env, &role).await?;
    role.signal(Signal::TERM)?;
    let ready = wait_until("it to say that it ends", async || {
        let ready = api.get("/readyz").await?;
        Ok((ready.status == 503).then_some(ready))
    })
    .await?;
    ensure!(ready.json["status"] == "draining", "{}", ready.json);
    for path in ["/livez", "/startupz", "/v1/orders"] {
        let served = api.get(path).await?.expect(200)?;
        ensure!(served.header("connection") == "close", "{path}: {served:?}");
    }
    role.signal(Signal::TERM)?;
    let ended = role.ended().await?;
    ensure!(ended.code() == Some(1), "{ended}");
    Ok(())
}

/// Whatever is read of the views comes with how far behind the log they are.
async fn every_read_tells_the_lag(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let id = Uuid::from_u128(7);
    views.add_order(id, "W-1", "{\"lines\":[]}").await?;
    let known =
        ROUTES.map(|path| path.replace("01990000-0000-7000-8000-000000000000", &id.to_string()));
    let reads = known.iter().filter(|path| !path.contains("/admin/"));
    let mut asked: Vec<_> = reads
        .map(|path| views.api.request(Method::GET, path))
        .collect();
    for more in ["", "&count=exact&facets=status", "&expand=lines"] {
        let path = format!("/v1/orders?q=lamp&limit=1{more}");
        asked.push(views.api.request(Method::GET, &path));
    }
    let expanded = format!("/v1/orders/{id}?expand=lines");
    asked.push(views.api.request(Method::GET, &expanded));
    let lookup = views.api.request(Method::POST, "/v1/orders/lookup");
    asked.push(lookup.json(&serde_json::json!({"ids": [id]})));
    for request in asked {
        let path = request
            .try_clone()
            .context("a body that is there")?
            .build()?;
        let path = path.url().path().to_owned();
        let read = answer(request).await?;
        let read = read.expect(200).with_context(|| path.clone())?;
        let lag = read.header("orderlog-lag");
        let told = lag.starts_with("events=") || lag == "unknown";
        ensure!(told, "{path} tells {lag:?}");
    }
    Ok(())
}
