//! What exports are refused, and what of them is told without one.

use super::super::{live::apis, views::Views};
use anyhow::{Result, ensure};
use reqwest::Method;
use tests::{Api, TestEnv, answer};

super::super::suite![
    what_is_not_understood_is_refused_by_name,
    a_head_is_answered_without_an_export,
];

const ALL: [&str; 9] = [
    "/v1/orders.ndjson",
    "/v1/orders.csv",
    "/v1/orders.parquet",
    "/v1/lines.ndjson",
    "/v1/lines.csv",
    "/v1/lines.parquet",
    "/v1/events.ndjson",
    "/v1/events.csv",
    "/v1/events.parquet",
];

async fn what_is_not_understood_is_refused_by_name(env: &TestEnv) -> Result<()> {
    let (_, queries, _roles) = apis(env).await?;
    for path in ALL {
        let unknown = queries.get(&format!("{path}?colour=red")).await?;
        let unknown = unknown.expect_problem(400, "unknown_parameter")?;
        let allowed = unknown.json["allowed"].as_array().map_or(0, Vec::len);
        ensure!(allowed >= 7, "{}", unknown.json);
        let paged = queries.get(&format!("{path}?limit=10")).await?;
        paged.expect_problem(400, "unknown_parameter")?;
        let stranger = Api::with_key(queries.url(), "ol_nobody");
        let stranger = stranger.get(path).await?;
        stranger.expect_problem(401, "unauthorized")?;
        let command = queries.post(path, &serde_json::json!({})).await?;
        command.expect_problem(405, "method_not_allowed")?;
    }
    for (path, parameter) in [
        ("/v1/orders.csv?status=open", "status"),
        ("/v1/lines.csv?total_min=2&total_max=1", "total_max"),
        ("/v1/orders.ndjson?fields=id,colour", "fields"),
        ("/v1/orders.ndjson?q=%25", "q"),
        ("/v1/orders.ndjson?min_position=17", "min_position"),
        ("/v1/events.csv?type=order.palced", "type"),
        ("/v1/events.csv?order=1", "order"),
        ("/v1/events.csv?after=17", "after"),
        ("/v1/events.csv?until=beginning.", "until"),
        (
            "/v1/events.ndjson?recorded_from=2026-02-01&recorded_to=2026-01-01",
            "recorded_to",
        ),
    ] {
        let refused = queries.get(path).await?;
        let refused = refused.expect_problem(400, "invalid_parameter")?;
        ensure!(
            refused.json["errors"][0]["parameter"] == parameter,
            "{}",
            refused.json
        );
    }
    let rows = queries.get("/v1/orders.csv?fields=id").await?;
    rows.expect_problem(400, "unknown_parameter")?;
    let foreign = super::super::views::token(uuid::Uuid::nil(), 1 << 40);
    let foreign = queries
        .get(&format!("/v1/events.ndjson?after={foreign}"))
        .await?;
    foreign.expect_problem(410, "position_lost")?;
    Ok(())
}

async fn a_head_is_answered_without_an_export(env: &TestEnv) -> Result<()> {
    let views = Views::start_told(env, |config| config.exports_at_once = 0).await?;
    for path in ALL {
        let head = answer(views.api.request(Method::HEAD, path)).await?;
        let head = head.expect(200)?;
        ensure!(head.header("cache-control") == "no-store");
        ensure!(head.header("content-disposition").starts_with("attachment"));
        ensure!(!head.header("content-type").is_empty());
        // How long it would be is not known.
        ensure!(head.header("content-length").is_empty());
        let refused = views.api.get(path).await?;
        let refused = refused.expect_problem(503, "too_many_exports")?;
        ensure!(refused.header("retry-after") == "5");
    }
    Ok(())
}
