//! Races for money.

use super::arena::{Arena, one_wins};
use anyhow::ensure;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tests::{TestEnv, on_servers};

pub fn trials() -> Vec<Trial> {
    vec![
        on_servers(
            "races::of_two_refunds_over_the_captured_amount_one_wins",
            of_two_refunds_one_wins,
        ),
        on_servers(
            "races::of_two_captures_over_the_authorised_amount_one_wins",
            of_two_captures_one_wins,
        ),
        on_servers(
            "races::of_a_void_and_a_capture_one_wins",
            of_a_void_and_a_capture_one_wins,
        ),
        on_servers(
            "races::a_pending_refund_reserves_against_a_racing_one",
            a_pending_refund_reserves,
        ),
    ]
}

fn authorized() -> (&'static str, Value) {
    let payment = json!({"amount": 10_000, "provider": "acme", "reference": "x"});
    ("/payments", payment)
}

fn captured() -> (&'static str, Value) {
    ("/payments/p1/capture", json!({"amount": 10_000}))
}

fn refund(more: Value) -> Value {
    let mut refund = json!({"payment_id": "p1", "amount": 6_000, "reason": "broken"});
    if let (Some(refund), Value::Object(more)) = (refund.as_object_mut(), more) {
        refund.extend(more);
    }
    refund
}

async fn of_two_refunds_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::new(env).await?;
    let racers = [
        ("/refunds", refund(json!({}))),
        ("/refunds", refund(json!({}))),
    ];
    arena
        .race(&[authorized(), captured()], racers, |round| {
            one_wins(round, &["refund_exceeds_captured"])?;
            ensure!(round.order["totals"]["refunded"] == 6_000);
            ensure!(round.order["refunds"].as_array().map(Vec::len) == Some(1));
            Ok(())
        })
        .await
}

async fn of_two_captures_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::new(env).await?;
    let capture = ("/payments/p1/capture", json!({"amount": 6_000}));
    arena
        .race(&[authorized()], [capture.clone(), capture], |round| {
            one_wins(round, &["capture_exceeds_authorized"])?;
            ensure!(round.order["totals"]["captured"] == 6_000);
            Ok(())
        })
        .await
}

async fn of_a_void_and_a_capture_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::variation(env).await?;
    let racers = [captured(), ("/payments/p1/void", json!({}))];
    arena
        .race(&[authorized()], racers, |round| {
            one_wins(round, &["payment_captured", "payment_ended"])?;
            let voided = round.order["payment_status"] == "voided";
            ensure!(voided == (round.order["totals"]["captured"] == 0));
            Ok(())
        })
        .await
}

async fn a_pending_refund_reserves(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::variation(env).await?;
    let racers = [
        ("/refunds", refund(json!({"pending": true}))),
        ("/refunds", refund(json!({}))),
    ];
    arena
        .race(&[authorized(), captured()], racers, |round| {
            one_wins(round, &["refund_exceeds_captured"])?;
            ensure!(round.order["refunds"].as_array().map(Vec::len) == Some(1));
            Ok(())
        })
        .await
}
