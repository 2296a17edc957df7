//! `orderlog audit`: who did what, with which key.

use anyhow::{Context as _, ensure};
use infra::postgres::pool;
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Api, TestEnv, answer, on_servers, wait_until};

pub fn trials() -> Vec<Trial> {
    vec![on_servers(
        "audit::the_log_tells_who_did_what_with_which_key",
        who_did_what,
    )]
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn key(env: &TestEnv, name: &str) -> anyhow::Result<(String, String)> {
    let made = env
        .orderlog_ok(&["api-key", "create", "--json", "--name", name])
        .await?;
    let made: Value = serde_json::from_str(&made)?;
    let text = |name: &str| made[name].as_str().context("no such member");
    Ok((text("id")?.to_owned(), text("secret")?.to_owned()))
}

/// What was done, as `what by by_name version` each.
async fn acts(env: &TestEnv, args: &[&str]) -> anyhow::Result<Vec<Value>> {
    let told = env
        .orderlog_ok(&[&["audit", "--json"], args].concat())
        .await?;
    ensure!(!told.contains("Lovelace"), "something personal is told");
    let acts = told.lines().map(serde_json::from_str);
    Ok(acts.collect::<Result<_, _>>()?)
}

fn short(acts: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let acts = acts.iter();
    acts.map(|act| format!("{} by {}", text(&act["what"]), text(&act["by_name"])))
        .collect()
}

/// An operation that was asked for with a key; whoever does something for it says so.
async fn asked_by(env: &TestEnv, key: &str) -> anyhow::Result<String> {
    let ops = pool(&env.config.ops_url, 1)?;
    let made = sqlx::query_scalar(
        "INSERT INTO operations \
             (id, principal, request_hash, dry_run, on_invalid, job_id, input_bytes) \
         VALUES (gen_random_uuid(), $1, '', false, 'skip', gen_random_uuid(), 0) \
         RETURNING id::text",
    );
    Ok(made.bind(key).fetch_one(&ops).await?)
}

async fn who_did_what(env: &TestEnv) -> anyhow::Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let mut role = env.role("command-api").spawn()?;
    role.ready().await?;
    let (shop_id, shop) = key(env, "shop").await?;
    let (desk_id, desk) = key(env, "desk \u{1b}[31m").await?;
    let shop = Api::with_key(role.url(), &shop);
    let desk = Api::with_key(role.url(), &desk);
    let order = json!({
        "platform": "web", "currency": "GBP", "customer": {"name": "Ada Lovelace"},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 100}],
    });
    let placed = shop.post("/v1/orders", &order).await?.expect(201)?;
    let path = placed.header("location").to_owned();
    let id = placed.json["order_id"].as_str().context("an id")?;
    let note = desk.request(Method::POST, &format!("{path}/notes"));
    let note = note.json(&json!({"text": "for Ada Lovelace"}));
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    answer(note.header("traceparent", parent))
        .await?
        .expect(200)?;
    let operation = asked_by(env, &shop_id).await?;
    let for_shop = desk.request(Method::POST, "/v1/orders").json(&order);
    let for_shop = for_shop.header("causation-id", &operation);
    answer(for_shop).await?.expect(201)?;
    answer(desk.request(Method::DELETE, &format!("/v1/api_keys/{shop_id}")))
        .await?
        .expect(200)?;

    // What is told is final: transactions of others hold that up.
    let all = wait_until("everything to be told", async || {
        let all = acts(env, &[]).await?;
        Ok((all.len() == 6).then_some(all))
    })
    .await?;
    let expected = [
        "key.created by -",
        "key.created by -",
        "order.placed by shop",
        "order.note_added by desk \u{1b}[31m",
        "order.placed by desk \u{1b}[31m",
        "key.revoked by desk \u{1b}[31m",
    ];
    ensure!(short(&all) == expected, "{all:#?}");
    let noted = &all[3];
    ensure!(noted["trace_id"] == TRACE && noted["id"] == id, "{noted}");
    ensure!(noted["version"] == 2 && noted["by"] == desk_id.as_str());

    let of_desk = acts(env, &["--key", &desk_id]).await?;
    let expected = [&all[1], &all[3], &all[4], &all[5]];
    ensure!(of_desk.iter().eq(expected), "{of_desk:#?}");
    ensure!(all[4]["on_behalf_of"] == shop_id.as_str(), "{}", all[4]);
    let of_shop = acts(env, &["--key", &shop_id]).await?;
    let expected = [&all[0], &all[2], &all[4], &all[5]];
    ensure!(of_shop.iter().eq(expected), "{of_shop:#?}");
    let of_order = acts(env, &["--order", id]).await?;
    ensure!(of_order.iter().eq([&all[2], &all[3]]), "{of_order:#?}");
    let since = all[4]["at"].as_str().context("a time")?;
    let since = acts(env, &["--since", since]).await?;
    ensure!(since.iter().eq([&all[4], &all[5]]), "{since:#?}");
    ensure!(acts(env, &["--since", "2999-01-01"]).await?.is_empty());

    let text = env.orderlog_ok(&["audit"]).await?;
    ensure!(text.lines().count() == all.len(), "{text}");
    ensure!(!text.contains('\u{1b}'), "a name writes to the terminal");
    ensure!(text.contains(&format!("order {id} v2")) && text.contains(TRACE));
    Ok(())
}
