//! What holds for every command: `If-Match`, and repeats under one key.

use super::scene::{Scene, everything};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

super::register!("conditions":
    a_stale_version_is_refused_by_every_family,
    a_repeat_gets_the_first_answer_in_every_family,
    one_key_stands_for_one_body,
    a_route_is_one_however_its_path_is_escaped,
);

/// One command of each family that a paid order takes.
fn families() -> Vec<(&'static str, &'static str, Value)> {
    let line = json!({"sku": "C", "name": "Bulb", "quantity": 1, "unit_price": 100});
    let refund = json!({"payment_id": "p1", "amount": 1, "reason": "late"});
    vec![
        ("POST", "confirm", Value::Null),
        ("POST", "hold", json!({"reason": "stock"})),
        ("POST", "notes", json!({"text": "call"})),
        ("PUT", "tags/vip", Value::Null),
        ("POST", "lines", line),
        ("PATCH", "lines/l1", json!({"quantity": 4})),
        ("DELETE", "lines/l2", Value::Null),
        ("PUT", "customer", json!({"id": "c-7"})),
        ("POST", "discounts", json!({"amount": 1})),
        ("POST", "payments", json!({"amount": 5})),
        ("POST", "refunds", refund),
        ("POST", "credits", json!({"amount": 1})),
        ("POST", "fulfillments", everything()),
        ("POST", "cancel", json!({"reason": "twice"})),
        ("POST", "archive", Value::Null),
        ("POST", "invoice", Value::Null),
    ]
}

async fn a_stale_version_is_refused_by_every_family(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.paid().await?;
    let before = scene.events().await?;
    for (method, command, body) in families() {
        let path = format!("{path}/{command}");
        let stale = scene
            .send(method, &path, &body, &[("If-Match", "\"1-0\"")])
            .await?;
        let stale = stale
            .expect_problem(412, "precondition_failed")
            .context(command)?;
        ensure!(stale.json["version"] == 3);
    }
    ensure!(scene.events().await? == before);
    Ok(())
}

async fn a_repeat_gets_the_first_answer_in_every_family(scene: &Scene) -> anyhow::Result<()> {
    for (method, command, body) in families() {
        let order = scene.paid().await?;
        let path = format!("{order}/{command}");
        let headers = [("Idempotency-Key", "k"), ("If-Match", "\"3\"")];
        let first = scene.send(method, &path, &body, &headers).await?;
        let first = first.expect(200).context(command)?;
        ensure!(first.header("idempotent-replayed").is_empty());
        // Whatever became of the order, the repeat answers as of then.
        scene
            .done("POST", &format!("{order}/notes"), json!({"text": "since"}))
            .await?;
        let before = scene.events().await?;
        let again = scene.send(method, &path, &body, &headers).await?;
        let again = again.expect(200).context(command)?;
        ensure!(again.header("idempotent-replayed") == "true", "{command}");
        ensure!(again.json == first.json && again.header("etag") == first.header("etag"));
        ensure!(
            scene.events().await? == before,
            "{command} was carried out twice"
        );
    }
    Ok(())
}

async fn one_key_stands_for_one_body(scene: &Scene) -> anyhow::Result<()> {
    let path = format!("{}/notes", scene.placed().await?);
    let key = [("Idempotency-Key", "k")];
    let (one, other) = (json!({"text": "one"}), json!({"text": "other"}));
    scene.send("POST", &path, &one, &key).await?.expect(200)?;
    let reused = scene.send("POST", &path, &other, &key).await?;
    reused.expect_problem(422, "idempotency_key_reused")?;
    Ok(())
}

async fn a_route_is_one_however_its_path_is_escaped(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    scene
        .done(
            "POST",
            &format!("{path}/payments"),
            json!({"amount": 4_400}),
        )
        .await?;
    let (key, body) = ([("Idempotency-Key", "k")], json!({"amount": 100}));
    for (payment, replayed) in [("p1", ""), ("%701", "true")] {
        let path = format!("{path}/payments/{payment}/capture");
        let told = scene.send("POST", &path, &body, &key).await?.expect(200)?;
        ensure!(told.header("idempotent-replayed") == replayed);
        ensure!(told.json["totals"]["captured"] == 100, "captured once");
    }
    Ok(())
}
