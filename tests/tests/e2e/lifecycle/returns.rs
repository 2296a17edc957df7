//! Goods back.

use super::scene::{Scene, conflict, not_found};
use anyhow::ensure;
use serde_json::{Value, json};

super::register!("returns":
    goods_come_back_and_money_follows,
    a_return_ends_before_anything_comes_back,
);

fn lamps(quantity: i64) -> Value {
    json!({"lines": [{"line": "l1", "quantity": quantity, "reason": "too bright"}]})
}

async fn goods_come_back_and_money_follows(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.shipped().await?;
    let returns = format!("{path}/returns");
    let returnable = json!({"line": "l1", "requested": 4, "returnable": 3});
    let too_many = conflict("return_exceeds_shipped").at("/lines/0/quantity");
    scene
        .refused("POST", &returns, lamps(4), too_many.with(returnable))
        .await?;
    let asked = scene.done("POST", &returns, lamps(2)).await?;
    ensure!(asked["return_id"] == "r1" && asked["return_status"] == "requested");
    ensure!(asked["returns"][0]["lines"][0]["reason"] == "too bright");
    let receive = format!("{returns}/r1/receive");
    let arrived = |quantity: i64| json!({"lines": [{"line": "l1", "quantity": quantity, "resellable": true}]});
    let early = conflict("wrong_return_status");
    let early = early.with(json!({"needed": "approved", "state": "requested"}));
    scene.refused("POST", &receive, arrived(1), early).await?;
    scene
        .done("POST", &format!("{returns}/r1/approve"), Value::Null)
        .await?;
    let expected = json!({"line": "l1", "received": 3, "expected": 2});
    let too_many = conflict("receive_exceeds_requested").at("/lines/0/quantity");
    scene
        .refused("POST", &receive, arrived(3), too_many.with(expected))
        .await?;
    let back = scene.done("POST", &receive, arrived(1)).await?;
    ensure!(back["lines"][0]["returned_quantity"] == 1, "{back}");
    let begun = conflict("return_begun").with(json!({"received": 1}));
    scene
        .refused("POST", &format!("{returns}/r1/cancel"), Value::Null, begun)
        .await?;
    let refund =
        json!({"payment_id": "p1", "amount": 1_000, "return_id": "r1", "reason": "returned"});
    let refunded = scene
        .done("POST", &format!("{path}/refunds"), refund)
        .await?;
    ensure!(
        refunded["refunds"][0]["purpose"] == "return" && refunded["totals"]["balance_due"] == 0
    );
    let closed = scene
        .done("POST", &format!("{returns}/r1/close"), Value::Null)
        .await?;
    ensure!(closed["returns"][0]["status"] == "closed");
    ensure!(
        closed["lines"][0]["return_requested_quantity"] == 1,
        "what came back"
    );
    let unknown = format!("{returns}/r9/approve");
    scene
        .refused("POST", &unknown, Value::Null, not_found("return_not_found"))
        .await
}

async fn a_return_ends_before_anything_comes_back(scene: &Scene) -> anyhow::Result<()> {
    let returns = format!("{}/returns", scene.shipped().await?);
    for (id, action, status) in [("r1", "decline", "declined"), ("r2", "cancel", "cancelled")] {
        scene.done("POST", &returns, lamps(3)).await?;
        let path = format!("{returns}/{id}/{action}");
        let ended = scene.done("POST", &path, json!({"reason": "worn"})).await?;
        let number = usize::from(id == "r2");
        ensure!(ended["returns"][number]["status"] == status, "{ended}");
        let again = scene.done("POST", &path, Value::Null).await?;
        ensure!(again["version"] == ended["version"]);
    }
    let approve = format!("{returns}/r1/approve");
    let over = conflict("wrong_return_status").with(json!({"state": "declined"}));
    scene.refused("POST", &approve, Value::Null, over).await
}
