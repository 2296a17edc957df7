//! A customer's data over HTTP, from the command to its erasure.

use super::scene::Scene;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tests::{Api, Role, TestEnv, answer};
use uuid::Uuid;

const NAME: &str = "Ada Lovelace-Byron";
const EMAIL: &str = "ada.byron@example.com";
const STREET: &str = "12 St James's Square";
const NOTE: &str = "rang twice at the green door";

fn order() -> Value {
    json!({
        "platform": "web", "currency": "GBP",
        "customer": {"id": "c-1", "name": NAME, "email": EMAIL},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 3, "unit_price": 250}],
        "shipping_address": {"name": NAME, "line1": STREET, "country": "GB"},
    })
}

/// Readable in answers, sealed in the log and on Kafka; without its key it
/// reads `[erased]` everywhere, and nothing else has changed.
pub async fn a_customer_is_readable_until_erased(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let mut roles: Vec<Role> = Vec::new();
    for name in ["command-api", "read-api", "relay", "projector"] {
        roles.push(env.role(name).spawn()?);
    }
    for role in &mut roles {
        role.ready().await?;
    }
    let commands = Api::new(env, &roles[0]).await?;
    let queries = commands.at(&roles[1]);
    let placed = commands.post("/v1/orders", &order()).await?.expect(201)?;
    ensure!(placed.json["customer"]["name"] == NAME, "{}", placed.json);
    let path = placed.header("location").to_owned();
    let note = json!({"text": NOTE});
    let noted = commands
        .post(&format!("{path}/notes"), &note)
        .await?
        .expect(200)?;
    let read = at_version(&queries, &path, 2).await?;
    ensure!(
        read["customer"]["email"] == EMAIL && read["notes"][0]["text"] == NOTE,
        "{read}"
    );

    ensure!(searched(&queries).await? == 1);

    let scene = Scene::new(&env.config).await?;
    let (stored, published) = (scene.all_stored().await?, scene.all_published().await?);
    for clear in [NAME, EMAIL, STREET, NOTE] {
        ensure!(!stored.contains(clear), "{clear} is in the log");
        ensure!(!published.contains(clear), "{clear} is on Kafka");
    }

    let id = noted.json["order_id"].as_str().context("no id")?;
    let subjects: Vec<Uuid> = sqlx::query_scalar("SELECT subject FROM subject_keys")
        .fetch_all(&scene.ops)
        .await?;
    ensure!(subjects.len() == 1, "{subjects:?} for the order {id}");
    scene.erase(subjects[0]).await?;
    // Processes that had the key begin anew.
    for role in roles.drain(..) {
        role.kill9().await?;
    }
    env.orderlog_ok(&["rebuild", "orders"]).await?;
    let mut again: Vec<Role> = Vec::new();
    for name in ["command-api", "read-api", "relay", "projector"] {
        again.push(env.role(name).spawn()?);
    }
    for role in &mut again {
        role.ready().await?;
    }
    let (commands, queries) = (commands.at(&again[0]), queries.at(&again[1]));
    let read = at_version(&queries, &path, 2).await?;
    ensure!(read["customer"]["name"] == "[erased]", "{read}");
    ensure!(read["notes"][0]["text"] == "[erased]", "{read}");
    ensure!(read["totals"] == placed.json["totals"], "{read}");
    ensure!(searched(&queries).await? == 0);
    let words: Vec<String> = sqlx::query_scalar(
        "SELECT word FROM order_words UNION SELECT unnest(tsvector_to_array(words)) FROM order_search",
    )
    .fetch_all(&scene.views)
    .await?;
    for clear in ["ada", "lovelace", "byron", "james", "square", "erased"] {
        ensure!(
            !words.iter().any(|word| word == clear),
            "{clear}: {words:?}"
        );
    }
    ensure!(words.iter().any(|word| word == "lamp"), "{words:?}");
    let cancelled = commands
        .post(
            &format!("{path}/cancel"),
            &json!({"reason": "ordered twice"}),
        )
        .await?
        .expect(200)?;
    ensure!(
        cancelled.json["customer"]["name"] == "[erased]",
        "{}",
        cancelled.json
    );
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}

/// How many orders are found by the customer.
async fn searched(queries: &Api) -> Result<usize> {
    let page = queries
        .get("/v1/orders?q=lovelace+byron")
        .await?
        .expect(200)?;
    Ok(page.json["data"].as_array().map_or(0, Vec::len))
}

async fn at_version(queries: &Api, path: &str, version: i64) -> Result<Value> {
    let path = format!("{path}?min_version={version}");
    let request = queries.request(reqwest::Method::GET, &path);
    let request = request.header("Prefer", "wait=20, handling=strict");
    Ok(answer(request).await?.expect(200)?.json)
}
