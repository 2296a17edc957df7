//! Callers who ask too often.

use anyhow::{Result, ensure};
use reqwest::Method;
use tests::{Answer, Api, TestEnv, answer};

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
