//! Events of an older format, as an earlier release stored them.

use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{PgPool, Row as _};
use tests::{Api, Role, TestEnv, answer, on_servers, wait_until};

pub fn trials() -> Vec<Trial> {
    vec![
        on_servers(
            "old_events::every_reader_takes_an_old_format_for_todays",
            every_reader_takes_it,
        ),
        on_servers(
            "old_events::an_event_of_a_later_release_is_refused_and_named",
            a_later_release,
        ),
    ]
}

/// The first version of `FulfillmentShipped` had no member `tracking`.
const SHIPPED: &str =
    r#"{"FulfillmentShipped":{"fulfillment_id":"f1","carrier":"DHL","tracking_number":"JD1"}}"#;

async fn every_reader_takes_it(env: &TestEnv) -> anyhow::Result<()> {
    let mut roles = started(env, &["command-api", "read-api"]).await?;
    let commands = Api::new(env, &roles[0]).await?;
    let queries = commands.at(&roles[1]);
    let (id, path) = packed(&commands).await?;
    let log = infra::postgres::pool(&env.config.events_url, 1)?;
    store(&log, &id, "1", SHIPPED).await?;

    // A command decides on it, and answers with it.
    let delivered = commands
        .post(&format!("{path}/fulfillments/f1/deliver"), &json!({}))
        .await?
        .expect(200)?;
    let parcel = &delivered.json["fulfillments"][0];
    ensure!(parcel["status"] == "delivered", "{parcel}");
    ensure!(parcel["tracking"]["carrier"] == "DHL", "{parcel}");
    ensure!(delivered.json["lines"][0]["shipped_quantity"] == 2);

    // Relay, projection and history tell it in today's format.
    for name in ["relay", "projector"] {
        let mut role = env.role(name).spawn()?;
        role.ready().await?;
        roles.push(role);
    }
    let version = delivered.json["version"].as_i64().context("no version")?;
    let read = wait_until("the order to be read", async || {
        let read = queries
            .get(&format!("{path}?min_version={version}"))
            .await?;
        Ok((read.json["version"] == version).then_some(read.json))
    })
    .await?;
    for member in ["fulfillments", "lines", "totals"] {
        ensure!(read[member] == delivered.json[member], "{member}: {read}");
    }
    let history = queries.get(&format!("{path}/events")).await?.expect(200)?;
    let shipped = &history.json["data"][2];
    ensure!(shipped["type"] == "order.fulfillment_shipped", "{shipped}");
    ensure!(
        shipped["data"]["tracking"]["tracking_number"] == "JD1",
        "{shipped}"
    );
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}

/// A rolled-back deployment: the log has what this release cannot know.
async fn a_later_release(env: &TestEnv) -> anyhow::Result<()> {
    let mut roles = started(env, &["command-api"]).await?;
    let commands = Api::new(env, &roles[0]).await?;
    let (id, path) = packed(&commands).await?;
    let log = infra::postgres::pool(&env.config.events_url, 1)?;
    store(&log, &id, "99", SHIPPED).await?;
    let note = json!({"text": "hello"});
    commands
        .post(&format!("{path}/notes"), &note)
        .await?
        .expect_problem(503, "newer_release")?;
    let line = roles[0]
        .log_line("FulfillmentShipped has version 99")
        .await?;
    ensure!(line.contains("this release reads up to 2"), "{line}");

    // Reference data is no other affair, nor is an order of a platform that is.
    let (product, platform) = ("/v1/products/CHAIR", "/v1/platforms/web");
    let save = async |path: &str, body: Value| {
        let request = commands.request(Method::PUT, path).json(&body);
        answer(request).await
    };
    save(product, json!({"title": "Chair"}))
        .await?
        .expect(201)?;
    save(platform, json!({})).await?.expect(201)?;
    store_of_later_release(&log, &["platform", "product"]).await?;
    save(product, json!({"title": "Stool"}))
        .await?
        .expect_problem(503, "newer_release")?;
    wait_until("the platform to be read again", async || {
        let placed = commands.post("/v1/orders", &order()).await?;
        Ok((placed.json["code"] == "newer_release").then_some(()))
    })
    .await
}

/// To each aggregate of these kinds, of which each event says all, one more event
/// in a format of some later release.
async fn store_of_later_release(log: &PgPool, kinds: &[&str]) -> anyhow::Result<()> {
    let stored = sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload, metadata) \
         SELECT DISTINCT ON (aggregate_type, aggregate_id) \
             aggregate_type, aggregate_id, sequence + 1, event_type, '99', payload, \
             json_build_object('actor', 'key_1', \
                 'after', json_build_object('version', sequence + 1)::text) \
           FROM events WHERE aggregate_type = ANY ($1) \
          ORDER BY aggregate_type, aggregate_id, sequence DESC",
    )
    .bind(kinds)
    .execute(log)
    .await?;
    let stored = usize::try_from(stored.rows_affected())?;
    ensure!(stored == kinds.len(), "{stored} events");
    Ok(())
}

async fn started(env: &TestEnv, names: &[&str]) -> anyhow::Result<Vec<Role>> {
    env.orderlog_ok(&["migrate"]).await?;
    let mut roles = Vec::new();
    for name in names {
        let mut role = env.role(name).spawn()?;
        role.ready().await?;
        roles.push(role);
    }
    Ok(roles)
}

/// An order with an open fulfilment: its id and its path.
async fn packed(commands: &Api) -> anyhow::Result<(String, String)> {
    let placed = commands.post("/v1/orders", &order()).await?.expect(201)?;
    let id = placed.json["order_id"]
        .as_str()
        .context("no id")?
        .to_owned();
    let path = format!("/v1/orders/{id}");
    let lines = json!({"lines": [{"line": "l1", "quantity": 2}]});
    commands
        .post(&format!("{path}/fulfillments"), &lines)
        .await?
        .expect(200)?;
    Ok((id, path))
}

fn order() -> Value {
    json!({
        "platform": "web", "currency": "GBP",
        "lines": [{"sku": "LAMP", "name": "Lamp", "quantity": 2, "unit_price": 5000}],
    })
}

/// Appends an event as the release that wrote it would have. Shipping changes
/// none of the axes, so only the version in `after` is another one.
async fn store(log: &PgPool, id: &str, version: &str, payload: &str) -> anyhow::Result<()> {
    let last = sqlx::query(
        "SELECT sequence, metadata::text FROM events WHERE aggregate_id = $1 \
          ORDER BY sequence DESC LIMIT 1",
    )
    .bind(id)
    .fetch_one(log)
    .await?;
    let sequence = last.try_get::<i64, _>("sequence")? + 1;
    let metadata: Value = serde_json::from_str(last.try_get("metadata")?)?;
    let after = metadata["after"].as_str().context("no state")?;
    let mut after: Value = serde_json::from_str(after)?;
    after["version"] = json!(sequence);
    let metadata = json!({"actor": "key_1", "after": after.to_string()});
    sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload, metadata) VALUES ('order', $1, $2, 'FulfillmentShipped', $3, $4::json, $5::json)",
    )
    .bind(id)
    .bind(sequence)
    .bind(version)
    .bind(payload)
    .bind(metadata.to_string())
    .execute(log)
    .await?;
    Ok(())
}
