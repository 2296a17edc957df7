//! Orders that replace the goods of a return.

use super::scene::{Scene, conflict, invalid, not_found};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tests::Answer;

super::register!("exchanges":
    an_exchange_is_an_order_that_names_its_return,
    an_exchange_that_died_half_way_is_completed,
    a_link_needs_an_order_that_names_the_return,
    an_exchange_that_is_refused_places_nothing,
);

fn body() -> Value {
    json!({"lines": [{"sku": "A2", "name": "Lamp, dim", "quantity": 1, "unit_price": 0}]})
}

async fn exchange(scene: &Scene, order: &str, key: &str) -> anyhow::Result<Answer> {
    let path = format!("{order}/returns/r1/exchange");
    scene
        .send("POST", &path, &body(), &[("Idempotency-Key", key)])
        .await
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

async fn note(scene: &Scene, order: &str) -> anyhow::Result<Value> {
    let path = format!("{order}/notes");
    scene
        .done("POST", &path, json!({"text": "looked at"}))
        .await
}

async fn an_exchange_is_an_order_that_names_its_return(scene: &Scene) -> anyhow::Result<()> {
    let original = scene.returned().await?;
    let placed = exchange(scene, &original, "k1").await?.expect(201)?;
    let new = placed.header("location");
    ensure!(
        new == format!(
            "/v1/orders/{}",
            placed.json["id"].as_str().unwrap_or_default()
        )
    );
    ensure!(placed.json["exchange_of"] == json!({"order_id": id_of(&original), "return": "r1"}));
    ensure!(placed.json["customer"] == json!({"id": "c-42", "name": "Ada Lovelace"}));
    ensure!(
        placed.json["shipping_address"]["city"] == "London" && placed.json["currency"] == "GBP"
    );
    let linked = note(scene, &original).await?;
    ensure!(linked["returns"][0]["exchange_order_id"] == placed.json["id"]);
    let before = scene.events().await?;
    let again = exchange(scene, &original, "k1").await?.expect(201)?;
    ensure!(again.header("idempotent-replayed") == "true" && again.json == placed.json);
    let other = exchange(scene, &original, "k2")
        .await?
        .expect_problem(409, "exchange_taken")?;
    ensure!(other.json["exchange_order_id"] == placed.json["id"]);
    ensure!(scene.events().await? == before);
    Ok(())
}

async fn an_exchange_that_died_half_way_is_completed(scene: &Scene) -> anyhow::Result<()> {
    for (number, how) in ["repeat", "link"].into_iter().enumerate() {
        let original = scene.returned().await?;
        let key = format!("k{number}");
        let placed = exchange(scene, &original, &key).await?.expect(201)?;
        // As if the process had ended between the two steps.
        let undone = sqlx::query(
            "DELETE FROM events WHERE event_type = 'ReturnExchanged' AND aggregate_id = $1",
        )
        .bind(id_of(&original))
        .execute(&scene.log)
        .await?;
        ensure!(undone.rows_affected() == 1);
        let stranger = exchange(scene, &original, "other").await?;
        stranger.expect_problem(409, "exchange_taken")?;
        if how == "repeat" {
            // What the return has become since does not matter any more.
            let again = exchange(scene, &original, &key).await?.expect(201)?;
            ensure!(again.json["id"] == placed.json["id"]);
            ensure!(
                again.header("idempotent-replayed").is_empty(),
                "half of it is new"
            );
        } else {
            let path = format!("{original}/returns/r1/exchange_link");
            let link = json!({"exchange_order_id": placed.json["id"]});
            scene.done("POST", &path, link).await?;
        }
        let linked = note(scene, &original).await?;
        ensure!(linked["returns"][0]["exchange_order_id"] == placed.json["id"]);
    }
    Ok(())
}

async fn a_link_needs_an_order_that_names_the_return(scene: &Scene) -> anyhow::Result<()> {
    let original = scene.returned().await?;
    let path = format!("{original}/returns/r1/exchange_link");
    let stranger = scene.placed().await?;
    for id in [id_of(&stranger), "01990000-0000-7000-8000-000000000000"] {
        let link = json!({"exchange_order_id": id});
        let unlinked = conflict("exchange_not_linked_back").at("/exchange_order_id");
        scene.refused("POST", &path, link, unlinked).await?;
    }
    let elsewhere = format!("{original}/returns/r9/exchange_link");
    let link = json!({"exchange_order_id": id_of(&stranger)});
    scene
        .refused("POST", &elsewhere, link, not_found("return_not_found"))
        .await
}

async fn an_exchange_that_is_refused_places_nothing(scene: &Scene) -> anyhow::Result<()> {
    let original = scene.returned().await?;
    let path = format!("{original}/returns/r1/exchange");
    let lines = json!({"lines": []});
    scene
        .refused("POST", &path, lines, invalid("no_lines", "/lines"))
        .await?;
    let before = scene.events().await?;
    let stale = scene
        .send("POST", &path, &body(), &[("If-Match", "\"1\"")])
        .await?;
    let stale = stale.expect_problem(412, "precondition_failed")?;
    let version = stale.json["version"].as_i64().context("a version")?;
    ensure!(scene.events().await? == before);
    scene
        .done(
            "POST",
            &format!("{original}/returns/r1/cancel"),
            Value::Null,
        )
        .await?;
    scene
        .refused("POST", &path, body(), conflict("wrong_return_status"))
        .await?;
    let fresh = format!("\"{}\"", version + 1);
    let refused = scene
        .send("POST", &path, &body(), &[("If-Match", &fresh)])
        .await?;
    refused.expect_problem(409, "wrong_return_status")?;
    Ok(())
}
