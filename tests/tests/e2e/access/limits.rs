//! Callers who ask too often.

use super::{bound, client};
use crate::people::town::{MARL, order};
use anyhow::{Context as _, Result, ensure};
use infra::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Api, TestEnv, answer, wait_until};

/// Twice as many at once as per second; then `Retry-After`, and what is left stands on
/// every answer. Another key has its own, and nobody asks for one to see whether all is
/// well.
pub async fn a_key_that_asks_too_often_is_told_to_come_back(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let queries = env
        .role("read-api")
        .config(|config| config.rate_limit_key = 1);
    let mut queries = queries.spawn()?;
    queries.ready().await?;
    let (one, other) = (
        Api::new(env, &queries).await?,
        Api::new(env, &queries).await?,
    );
    let first = one.get("/v1/orders").await?.expect(200)?;
    ensure!(
        first.header("ratelimit-policy") == "\"key\";q=1;w=1",
        "{first:?}"
    );
    ensure!(first.header("ratelimit") == "\"key\";r=1;t=1", "{first:?}");
    let mut answers: Vec<Answer> = Vec::new();
    // A slow machine may earn some meanwhile.
    for _ in 0..50 {
        let told = one.get("/v1/orders").await?;
        let is_last = told.status == 429;
        answers.push(told);
        if is_last {
            break;
        }
    }
    let last = answers.pop().unwrap_or(first);
    let last = last.expect_problem(429, "rate_limited")?;
    ensure!(last.header("retry-after") == "1", "{last:?}");
    ensure!(
        last.header("ratelimit").starts_with("\"key\";r=0"),
        "{last:?}"
    );
    other.get("/v1/orders").await?.expect(200)?;
    for _ in 0..5 {
        one.get("/readyz").await?.expect(200)?;
    }
    Ok(())
}

pub async fn an_address_is_that_of_whom_a_trusted_proxy_speaks_for(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let queries = env.role("read-api").config(|config| {
        config.rate_limit_address = 1;
        config.trusted_proxies = ["127.0.0.0/8".to_owned()].into_iter().collect();
    });
    let mut queries = queries.spawn()?;
    queries.ready().await?;
    let nobody = Api::with_key(queries.url(), "ol_none");
    let ask = async |address: &str| -> Result<Answer> {
        let request = nobody.request(Method::GET, "/v1/orders");
        answer(request.header("x-forwarded-for", address)).await
    };
    let mut refused = false;
    for _ in 0..50 {
        let told = ask("198.51.100.7, 203.0.113.9").await?;
        refused |= told.status == 429;
        if refused {
            told.expect_problem(429, "rate_limited")?;
            break;
        }
        told.expect_problem(401, "unauthorized")?;
    }
    ensure!(refused, "it may ask for ever");
    ask("203.0.113.10").await?.expect(401)?;
    Ok(())
}

/// All keys of a platform share what it allows, at each of the APIs; keys of another one
/// and of all of them have nothing to do with it. What is changed holds soon.
pub async fn a_platform_limits_the_keys_that_are_for_it_alone(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let of_platforms_only = |config: &mut Config| config.rate_limit_key = 0;
    let commands = env.role("command-api").config(of_platforms_only);
    let queries = env.role("read-api").config(of_platforms_only);
    let (mut commands, mut queries) = (commands.spawn()?, queries.spawn()?);
    commands.ready().await?;
    queries.ready().await?;
    let everything = Api::new(env, &commands).await?;
    let limit = async |platform: &str, requests: Option<u32>| -> Result<()> {
        let limit = requests.map(|requests| json!({"requests": requests, "window_seconds": 60}));
        let body = json!({"client_prices": "accepted", "rate_limit": limit});
        let path = format!("/v1/platforms/{platform}");
        let saved = everything.request(Method::PUT, &path).json(&body);
        let saved = answer(saved).await?;
        ensure!(saved.status.is_success(), "{saved:?}");
        Ok(())
    };
    // So far there is none.
    let one = client(env, commands.url(), &bound("web")).await?;
    let another = client(env, commands.url(), &bound("web")).await?;
    let others = client(env, commands.url(), &bound("other")).await?;
    limit("other", None).await?;
    for _ in 0..3 {
        let seen = one.at(&queries).get("/v1/orders").await?.expect(200)?;
        ensure!(seen.header("ratelimit-policy").is_empty(), "{seen:?}");
    }

    limit("web", Some(1)).await?;
    let placed = one.post("/v1/orders", &of("web")).await?.expect(201)?;
    says_that_nothing_is_left(&placed)?;
    let seen = wait_until("the limit to be known", async || {
        let seen = one.at(&queries).get("/v1/orders").await?.expect(200)?;
        Ok((!seen.header("ratelimit").is_empty()).then_some(seen))
    })
    .await?;
    says_that_nothing_is_left(&seen)?;
    for key in [&one, &another] {
        let placed = key.post("/v1/orders", &of("web")).await?;
        refuses(placed)?;
        refuses(key.at(&queries).get("/v1/orders").await?)?;
    }
    for _ in 0..2 {
        for key in [&others, &everything] {
            let seen = key.at(&queries).get("/v1/orders").await?.expect(200)?;
            ensure!(seen.header("ratelimit").is_empty(), "{seen:?}");
        }
        others.post("/v1/orders", &of("other")).await?.expect(201)?;
        everything
            .post("/v1/orders", &of("web"))
            .await?
            .expect(201)?;
    }

    limit("web", Some(1_000)).await?;
    wait_until("another limit for commands", async || {
        let placed = another.post("/v1/orders", &of("web")).await?;
        Ok((placed.status == 201).then_some(()))
    })
    .await?;
    wait_until("another limit for queries", async || {
        let seen = another.at(&queries).get("/v1/orders").await?;
        Ok((seen.status == 200).then_some(()))
    })
    .await?;
    limit("web", None).await?;
    wait_until("no limit", async || {
        let seen = one.at(&queries).get("/v1/orders").await?.expect(200)?;
        Ok(seen.header("ratelimit").is_empty().then_some(()))
    })
    .await
}

/// An order of a platform.
fn of(platform: &str) -> Value {
    let mut order = order(&MARL, Some("c-1"));
    order["platform"] = platform.into();
    order
}

/// Of a limit of one request a minute.
fn says_that_nothing_is_left(answer: &Answer) -> Result<()> {
    let policy = answer.header("ratelimit-policy");
    ensure!(policy == "\"platform\";q=1;w=60", "{answer:?}");
    let limit = answer.header("ratelimit");
    ensure!(limit == "\"platform\";r=0;t=60", "{answer:?}");
    Ok(())
}

/// Nothing is left, for a minute at most.
fn refuses(told: Answer) -> Result<()> {
    let told = told.expect_problem(429, "rate_limited")?;
    says_that_nothing_is_left(&told)?;
    let wait: u64 = told.header("retry-after").parse().context("no time")?;
    ensure!((1..=60).contains(&wait), "{told:?}");
    Ok(())
}
