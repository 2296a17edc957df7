//! What receivers are told, and by whom.

use super::{
    receiver::{OK, Receiver},
    scene::Shop,
};
use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::{TestEnv, answer};
use tokio::io::AsyncBufReadExt as _;

pub async fn an_event_is_told_once_signed_and_without_personal_data(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let receiver = Receiver::start(|_| OK).await?;
    let made = shop.endpoint(&receiver, json!({})).await?;
    let order = shop.scene.place("web").await?;
    shop.scene
        .command(order, "notes", json!({"text": "a secret of theirs"}))
        .await?;
    let mut requests = receiver.until(2).await?;
    // Of an endpoint that is not ordered they come as they come.
    requests.sort_by_key(|one| one.json["data"]["order_version"].as_u64());
    let [placed, noted] = &*requests else {
        anyhow::bail!("{requests:?}");
    };
    let told = &placed.json;
    ensure!(
        told["type"] == "order.placed" && told["timestamp"].is_string(),
        "{told}"
    );
    ensure!(told["data"]["order_id"] == order.to_string(), "{told}");
    ensure!(
        told["data"]["order_version"] == 1 && told["data"]["platform"] == "web",
        "{told}"
    );
    ensure!(told["data"]["after"]["totals"]["total"] == 1_000, "{told}");
    ensure!(noted.json["type"] == "order.note_added", "{}", noted.json);
    for one in &requests {
        ensure!(one.is_signed_by(&made.secret)?, "{one:?}");
        ensure!(one.header("content-type") == "application/json");
        ensure!(one.id().starts_with("msg_") && !one.header("traceparent").is_empty());
        ensure!(
            !one.body.contains("a secret") && !one.body.contains("personal"),
            "{}",
            one.body
        );
    }
    let delivered = shop.until_deliveries(made.id, "delivered", 2).await?;
    let first = delivered.iter().find(|one| one["order_version"] == 1);
    let id = first
        .and_then(|one| one["id"].as_str())
        .context("no delivery")?;
    let path = format!("/v1/webhooks/deliveries/{id}");
    let shown = shop.read(&path).await?;
    ensure!(
        shown["message_id"] == placed.id() && shown["body"] == placed.json,
        "{shown}"
    );
    ensure!(shown["requests"][0]["status"] == 200 && shown["requests"][0]["answer"] == "ok");
    ensure!(receiver.received().len() == 2, "it was told twice");
    Ok(())
}

pub async fn each_endpoint_is_told_what_it_wants(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let [all, placed, other] = [
        Receiver::start(|_| OK).await?,
        Receiver::start(|_| OK).await?,
        Receiver::start(|_| OK).await?,
    ];
    shop.endpoint(&all, json!({"event_types": ["order.*"]}))
        .await?;
    shop.endpoint(
        &placed,
        json!({"event_types": ["order.placed"], "platform": "web"}),
    )
    .await?;
    shop.endpoint(&other, json!({"platform": "other"})).await?;
    let order = shop.scene.place("web").await?;
    shop.scene.cancel(order).await?;
    let last = shop.scene.place("other").await?;
    let types = |received: &[super::receiver::Received]| {
        let types = received.iter().map(|one| one.json["type"].clone());
        types.collect::<Vec<Value>>()
    };
    all.until(3).await?;
    let told = other.until(1).await?;
    ensure!(told[0].json["data"]["order_id"] == last.to_string());
    ensure!(types(&placed.until(1).await?) == ["order.placed"]);
    // What is told to all three was written together.
    ensure!(all.received().len() == 3 && other.received().len() == 1);
    ensure!(placed.received().len() == 1);
    let ids: BTreeSet<String> = all
        .received()
        .iter()
        .map(|one| one.id().to_owned())
        .collect();
    ensure!(ids.contains(told[0].id()), "a message has one id for all");
    Ok(())
}

pub async fn what_was_imported_is_told_where_it_is_asked_for(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let [usual, history] = [
        Receiver::start(|_| OK).await?,
        Receiver::start(|_| OK).await?,
    ];
    shop.endpoint(&usual, json!({})).await?;
    shop.endpoint(&history, json!({"imported": true})).await?;
    let import = json!({
        "platform": "web", "external_id": "A1", "currency": "EUR", "kind": "order",
        "placed_at": "2024-01-01T00:00:00Z",
        "lines": [{"sku": "A", "name": "Thing", "quantity": 1, "unit_price": 1_000}],
        "payments": [{"amount": 1_000, "provider": "bank", "reference": "x"}],
    });
    let imported = shop
        .scene
        .api
        .post("/v1/orders/import", &import)
        .await?
        .expect(201)?;
    let order = imported.json["order_id"]
        .as_str()
        .context("no order")?
        .parse()?;
    shop.scene
        .command(order, "notes", json!({"text": "x"}))
        .await?;
    let told = usual.until(1).await?;
    ensure!(
        told[0].json["type"] == "order.note_added",
        "{}",
        told[0].json
    );
    let version = told[0].json["data"]["order_version"]
        .as_u64()
        .context("no version")?;
    let told = history.until(usize::try_from(version)?).await?;
    ensure!(told.iter().any(|one| one.json["type"] == "order.imported"));
    ensure!(usual.received().len() == 1);
    Ok(())
}

pub async fn a_repeated_request_makes_one_endpoint(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let receiver = Receiver::start(|_| OK).await?;
    let (path, body) = (
        "/v1/webhooks/endpoints",
        json!({"url": receiver.url, "event_types": ["*"]}),
    );
    let api = &shop.scene.api;
    let first = api.post_once(path, "k", &body).await?.expect(201)?;
    let again = api.post_once(path, "k", &body).await?.expect(201)?;
    ensure!(first.json == again.json && again.header("idempotent-replayed") == "true");
    let other = json!({"url": receiver.url, "event_types": ["order.placed"]});
    let other = api.post_once(path, "k", &other).await?;
    other.expect_problem(422, "idempotency_key_reused")?;
    let listed = shop.read(path).await?;
    ensure!(
        listed["data"].as_array().is_some_and(|all| all.len() == 1),
        "{listed}"
    );
    ensure!(listed["data"][0]["secret"].is_null(), "{listed}");
    for wrong in [
        json!({"url": "http://169.254.169.254/", "event_types": ["*"]}),
        json!({"url": "ftp://x.example/", "event_types": ["*"]}),
        json!({"url": receiver.url, "event_types": ["order.plaeced"]}),
        json!({"url": receiver.url, "event_types": ["*"], "concurrency": 0}),
    ] {
        api.post(path, &wrong)
            .await?
            .expect_problem(422, "invalid_endpoint")?;
    }
    Ok(())
}

pub async fn a_rotated_secret_signs_beside_the_one_before(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let receiver = Receiver::start(|_| OK).await?;
    let made = shop.endpoint(&receiver, json!({})).await?;
    let rotated = shop
        .ask(made.id, "rotate_secret", json!({}))
        .await?
        .expect(200)?
        .json;
    let second = rotated["secret"].as_str().context("no secret")?.to_owned();
    ensure!(second != made.secret && rotated["old_secret_until"].is_string());
    shop.ask(made.id, "ping", json!({})).await?.expect(202)?;
    let ping = receiver.until(1).await?.remove(0);
    ensure!(ping.json["type"] == "ping", "{}", ping.json);
    ensure!(ping.is_signed_by(&made.secret)? && ping.is_signed_by(&second)?);
    // The one before is known to others: it ends at once.
    let body = json!({"overlap_seconds": 0});
    let third = shop
        .ask(made.id, "rotate_secret", body)
        .await?
        .expect(200)?
        .json;
    let third = third["secret"].as_str().context("no secret")?.to_owned();
    shop.until_deliveries(made.id, "delivered", 1).await?;
    shop.ask(made.id, "ping", json!({})).await?.expect(202)?;
    let ping = receiver.until(2).await?.remove(1);
    ensure!(ping.is_signed_by(&third)? && !ping.is_signed_by(&second)?);
    Ok(())
}

pub async fn a_deleted_endpoint_is_told_nothing(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let [gone, stays] = [
        Receiver::start(|_| OK).await?,
        Receiver::start(|_| OK).await?,
    ];
    let made = shop.endpoint(&gone, json!({})).await?;
    shop.endpoint(&stays, json!({})).await?;
    let path = format!("/v1/webhooks/endpoints/{}", made.id);
    let delete = || answer(shop.scene.api.request(Method::DELETE, &path));
    delete().await?.expect(204)?;
    delete().await?.expect_problem(404, "endpoint_not_found")?;
    shop.scene.place("web").await?;
    stays.until(1).await?;
    ensure!(gone.received().is_empty());
    let read = shop.scene.api.at(&shop.read_api).get(&path).await?;
    read.expect_problem(404, "endpoint_not_found")?;
    shop.change(made.id, json!({"state": "enabled"}))
        .await?
        .expect_problem(404, "endpoint_not_found")?;
    Ok(())
}

/// Without an endpoint: as a client of the stream.
pub async fn a_developers_machine_is_told_without_an_endpoint(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let mut relayed = env.role("projector").spawn()?;
    relayed.ready().await?;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let receiver =
        Receiver::start(
            move |_| match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 => super::receiver::Reply::Status(500, "", ""),
                _ => OK,
            },
        )
        .await?;
    let mut listen = tests::command(&env.config)?;
    listen
        .args([
            "listen",
            "--forward-to",
            &receiver.url,
            "--url",
            shop.read_api.url(),
        ])
        .args([
            "--event-type",
            "order.placed",
            "--event-type",
            "order.cancelled",
        ])
        .env("ORDERLOG_API_KEY", shop.scene.api.key())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true);
    let mut listening = listen.spawn()?;
    let stdout = listening.stdout.take().context("no output")?;
    let mut lines = tokio::io::BufReader::new(stdout).lines();
    let secret = lines.next_line().await?.context("no secret")?;
    let secret = secret
        .strip_prefix("signed with ")
        .context("no secret")?
        .to_owned();
    ensure!(lines.next_line().await?.as_deref() == Some("listening"));
    let order = shop.scene.place("web").await?;
    shop.scene
        .command(order, "notes", json!({"text": "x"}))
        .await?;
    shop.scene.cancel(order).await?;
    let requests = receiver.until(2).await?;
    let types: Vec<&Value> = requests.iter().map(|one| &one.json["type"]).collect();
    ensure!(types == ["order.placed", "order.cancelled"], "{types:?}");
    for one in &requests {
        ensure!(
            one.is_signed_by(&secret)? && one.json["data"]["platform"] == "web",
            "{one:?}"
        );
    }
    let first = lines.next_line().await?.unwrap_or_default();
    ensure!(
        first.contains("500") && first.contains(&order.to_string()),
        "{first}"
    );
    let second = lines.next_line().await?.unwrap_or_default();
    ensure!(second.contains("answered 200"), "{second}");
    Ok(())
}

/// The example in docs/integrators, with the official library of Standard Webhooks.
pub async fn the_example_receiver_verifies_what_it_is_told(env: &TestEnv) -> Result<()> {
    let Some(python) = tokio::task::spawn_blocking(crate::integrators::python).await?? else {
        return Ok(());
    };
    let shop = Shop::open(env).await?;
    // The secret comes with the endpoint, and the endpoint wants to know where.
    let first = Receiver::start(|_| OK).await?;
    let made = shop.endpoint(&first, json!({"ordered": true})).await?;
    let mut example = tokio::process::Command::new(python)
        .arg(tests::root().join("docs/integrators/receiver.py"))
        .arg("0")
        .env("WEBHOOK_SECRET", &made.secret)
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = example.stdout.take().context("no output")?;
    let mut lines = tokio::io::BufReader::new(stdout).lines();
    let port = lines.next_line().await?.context("it does not listen")?;
    let port = port
        .strip_prefix("listening on ")
        .context("no port")?
        .to_owned();
    let url = json!({"url": format!("http://127.0.0.1:{port}/")});
    shop.change(made.id, url).await?.expect(200)?;
    let order = shop.scene.place("web").await?;
    shop.scene.cancel(order).await?;
    for (kind, version) in [("order.placed", 1), ("order.cancelled", 2)] {
        let line = lines.next_line().await?.context("it has ended")?;
        let told: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
        ensure!(
            told["type"] == kind && told["data"]["order_version"] == version,
            "{line}"
        );
        ensure!(told["data"]["order_id"] == order.to_string(), "{line}");
    }
    // Signed with another secret it is refused, and tried again.
    let body = json!({"overlap_seconds": 0});
    shop.ask(made.id, "rotate_secret", body)
        .await?
        .expect(200)?;
    shop.ask(made.id, "ping", json!({})).await?.expect(202)?;
    let line = lines.next_line().await?.context("it has ended")?;
    ensure!(line.starts_with("refused"), "{line}");
    shop.until_endpoint(made.id, "failing", |e| e["failures"].as_i64() >= Some(1))
        .await?;
    Ok(())
}
