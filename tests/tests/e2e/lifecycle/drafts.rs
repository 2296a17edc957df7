//! Drafts.

use super::scene::{Scene, conflict, invalid, malformed, order};
use anyhow::ensure;
use serde_json::{Value, json};

super::register!("drafts":
    a_draft_is_put_together_and_placed,
    a_patch_tells_absent_from_null,
    a_draft_is_not_an_order_yet,
);

async fn draft(scene: &Scene, body: Value) -> anyhow::Result<(String, String)> {
    let created = scene.api.post("/v1/drafts", &body).await?.expect(201)?;
    ensure!(created.json["status"] == "draft" && created.json["placed_at"].is_null());
    let order = created.header("location").to_owned();
    let draft = order.replace("/orders/", "/drafts/");
    Ok((draft, order))
}

async fn a_draft_is_put_together_and_placed(scene: &Scene) -> anyhow::Result<()> {
    let (draft, _) = draft(scene, json!({"platform": "web", "currency": "GBP"})).await?;
    let complete = format!("{draft}/complete");
    let no_lines = invalid("no_lines", "/lines");
    scene
        .refused("POST", &complete, Value::Null, no_lines)
        .await?;
    let lines = json!({"lines": order()["lines"], "shipping": order()["shipping"]});
    let changed = scene.done("PATCH", &draft, lines.clone()).await?;
    ensure!(changed["totals"]["total"] == 4_400 && changed["version"] == 2);
    let same = scene.done("PATCH", &draft, lines).await?;
    ensure!(same["version"] == 2, "nothing changed");
    let placed = scene.done("POST", &complete, Value::Null).await?;
    ensure!(placed["status"] == "placed" && placed["version"] == 3);
    ensure!(placed["number"] == changed["number"]);
    for (method, path) in [("POST", &complete), ("PATCH", &draft)] {
        let not_draft = conflict("order_not_draft");
        scene.refused(method, path, json!({}), not_draft).await?;
    }
    Ok(())
}

async fn a_patch_tells_absent_from_null(scene: &Scene) -> anyhow::Result<()> {
    let (draft, _) = draft(scene, order()).await?;
    let unchanged = scene.done("PATCH", &draft, json!({})).await?;
    ensure!(unchanged["version"] == 1 && unchanged["customer"]["id"] == "c-42");
    let removed = json!({"customer": null, "shipping": null, "lines": null});
    let removed = scene.done("PATCH", &draft, removed).await?;
    ensure!(removed["customer"].is_null() && removed["shipping"].is_null());
    ensure!(removed["lines"] == json!([]) && removed["totals"]["total"] == 0);
    ensure!(
        removed["shipping_address"]["city"] == "London",
        "it was absent"
    );
    let platform = json!({"platform": "shop"});
    scene
        .refused("PATCH", &draft, platform, malformed("/platform"))
        .await
}

async fn a_draft_is_not_an_order_yet(scene: &Scene) -> anyhow::Result<()> {
    let (draft, order) = draft(scene, order()).await?;
    let confirm = format!("{order}/confirm");
    let is_draft = conflict("order_is_draft");
    scene
        .refused("POST", &confirm, Value::Null, is_draft)
        .await?;
    let cancelled = json!({"reason": "abandoned"});
    scene
        .done("POST", &format!("{order}/cancel"), cancelled)
        .await?;
    let complete = format!("{draft}/complete");
    let cancelled = conflict("order_cancelled");
    scene
        .refused("POST", &complete, Value::Null, cancelled)
        .await
}
