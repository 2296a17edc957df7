//! What no command takes.

use super::scene::{Scene, malformed, not_found};
use anyhow::ensure;
use serde_json::{Value, json};

super::register!("bad_input":
    what_is_no_text_is_pointed_at,
    what_is_not_known_is_refused,
    what_is_too_large_is_refused,
    a_body_may_be_left_out_only_where_nothing_is_needed,
);

async fn what_is_no_text_is_pointed_at(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.paid().await?;
    let long = "x".repeat(2_001);
    for (command, body, pointer) in [
        ("cancel", json!({"reason": ""}), "/reason"),
        ("cancel", json!({"reason": "  "}), "/reason"),
        ("hold", json!({"reason": "a\u{0}b"}), "/reason"),
        ("hold", json!({"reason": "x", "handle": ""}), "/handle"),
        ("confirm", json!({"reason": long}), "/reason"),
        ("confirm", json!({"raeson": "typo"}), "/raeson"),
        ("notes", json!({"text": " "}), "/text"),
        ("payments", json!({"amount": 1.5}), "/amount"),
        ("payments", json!({"amount": "1"}), "/amount"),
        (
            "payments",
            json!({"amount": 1, "currency": "XXX"}),
            "/currency",
        ),
        (
            "payments",
            json!({"amount": 1, "provider": "\u{7}"}),
            "/provider",
        ),
        (
            "refunds",
            json!({"payment_id": "", "amount": 1, "reason": "x"}),
            "/payment_id",
        ),
        (
            "refunds",
            json!({"payment_id": "p1", "amount": 1, "purpose": "fun"}),
            "/purpose",
        ),
        ("discounts", json!({"percent": 12.5}), "/percent"),
        ("discounts", json!({"percent": "101"}), "/percent"),
        (
            "fulfillments",
            json!({"lines": [{"line": "l1"}]}),
            "/lines/0/quantity",
        ),
        (
            "fulfillments",
            json!({"lines": [{"line": 1, "quantity": 1}]}),
            "/lines/0/line",
        ),
        (
            "returns/r1/exchange_link",
            json!({"exchange_order_id": "x"}),
            "/exchange_order_id",
        ),
    ] {
        let path = format!("{path}/{command}");
        scene
            .refused("POST", &path, body, malformed(pointer))
            .await?;
    }
    let country = json!({"country": "Germany"});
    let path = format!("{path}/shipping_address");
    scene
        .refused("PUT", &path, country, malformed("/country"))
        .await
}

async fn what_is_not_known_is_refused(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.paid().await?;
    let long = "x".repeat(256);
    let control = "%00";
    for (method, part, code) in [
        ("DELETE", format!("lines/{control}"), "line_not_found"),
        ("DELETE", format!("discounts/{long}"), "discount_not_found"),
        ("POST", "payments/p9/void".to_owned(), "payment_not_found"),
        (
            "POST",
            "captures/c9/succeed".to_owned(),
            "capture_not_found",
        ),
        ("POST", "refunds/rf9/succeed".to_owned(), "refund_not_found"),
        (
            "POST",
            "fulfillments/f9/deliver".to_owned(),
            "fulfillment_not_found",
        ),
        ("POST", "returns/r9/close".to_owned(), "return_not_found"),
    ] {
        let path = format!("{path}/{part}");
        scene
            .refused(method, &path, Value::Null, not_found(code))
            .await?;
    }
    let upper = path.to_uppercase().replace("/V1/ORDERS", "/v1/orders");
    for unknown in [
        "/v1/orders/01990000-0000-7000-8000-000000000000",
        "/v1/orders/17",
        &upper,
    ] {
        let path = format!("{unknown}/confirm");
        scene
            .refused("POST", &path, Value::Null, not_found("order_not_found"))
            .await?;
    }
    Ok(())
}

async fn what_is_too_large_is_refused(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    let before = scene.events().await?;
    let units = json!({"line": "l1", "quantity": 1});
    let line = json!({"sku": "A", "name": "x", "quantity": 1, "unit_price": 1});
    let order = json!({"platform": "web", "currency": "GBP", "lines": vec![line; 10_000]});
    for (path, body) in [
        (
            format!("{path}/notes"),
            json!({"text": "x".repeat(1 << 20)}),
        ),
        (
            format!("{path}/fulfillments"),
            json!({"lines": vec![units; 10_000]}),
        ),
        ("/v1/orders".to_owned(), order),
    ] {
        let refused = scene.send("POST", &path, &body, &[]).await?;
        refused.expect_problem(413, "body_too_large")?;
    }
    // Small enough to be sent, too many all the same.
    let many = json!({"lines": vec![json!({"line": "l1", "quantity": 1}); 6_000]});
    let refused = scene
        .send("POST", &format!("{path}/fulfillments"), &many, &[])
        .await?;
    refused.expect_problem(422, "duplicate_line")?;
    ensure!(scene.events().await? == before);
    Ok(())
}

async fn a_body_may_be_left_out_only_where_nothing_is_needed(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    for (command, pointer) in [
        ("notes", "/text"),
        ("payments", "/amount"),
        ("lines", "/sku"),
    ] {
        let path = format!("{path}/{command}");
        scene
            .refused("POST", &path, Value::Null, malformed(pointer))
            .await?;
    }
    let confirm = format!("{path}/confirm");
    let plain = scene.api.request(reqwest::Method::POST, &confirm);
    let plain = plain.header("content-type", "text/plain").body("{}");
    tests::answer(plain)
        .await?
        .expect_problem(415, "unsupported_media_type")?;
    scene.done("POST", &confirm, Value::Null).await?;
    Ok(())
}
