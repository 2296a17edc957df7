//! Races for being the one: the same order, the same key.

use super::arena::{Arena, Command, order};
use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tests::{Answer, TestEnv, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! races {
        ($($race:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("races::", stringify!($race)),
                async |env: &TestEnv| $race(env).await,
            )),+]
        };
    }
    races![
        two_imports_of_one_order_store_it_once,
        of_two_imports_with_other_content_one_wins,
        of_two_orders_with_one_external_id_one_wins,
        one_key_sent_twice_creates_one_order,
        one_key_sent_twice_captures_once,
    ]
}

fn import(number: usize, price: i64) -> Value {
    json!({
        "platform": "old", "external_id": format!("R-{number}"), "currency": "GBP",
        "placed_at": "2026-01-01T00:00:00Z",
        "lines": [{"sku": "LAMP", "name": "Lamp", "quantity": 2, "unit_price": price}],
        "payments": [{"amount": price * 2}],
    })
}

/// The statuses of both answers, the smaller first.
fn statuses(left: &Answer, right: &Answer) -> (u16, u16) {
    let (left, right) = (left.status.as_u16(), right.status.as_u16());
    (left.min(right), left.max(right))
}

async fn two_imports_of_one_order_store_it_once(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::new(env).await?;
    arena
        .rounds(|number| {
            let body = import(number, 5_000);
            let arena = &arena;
            async move {
                let send = Command::post("/v1/orders/import", body);
                let (left, right) = arena.at_once(&send, &send).await?;
                ensure!(statuses(&left, &right) == (200, 201), "{}", right.json);
                ensure!(left.json["order_id"] == right.json["order_id"]);
                // Imported, authorised, captured: once.
                ensure!(left.json["version"] == 3 && right.json["version"] == 3);
                Ok(())
            }
        })
        .await
}

async fn of_two_imports_with_other_content_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::variation(env).await?;
    arena
        .rounds(|number| {
            let (one, other) = (import(number, 5_000), import(number, 6_000));
            let arena = &arena;
            async move {
                let path = "/v1/orders/import";
                let (left, right) = arena
                    .at_once(&Command::post(path, one), &Command::post(path, other))
                    .await?;
                ensure!(
                    statuses(&left, &right) == (201, 409),
                    "{} {}",
                    left.json,
                    right.json
                );
                let lost = if left.status == 409 { &left } else { &right };
                ensure!(lost.json["code"] == "import_differs", "{}", lost.json);
                Ok(())
            }
        })
        .await
}

async fn of_two_orders_with_one_external_id_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::variation(env).await?;
    arena
        .rounds(|number| {
            let mut body = order();
            body["external_id"] = json!(format!("W-{number}"));
            let arena = &arena;
            async move {
                let [mut left, mut right] =
                    [0, 1].map(|_| Command::post("/v1/orders", body.clone()));
                left.key = Some(format!("left-{number}"));
                right.key = Some(format!("right-{number}"));
                let (left, right) = arena.at_once(&left, &right).await?;
                ensure!(
                    statuses(&left, &right) == (201, 409),
                    "{} {}",
                    left.json,
                    right.json
                );
                let (won, lost) = if left.status == 409 {
                    (&right, &left)
                } else {
                    (&left, &right)
                };
                ensure!(lost.json["code"] == "external_id_taken", "{}", lost.json);
                ensure!(lost.json["order_id"] == won.json["order_id"]);
                Ok(())
            }
        })
        .await
}

/// A double submit: both get the same answer, and one of them says so.
fn twins(left: &Answer, right: &Answer) -> anyhow::Result<()> {
    ensure!(
        left.status == right.status,
        "{} {}",
        left.status,
        right.status
    );
    ensure!(left.json == right.json, "{}\n{}", left.json, right.json);
    let replays = [left, right].map(|a| a.header("idempotent-replayed") == "true");
    ensure!(replays.iter().filter(|r| **r).count() == 1, "{replays:?}");
    Ok(())
}

async fn one_key_sent_twice_creates_one_order(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::new(env).await?;
    arena
        .rounds(|number| {
            let arena = &arena;
            async move {
                let mut send = Command::post("/v1/orders", order());
                send.key = Some(format!("submit-{number}"));
                let (left, right) = arena.at_once(&send, &send).await?;
                ensure!(left.status == 201, "{}", left.json);
                twins(&left, &right)?;
                ensure!(left.json["version"] == 1);
                Ok(())
            }
        })
        .await
}

async fn one_key_sent_twice_captures_once(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::variation(env).await?;
    let payment = json!({"amount": 10_000, "provider": "acme", "reference": "x"});
    let setup = [("/payments", payment)];
    arena
        .rounds(|number| {
            let (arena, setup) = (&arena, &setup);
            async move {
                let (path, _) = arena.prepared(setup).await?;
                let to = format!("{path}/payments/p1/capture");
                let mut send = Command::post(to, json!({"amount": 4_000}));
                send.key = Some(format!("capture-{number}"));
                let (left, right) = arena.at_once(&send, &send).await?;
                twins(&left, &right)?;
                let order = arena.order(&path).await?;
                let captured = order["totals"]["captured"].as_i64().context("no sum")?;
                ensure!(captured == 4_000, "{captured} captured");
                Ok(())
            }
        })
        .await
}
