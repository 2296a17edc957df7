//! Changing a placed order.

use super::scene::{Scene, conflict, everything, invalid, not_found};
use anyhow::ensure;
use serde_json::{Value, json};

super::register!("edits":
    lines_are_added_changed_and_removed,
    discounts_are_granted_and_taken_back,
    shipping_addresses_and_customer_are_replaced,
    editing_closes_with_the_first_fulfilment,
);

async fn lines_are_added_changed_and_removed(scene: &Scene) -> anyhow::Result<()> {
    let path = format!("{}/lines", scene.placed().await?);
    let line = |price: i64, quantity: i64| json!({"sku": "C", "name": "Bulb", "quantity": quantity, "unit_price": price, "reason": "forgotten"});
    for (body, code, pointer) in [
        (line(-1, 1), "negative_price", "/unit_price"),
        (line(1, 0), "quantity_out_of_range", "/quantity"),
    ] {
        scene
            .refused("POST", &path, body, invalid(code, pointer))
            .await?;
    }
    let added = scene.done("POST", &path, line(250, 2)).await?;
    ensure!(added["line_id"] == "l3" && added["totals"]["total"] == 4_900);
    let (third, fourth) = (format!("{path}/l3"), format!("{path}/l4"));
    let nothing = invalid("nothing_to_change", "");
    scene
        .refused("PATCH", &third, json!({"reason": "why"}), nothing)
        .await?;
    let one = json!({"quantity": 1});
    let missing = not_found("line_not_found").with(json!({"id": "l4"}));
    scene
        .refused("PATCH", &fourth, one.clone(), missing)
        .await?;
    let discount = invalid("discount_out_of_range", "/discount");
    let discount = discount.with(json!({"discount": 501, "amount": 500}));
    scene
        .refused("PATCH", &third, json!({"discount": 501}), discount)
        .await?;
    let changed = scene.done("PATCH", &third, one).await?;
    ensure!(changed["lines"][2]["quantity"] == 1 && changed["totals"]["total"] == 4_650);
    for line in ["l3", "l2"] {
        scene
            .done("DELETE", &format!("{path}/{line}"), Value::Null)
            .await?;
    }
    let last = format!("{path}/l1");
    scene
        .refused("DELETE", &last, Value::Null, conflict("last_line"))
        .await
}

async fn discounts_are_granted_and_taken_back(scene: &Scene) -> anyhow::Result<()> {
    let path = format!("{}/discounts", scene.placed().await?);
    for body in [json!({}), json!({"amount": 1, "percent": "1"})] {
        let either = invalid("amount_or_percent", "");
        scene.refused("POST", &path, body, either).await?;
    }
    let too_much = conflict("discount_exceeds_amount").at("/amount");
    let too_much = too_much.with(json!({"requested": 4_001, "available": 4_000}));
    scene
        .refused("POST", &path, json!({"amount": 4_001}), too_much)
        .await?;
    let unknown = json!({"amount": 1, "line": "l9"});
    let unknown_line = invalid("line_not_found", "/line");
    scene.refused("POST", &path, unknown, unknown_line).await?;
    let tenth = scene
        .done("POST", &path, json!({"percent": 10, "code": "X"}))
        .await?;
    ensure!(tenth["discount_id"] == "d1" && tenth["totals"]["total"] == 4_000);
    let eighth = scene
        .done("POST", &path, json!({"percent": "12.5", "line": "l2"}))
        .await?;
    ensure!(eighth["discount_id"] == "d2", "{eighth}");
    let gone = scene
        .done("DELETE", &format!("{path}/d1"), Value::Null)
        .await?;
    ensure!(gone["totals"]["discounts"] == 125, "{}", gone["totals"]);
    let missing = not_found("discount_not_found");
    scene
        .refused("DELETE", &format!("{path}/d1"), Value::Null, missing)
        .await
}

async fn shipping_addresses_and_customer_are_replaced(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    let shipping = format!("{path}/shipping");
    let express = |amount: i64| json!({"method": "exp", "name": "Express", "amount": amount});
    let negative = invalid("shipping_out_of_range", "/amount");
    scene
        .refused("PUT", &shipping, express(-1), negative)
        .await?;
    let changed = scene.done("PUT", &shipping, express(900)).await?;
    ensure!(changed["shipping"]["method"] == "exp" && changed["totals"]["total"] == 4_900);
    let berlin = json!({"city": "Berlin", "country": "DE"});
    let moved = scene
        .done("PUT", &format!("{path}/shipping_address"), berlin)
        .await?;
    ensure!(moved["country"] == "DE" && moved["shipping_address"]["city"] == "Berlin");
    ensure!(
        moved["shipping_address"].get("name").is_none(),
        "replaced as a whole"
    );
    let paris = json!({"city": "Paris", "country": "FR"});
    let billed = scene
        .done("PUT", &format!("{path}/billing_address"), paris)
        .await?;
    ensure!(billed["country"] == "DE" && billed["billing_address"]["country"] == "FR");
    let grace = json!({"id": "c-7", "name": "Grace Hopper"});
    let assigned = scene
        .done("PUT", &format!("{path}/customer"), grace.clone())
        .await?;
    ensure!(assigned["customer"] == grace, "{}", assigned["customer"]);
    Ok(())
}

async fn editing_closes_with_the_first_fulfilment(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    scene
        .done("POST", &format!("{path}/fulfillments"), everything())
        .await?;
    let closed = || conflict("editing_closed").with(json!({"fulfillments": ["f1"]}));
    for (method, part, body) in [
        ("PUT", "customer", json!({"id": "c-7"})),
        ("PUT", "billing_address", json!({"country": "FR"})),
        ("POST", "discounts", json!({"amount": 1})),
        ("PATCH", "lines/l1", json!({"tax": 5})),
    ] {
        let path = format!("{path}/{part}");
        scene.refused(method, &path, body, closed()).await?;
    }
    let below = conflict("below_fulfilled").at("/quantity");
    let below = below.with(json!({"requested": 2, "fulfilled": 3, "cancelled": 0}));
    let (line, less) = (format!("{path}/lines/l1"), json!({"quantity": 2}));
    scene.refused("PATCH", &line, less, below).await?;
    let fulfilled = conflict("line_fulfilled").with(json!({"fulfilled": 3}));
    scene
        .refused("DELETE", &line, Value::Null, fulfilled)
        .await?;
    let more = scene.done("PATCH", &line, json!({"quantity": 4})).await?;
    ensure!(more["lines"][0]["quantity"] == 4, "additions are taken");
    Ok(())
}
