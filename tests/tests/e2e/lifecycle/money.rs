//! Payments, captures, refunds, chargebacks, credits.

use super::scene::{Scene, conflict, invalid, not_found};
use anyhow::ensure;
use serde_json::{Value, json};

super::register!("money":
    a_payment_is_authorised_and_captured,
    a_pending_movement_is_settled_once,
    a_payment_ends_untouched,
    money_goes_back_for_a_reason,
    banks_and_merchants_take_and_give,
);

async fn a_payment_is_authorised_and_captured(scene: &Scene) -> anyhow::Result<()> {
    let path = format!("{}/payments", scene.placed().await?);
    let euros = json!({"amount": 4_400, "currency": "EUR"});
    let mismatch = invalid("currency_mismatch", "/currency");
    let mismatch = mismatch.with(json!({"expected": "GBP", "given": "EUR"}));
    scene.refused("POST", &path, euros, mismatch).await?;
    let nothing = invalid("amount_not_positive", "/amount").with(json!({"amount": 0}));
    scene
        .refused("POST", &path, json!({"amount": 0}), nothing)
        .await?;
    let card =
        json!({"amount": 4_400, "currency": "GBP", "provider": "stripe", "reference": "pi_1"});
    let authorised = scene.done("POST", &path, card).await?;
    ensure!(authorised["payment_id"] == "p1" && authorised["payment_status"] == "authorized");
    let capture = format!("{path}/p1/capture");
    let too_much = conflict("capture_exceeds_authorized").at("/amount");
    let too_much = too_much.with(json!({"requested": 4_401, "capturable": 4_400}));
    scene
        .refused("POST", &capture, json!({"amount": 4_401}), too_much)
        .await?;
    let part = json!({"amount": 400, "occurred_at": "2026-01-01T00:00:00Z"});
    let part = scene.done("POST", &capture, part).await?;
    ensure!(part["capture_id"] == "c1" && part["payment_status"] == "partially_paid");
    ensure!(part["payments"][0]["captures"][0]["at"] == "2026-01-01T00:00:00Z");
    let rest = scene.done("POST", &capture, Value::Null).await?;
    ensure!(rest["totals"]["captured"] == 4_400 && rest["payment_status"] == "paid");
    for unknown in ["p9", &"p".repeat(256)] {
        let missing = not_found("payment_not_found");
        let path = format!("{path}/{unknown}/capture");
        scene.refused("POST", &path, Value::Null, missing).await?;
    }
    Ok(())
}

async fn a_pending_movement_is_settled_once(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    scene
        .done(
            "POST",
            &format!("{path}/payments"),
            json!({"amount": 4_400}),
        )
        .await?;
    let capture = format!("{path}/payments/p1/capture");
    let pending = scene
        .done("POST", &capture, json!({"pending": true}))
        .await?;
    ensure!(pending["capture_id"] == "c1" && pending["totals"]["captured"] == 0);
    scene
        .done(
            "POST",
            &format!("{path}/captures/c1/fail"),
            json!({"reason": "declined"}),
        )
        .await?;
    scene
        .done("POST", &capture, json!({"pending": true}))
        .await?;
    let settled = scene
        .done("POST", &format!("{path}/captures/c2/succeed"), Value::Null)
        .await?;
    ensure!(settled["totals"]["captured"] == 4_400);
    for (capture, refusal) in [
        ("c1", conflict("already_settled").with(json!({"id": "c1"}))),
        ("c9", not_found("capture_not_found")),
    ] {
        let path = format!("{path}/captures/{capture}/succeed");
        scene.refused("POST", &path, Value::Null, refusal).await?;
    }
    let refund = json!({"payment_id": "p1", "amount": 100, "reason": "late", "pending": true});
    for (id, how, refunded) in [("rf1", "fail", 0), ("rf2", "succeed", 100)] {
        let asked = scene
            .done("POST", &format!("{path}/refunds"), refund.clone())
            .await?;
        ensure!(asked["refund_id"] == id && asked["totals"]["refunded"] == 0);
        let path = format!("{path}/refunds/{id}/{how}");
        let settled = scene.done("POST", &path, Value::Null).await?;
        ensure!(settled["totals"]["refunded"] == refunded, "{settled}");
        let again = conflict("already_settled");
        scene.refused("POST", &path, Value::Null, again).await?;
    }
    let unknown = format!("{path}/refunds/rf9/fail");
    scene
        .refused("POST", &unknown, Value::Null, not_found("refund_not_found"))
        .await
}

async fn a_payment_ends_untouched(scene: &Scene) -> anyhow::Result<()> {
    let path = format!("{}/payments", scene.placed().await?);
    for _ in 0..3 {
        scene.done("POST", &path, json!({"amount": 4_400})).await?;
    }
    let voided = scene
        .done("POST", &format!("{path}/p1/void"), json!({"reason": "x"}))
        .await?;
    ensure!(voided["payments"][0]["status"] == "voided");
    let failed = scene
        .done("POST", &format!("{path}/p2/fail"), Value::Null)
        .await?;
    ensure!(failed["payments"][1]["status"] == "failed");
    let ended = conflict("payment_ended");
    scene
        .refused("POST", &format!("{path}/p1/capture"), Value::Null, ended)
        .await?;
    scene
        .done("POST", &format!("{path}/p3/capture"), json!({"amount": 1}))
        .await?;
    for action in ["void", "fail"] {
        let captured = conflict("payment_captured").with(json!({"captured": 1, "pending": 0}));
        let path = format!("{path}/p3/{action}");
        scene.refused("POST", &path, Value::Null, captured).await?;
    }
    Ok(())
}

async fn money_goes_back_for_a_reason(scene: &Scene) -> anyhow::Result<()> {
    let path = format!("{}/refunds", scene.paid().await?);
    let refund = |amount: i64, more: Value| {
        let mut body = json!({"payment_id": "p1", "amount": amount, "reason": "late"});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    };
    let over = json!({"requested": 5_000, "refundable": 4_400});
    let overpaid = json!({"requested": 1, "overpaid": 0});
    for (body, refusal) in [
        (
            json!({"payment_id": "p1", "amount": 1}),
            invalid("reason_required", "/reason"),
        ),
        (
            refund(5_000, json!({})),
            conflict("refund_exceeds_captured").at("/amount").with(over),
        ),
        (
            refund(1, json!({"payment_id": "p9"})),
            invalid("payment_not_found", "/payment_id"),
        ),
        (
            refund(1, json!({"purpose": "return"})),
            invalid("purpose_needs_return", "/purpose"),
        ),
        (
            refund(1, json!({"return_id": "r1"})),
            invalid("return_not_found", "/return_id"),
        ),
        (
            refund(1, json!({"purpose": "overpayment"})),
            conflict("refund_exceeds_overpayment")
                .at("/amount")
                .with(overpaid),
        ),
    ] {
        scene.refused("POST", &path, body, refusal).await?;
    }
    let refunded = scene.done("POST", &path, refund(400, json!({}))).await?;
    ensure!(refunded["refund_id"] == "rf1" && refunded["refunds"][0]["purpose"] == "goodwill");
    ensure!(refunded["totals"]["balance_due"] == 0 && refunded["totals"]["refunded"] == 400);
    Ok(())
}

async fn banks_and_merchants_take_and_give(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.paid().await?;
    let (credits, chargebacks) = (format!("{path}/credits"), format!("{path}/chargebacks"));
    let creditable = json!({"requested": 4_401, "creditable": 4_400});
    let too_much = conflict("credit_exceeds_total")
        .at("/amount")
        .with(creditable);
    scene
        .refused("POST", &credits, json!({"amount": 4_401}), too_much)
        .await?;
    let scratched = json!({"amount": 300, "reason": "scratched"});
    let credited = scene.done("POST", &credits, scratched).await?;
    ensure!(credited["credit_id"] == "cr1" && credited["totals"]["balance_due"] == -300);
    let chargeback = |amount: i64| json!({"payment_id": "p1", "amount": amount});
    let chargeable = json!({"requested": 4_401, "chargeable": 4_400});
    let too_much = conflict("chargeback_exceeds_captured")
        .at("/amount")
        .with(chargeable);
    scene
        .refused("POST", &chargebacks, chargeback(4_401), too_much)
        .await?;
    let taken = scene.done("POST", &chargebacks, chargeback(4_400)).await?;
    ensure!(taken["chargeback_id"] == "cb1" && taken["chargebacks"][0]["amount"] == 4_400);
    Ok(())
}
