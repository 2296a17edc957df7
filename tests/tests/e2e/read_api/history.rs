//! `GET /v1/orders/{id}/events`.

use super::views::Views;
use anyhow::ensure;
use serde_json::{Value, json};
use tests::TestEnv;
use uuid::Uuid;

super::suite![
    a_history_is_told_page_by_page,
    a_history_is_told_once_until_it_grows,
];

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0002);

async fn with_history(env: &TestEnv, events: i64) -> anyhow::Result<Views> {
    let views = Views::start(env).await?;
    views.add_order(ID, "W-1", "{}").await?;
    let insert = sqlx::query(
        "INSERT INTO order_events (order_id, version, entry) \
         SELECT $1, n, json_build_object('version', n)::text FROM generate_series(1, $2) n",
    );
    views.run(insert.bind(ID).bind(events)).await?;
    Ok(views)
}

fn versions(page: &Value) -> Vec<i64> {
    let entries = page["data"].as_array().into_iter().flatten();
    entries
        .filter_map(|entry| entry["version"].as_i64())
        .collect()
}

async fn a_history_is_told_page_by_page(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_history(env, 11).await?;
    let (mut seen, mut query) = (Vec::new(), "limit=4".to_owned());
    loop {
        let page = views
            .api
            .get(&format!("/v1/orders/{ID}/events?{query}"))
            .await?
            .expect(200)?;
        seen.extend(versions(&page.json));
        let Some(cursor) = page.json["next_cursor"].as_str() else {
            ensure!(page.json["has_more"] == json!(false));
            break;
        };
        query = format!("limit=4&cursor={cursor}");
        ensure!(page.header("link") == format!("</v1/orders/{ID}/events?{query}>; rel=\"next\""));
    }
    ensure!(seen == (1..=11).collect::<Vec<_>>(), "{seen:?}");

    let after = views
        .api
        .get(&format!("/v1/orders/{ID}/events?after=9"))
        .await?;
    ensure!(versions(&after.json) == [10, 11]);
    let path = format!("/v1/orders/{ID}/events?after=9&cursor=x");
    views
        .api
        .get(&path)
        .await?
        .expect_problem(400, "invalid_parameter")?;
    let path = format!("/v1/orders/{ID}/events?after=-1");
    views
        .api
        .get(&path)
        .await?
        .expect_problem(400, "invalid_parameter")?;
    let cursor = query.trim_start_matches("limit=4&cursor=");
    let path = format!("/v1/orders/{}/events?cursor={cursor}", Uuid::nil());
    views
        .api
        .get(&path)
        .await?
        .expect_problem(400, "cursor_mismatch")?;
    Ok(())
}

async fn a_history_is_told_once_until_it_grows(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_history(env, 2).await?;
    let path = format!("/v1/orders/{ID}/events");
    let first = views.api.get(&path).await?.expect(200)?;
    let etag = first.header("etag").to_owned();
    views
        .get_with(&path, "If-None-Match", &etag)
        .await?
        .expect(304)?;
    let insert = sqlx::query("INSERT INTO order_events VALUES ($1, 3, '{\"version\":3}')");
    views.run(insert.bind(ID)).await?;
    let grown = views
        .get_with(&path, "If-None-Match", &etag)
        .await?
        .expect(200)?;
    ensure!(versions(&grown.json) == [1, 2, 3] && grown.header("etag") != etag);
    Ok(())
}
