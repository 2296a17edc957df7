//! Orders with a past.

use super::scene::{Scene, invalid, order};
use anyhow::ensure;
use serde_json::{Value, json};

super::register!("imports":
    an_import_has_its_past,
    goods_of_an_import_came_back_before_their_money_did,
    a_past_that_cannot_have_been_is_pointed_at,
    an_import_can_have_been_cancelled,
);

fn import(past: &Value) -> Value {
    let mut body = order();
    body["external_id"] = json!("W-1");
    body["placed_at"] = json!("2020-01-01T00:00:00Z");
    for (name, value) in past.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

async fn an_import_has_its_past(scene: &Scene) -> anyhow::Result<()> {
    let past = json!({
        "payments": [{"amount": 4_000, "provider": "paypal", "captured_at": "2020-01-02T00:00:00Z"}, {"amount": 400, "captured": 0}],
        "refunds": [{"amount": 500, "reason": "late", "refunded_at": "2020-02-01T00:00:00Z"}],
        "fulfillments": [
            {"lines": [{"line": "l1", "quantity": 1}], "carrier": "dhl", "shipped_at": "2020-01-03T00:00:00Z", "delivered_at": "2020-01-05T00:00:00Z"},
            {"shipped_at": "2020-01-04T00:00:00Z"},
        ],
    });
    let path = "/v1/orders/import";
    let first = scene.api.post(path, &import(&past)).await?.expect(201)?;
    let told = &first.json;
    ensure!(told["totals"]["captured"] == 4_000 && told["totals"]["refunded"] == 500);
    ensure!(
        told["payments"][0]["captures"][0]["at"] == "2020-01-02T00:00:00Z",
        "{told}"
    );
    ensure!(told["payments"][1]["captured"] == 0 && told["refunds"][0]["purpose"] == "goodwill");
    ensure!(told["fulfillments"][0]["delivered_at"] == "2020-01-05T00:00:00Z");
    ensure!(
        told["fulfillments"][1]["lines"]
            == json!([{"line": "l1", "quantity": 2}, {"line": "l2", "quantity": 2}])
    );
    ensure!(told["fulfillment_status"] == "fulfilled", "{told}");
    let events = scene.events().await?;
    let again = scene.api.post(path, &import(&past)).await?.expect(200)?;
    ensure!(again.json["version"] == told["version"] && scene.events().await? == events);
    let mut other = import(&past);
    other["refunds"][0]["amount"] = json!(501);
    let differs = scene.api.post(path, &other).await?;
    differs.expect_problem(409, "import_differs")?;
    Ok(())
}

async fn goods_of_an_import_came_back_before_their_money_did(scene: &Scene) -> anyhow::Result<()> {
    let past = json!({
        "external_id": "W-2",
        "payments": [{"amount": 4_000}],
        "refunds": [
            {"amount": 900, "return_id": "r1", "refunded_at": "2020-02-02T00:00:00Z"},
            {"amount": 100},
        ],
        "fulfillments": [{"shipped_at": "2020-01-03T00:00:00Z"}],
        "returns": [{
            "lines": [{"line": "l1", "quantity": 1, "resellable": true}, {"line": "l2", "quantity": 1, "resellable": false}],
            "reason": "too small", "returned_at": "2020-02-01T00:00:00Z",
        }],
    });
    let path = "/v1/orders/import";
    let first = scene.api.post(path, &import(&past)).await?.expect(201)?;
    let returned = &first.json["returns"][0];
    ensure!(
        returned["status"] == "closed" && returned["reason"] == "too small",
        "{returned}"
    );
    ensure!(
        returned["requested_at"] == "2020-02-01T00:00:00Z" && returned["refunded"] == 900,
        "{returned}"
    );
    ensure!(returned["lines"][0]["resellable"] == 1 && returned["lines"][1]["resellable"] == 0);
    let purposes = [&first.json["refunds"][0], &first.json["refunds"][1]];
    let purposes = purposes.map(|refund| refund["purpose"].as_str());
    ensure!(
        purposes == [Some("goodwill"), Some("return")],
        "{purposes:?}"
    );
    ensure!(first.json["return_status"] == "closed", "{}", first.json);
    scene.api.post(path, &import(&past)).await?.expect(200)?;
    Ok(())
}

async fn a_past_that_cannot_have_been_is_pointed_at(scene: &Scene) -> anyhow::Result<()> {
    let paid = json!([{"amount": 100}]);
    for (past, code, pointer) in [
        (
            json!({"payments": [{"amount": 0}]}),
            "amount_not_positive",
            "/payments/0/amount",
        ),
        (
            json!({"payments": paid, "refunds": [{"amount": 101}]}),
            "refund_exceeds_captured",
            "/refunds/0/amount",
        ),
        (
            json!({"payments": paid, "refunds": [{"amount": 1, "payment": "p2"}]}),
            "payment_not_found",
            "/refunds/0/payment",
        ),
        (
            json!({"fulfillments": [{"lines": [{"line": "l2", "quantity": 3}]}]}),
            "exceeds_open",
            "/fulfillments/0/lines/0/quantity",
        ),
        (
            json!({"fulfillments": [{}, {}]}),
            "nothing_to_fulfill",
            "/fulfillments/1",
        ),
        (
            json!({"fulfillments": [{}], "cancellation": {}}),
            "fulfillments_live",
            "/cancellation",
        ),
        (
            json!({"kind": "credit", "lines": [{"sku": "A", "name": "", "quantity": -1, "unit_price": 1}], "shipping": null, "payments": paid}),
            "not_for_kind",
            "/payments/0",
        ),
    ] {
        let refusal = invalid(code, pointer);
        scene
            .refused("POST", "/v1/orders/import", import(&past), refusal)
            .await?;
    }
    Ok(())
}

async fn an_import_can_have_been_cancelled(scene: &Scene) -> anyhow::Result<()> {
    let cancelled =
        json!({"cancellation": {"reason": "twice", "cancelled_at": "2020-01-02T00:00:00Z"}});
    let path = "/v1/orders/import";
    let told = scene
        .api
        .post(path, &import(&cancelled))
        .await?
        .expect(201)?;
    ensure!(told.json["status"] == "cancelled");
    ensure!(
        told.json["cancellation"]["at"] == "2020-01-02T00:00:00Z",
        "{}",
        told.json
    );
    Ok(())
}
