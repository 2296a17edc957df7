//! What is done with an order as a whole.

use super::scene::{Scene, conflict, everything, invalid, not_found};
use anyhow::ensure;
use serde_json::{Value, json};

super::register!("orders":
    an_order_is_confirmed_and_put_away,
    holds_are_a_set,
    tags_are_a_set,
    lines_are_called_off_in_part_or_with_the_order,
    what_led_to_a_command_is_recorded,
);

async fn an_order_is_confirmed_and_put_away(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    for (action, flag, value) in [
        ("confirm", "confirmed", true),
        ("archive", "archived", true),
        ("unarchive", "archived", false),
    ] {
        let path = format!("{path}/{action}");
        let done = scene.done("POST", &path, Value::Null).await?;
        ensure!(done[flag] == value, "{action}: {done}");
        let again = scene
            .done("POST", &path, json!({"reason": "again"}))
            .await?;
        ensure!(again["version"] == done["version"], "{action} twice");
    }
    let nobody = "/v1/orders/01990000-0000-7000-8000-000000000000/archive";
    let missing = not_found("order_not_found");
    scene.refused("POST", nobody, Value::Null, missing).await
}

async fn holds_are_a_set(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    let (hold, release) = (format!("{path}/hold"), format!("{path}/release"));
    let unexplained = invalid("reason_required", "/reason");
    scene
        .refused("POST", &hold, Value::Null, unexplained)
        .await?;
    let body = json!({"reason": "address", "handle": "check"});
    let first = scene.done("POST", &hold, body.clone()).await?;
    ensure!(first["hold_id"] == "h1" && first["holds"][0]["handle"] == "check");
    let again = scene.done("POST", &hold, body).await?;
    ensure!(again["version"] == first["version"] && again.get("hold_id").is_none());
    scene
        .done("POST", &hold, json!({"reason": "stock"}))
        .await?;
    let unknown = json!({"hold_id": "h9"});
    let missing = invalid("hold_not_found", "/hold_id");
    scene.refused("POST", &release, unknown, missing).await?;
    let one = scene
        .done("POST", &release, json!({"hold_id": "check"}))
        .await?;
    ensure!(
        one["holds"]
            .as_array()
            .is_some_and(|holds| holds.len() == 1)
    );
    let none = scene.done("POST", &release, Value::Null).await?;
    ensure!(none["holds"] == json!([]));
    Ok(())
}

async fn tags_are_a_set(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    let tag = format!("{path}/tags/a%2Fb%20%C3%A4");
    let tagged = scene.done("PUT", &tag, Value::Null).await?;
    ensure!(tagged["tags"] == json!(["a/b ä"]), "{tagged}");
    let again = scene.done("PUT", &tag, json!({})).await?;
    ensure!(again["version"] == tagged["version"]);
    let untagged = scene.done("DELETE", &tag, Value::Null).await?;
    ensure!(untagged["tags"] == json!([]));
    for wrong in ["%00", "%FF", &"x".repeat(256)] {
        let path = format!("{path}/tags/{wrong}");
        let answer = scene.send("PUT", &path, &Value::Null, &[]);
        answer.await?.expect_problem(400, "invalid_path")?;
    }
    Ok(())
}

async fn lines_are_called_off_in_part_or_with_the_order(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.paid().await?;
    let cancel = format!("{path}/cancel");
    let unexplained = invalid("reason_required", "/reason");
    scene
        .refused("POST", &cancel, Value::Null, unexplained)
        .await?;
    let too_many = json!({"reason": "x", "lines": [{"line": "l2", "quantity": 3}]});
    let open = conflict("exceeds_open").at("/lines/0/quantity");
    let open = open.with(json!({"line": "l2", "requested": 3, "open": 2}));
    scene.refused("POST", &cancel, too_many, open).await?;
    let one = json!({"reason": "sold out", "lines": [{"line": "l2", "quantity": 1}]});
    let less = scene.done("POST", &cancel, one).await?;
    ensure!(less["lines"][1]["cancelled_quantity"] == 1 && less["status"] == "placed");
    ensure!(less["totals"]["total"] == 3_900 && less["payment_status"] == "overpaid");
    let packed = json!({"lines": [{"line": "l1", "quantity": 1}]});
    scene
        .done("POST", &format!("{path}/fulfillments"), packed)
        .await?;
    let whole = json!({"reason": "changed their mind"});
    let live = conflict("fulfillments_live").with(json!({"fulfillments": ["f1"]}));
    scene.refused("POST", &cancel, whole.clone(), live).await?;
    let unpack = format!("{path}/fulfillments/f1/cancel");
    scene.done("POST", &unpack, Value::Null).await?;
    let off = scene.done("POST", &cancel, whole).await?;
    ensure!(off["status"] == "cancelled" && off["cancellation"]["reason"] == "changed their mind");
    let refund = &off["cancellation"]["settlement"]["to_refund"];
    ensure!(
        *refund == json!([{"payment": "p1", "amount": 4_400}]),
        "{off}"
    );
    let packing = format!("{path}/fulfillments");
    let cancelled = conflict("order_cancelled");
    scene
        .refused("POST", &packing, everything(), cancelled)
        .await
}

async fn what_led_to_a_command_is_recorded(scene: &Scene) -> anyhow::Result<()> {
    let path = format!("{}/notes", scene.placed().await?);
    let note = json!({"text": "call back"});
    let told = [("Causation-Id", "event-17"), ("Correlation-Id", "batch-3")];
    scene.send("POST", &path, &note, &told).await?.expect(200)?;
    let recorded: (String, String) = sqlx::query_as(
        "SELECT metadata ->> 'causation_id', metadata ->> 'correlation_id' FROM events \
         WHERE event_type = 'NoteAdded'",
    )
    .fetch_one(&scene.log)
    .await?;
    ensure!(
        recorded == ("event-17".into(), "batch-3".into()),
        "{recorded:?}"
    );
    let wrong = scene
        .send("POST", &path, &note, &[("Causation-Id", "a b")])
        .await?;
    wrong.expect_problem(400, "invalid_causation_id")?;
    Ok(())
}
