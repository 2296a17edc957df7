//! Goods out.

use super::scene::{Scene, conflict, everything, invalid, not_found, order};
use anyhow::ensure;
use serde_json::{Value, json};
use tests::TestEnv;

super::register!("fulfillments":
    goods_are_packed_shipped_and_delivered,
    nothing_leaves_unpaid_or_on_hold;
    a_platform_may_ship_what_is_not_paid,
);

async fn goods_are_packed_shipped_and_delivered(scene: &Scene) -> anyhow::Result<()> {
    let path = format!("{}/fulfillments", scene.paid().await?);
    let units =
        |line: &str, quantity: i64| json!({"lines": [{"line": line, "quantity": quantity}]});
    let one = json!({"line": "l1", "quantity": 1});
    let twice = json!({"lines": [one, one]});
    let open = json!({"line": "l1", "requested": 4, "open": 3});
    for (body, refusal) in [
        (
            units("l1", 4),
            conflict("exceeds_open").at("/lines/0/quantity").with(open),
        ),
        (units("l9", 1), invalid("line_not_found", "/lines/0/line")),
        (
            units("l1", 0),
            invalid("units_out_of_range", "/lines/0/quantity"),
        ),
        (twice, invalid("duplicate_line", "/lines/1/line")),
        (json!({"lines": []}), invalid("no_lines", "/lines")),
    ] {
        scene.refused("POST", &path, body, refusal).await?;
    }
    let packed = scene.done("POST", &path, units("l1", 1)).await?;
    ensure!(packed["fulfillment_id"] == "f1" && packed["fulfillment_status"] == "partial");
    let first = format!("{path}/f1");
    let parcel = json!({"carrier": "dhl", "tracking_number": "1"});
    let not_shipped = || conflict("wrong_fulfillment_status");
    let tracking = format!("{first}/tracking");
    scene
        .refused("PATCH", &tracking, parcel.clone(), not_shipped())
        .await?;
    let deliver = format!("{first}/deliver");
    let open = not_shipped().with(json!({"needed": "shipped", "state": "open"}));
    scene.refused("POST", &deliver, Value::Null, open).await?;
    let shipped = scene.done("POST", &format!("{first}/ship"), parcel).await?;
    ensure!(shipped["fulfillments"][0]["tracking"]["carrier"] == "dhl");
    ensure!(shipped["lines"][0]["shipped_quantity"] == 1);
    let corrected = scene
        .done("PATCH", &tracking, json!({"tracking_number": "2"}))
        .await?;
    let now = &corrected["fulfillments"][0]["tracking"];
    ensure!(*now == json!({"tracking_number": "2"}), "{now}");
    let arrived = scene.done("POST", &deliver, Value::Null).await?;
    ensure!(arrived["lines"][0]["delivered_quantity"] == 1);
    let again = scene.done("POST", &deliver, Value::Null).await?;
    ensure!(again["version"] == arrived["version"]);
    let cancel = format!("{first}/cancel");
    scene
        .refused("POST", &cancel, Value::Null, not_shipped())
        .await?;
    scene.done("POST", &path, units("l1", 2)).await?;
    let unpacked = scene
        .done("POST", &format!("{path}/f2/cancel"), Value::Null)
        .await?;
    ensure!(unpacked["lines"][0]["fulfilled_quantity"] == 1);
    let unknown = format!("{path}/f9/ship");
    scene
        .refused(
            "POST",
            &unknown,
            Value::Null,
            not_found("fulfillment_not_found"),
        )
        .await
}

async fn nothing_leaves_unpaid_or_on_hold(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    scene
        .done("POST", &format!("{path}/fulfillments"), everything())
        .await?;
    let ship = format!("{path}/fulfillments/f1/ship");
    let unpaid = conflict("unpaid").with(json!({"covered": 0, "needed": 4_400}));
    scene.refused("POST", &ship, Value::Null, unpaid).await?;
    let force = json!({"force": true});
    let unexplained = invalid("reason_required", "/reason");
    scene.refused("POST", &ship, force, unexplained).await?;
    scene
        .done("POST", &format!("{path}/hold"), json!({"reason": "stock"}))
        .await?;
    let force = json!({"force": true, "reason": "the customer is known"});
    let held = conflict("on_hold").with(json!({"holds": ["h1"]}));
    scene.refused("POST", &ship, force.clone(), held).await?;
    scene
        .done("POST", &format!("{path}/release"), Value::Null)
        .await?;
    let shipped = scene.done("POST", &ship, force).await?;
    ensure!(shipped["fulfillment_status"] == "fulfilled", "{shipped}");
    Ok(())
}

async fn a_platform_may_ship_what_is_not_paid(env: &TestEnv) -> anyhow::Result<()> {
    let rules = json!({
        "web": {"allow_unpaid_shipping": true, "prices_include_tax": true},
        "shop": {},
    });
    let rules = serde_json::from_value(rules)?;
    let scene = Scene::with(env, |config| config.platforms = rules).await?;
    let path = scene.placed().await?;
    let packed = scene
        .done("POST", &format!("{path}/fulfillments"), everything())
        .await?;
    ensure!(packed["prices_include_tax"] == true);
    scene
        .done("POST", &format!("{path}/fulfillments/f1/ship"), Value::Null)
        .await?;
    let mut elsewhere = order();
    elsewhere["platform"] = json!("shop");
    let placed = scene
        .api
        .post("/v1/orders", &elsewhere)
        .await?
        .expect(201)?;
    let path = placed.header("location");
    scene
        .done("POST", &format!("{path}/fulfillments"), everything())
        .await?;
    let ship = format!("{path}/fulfillments/f1/ship");
    scene
        .refused("POST", &ship, Value::Null, conflict("unpaid"))
        .await
}
