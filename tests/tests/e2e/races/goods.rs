//! Races for goods.

use super::arena::{Arena, one_wins};
use anyhow::ensure;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tests::{TestEnv, on_servers};

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
        of_a_fulfilment_and_a_cancellation_one_wins,
        of_shipping_and_unpacking_one_wins,
        of_two_fulfilments_of_the_same_units_one_wins,
        of_two_returns_of_the_last_unit_one_wins,
        of_an_edit_and_a_fulfilment_one_wins,
        of_called_off_lines_and_their_fulfilment_one_wins,
        nothing_ships_after_a_hold,
    ]
}

fn both() -> Value {
    json!({"lines": [{"line": "l1", "quantity": 2}]})
}

fn paid() -> (&'static str, Value) {
    (
        "/payments",
        json!({"amount": 10_000, "provider": "acme", "reference": "x"}),
    )
}

fn line(order: &Value, counter: &str) -> i64 {
    order["lines"][0][counter].as_i64().unwrap_or(i64::MIN)
}

async fn of_a_fulfilment_and_a_cancellation_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::new(env).await?;
    let racers = [
        ("/fulfillments", both()),
        ("/cancel", json!({"reason": "changed my mind"})),
    ];
    arena
        .race(&[], racers, |round| {
            one_wins(round, &["fulfillments_live", "order_cancelled"])?;
            let cancelled = round.order["status"] == "cancelled";
            ensure!(cancelled == (line(&round.order, "fulfilled_quantity") == 0));
            Ok(())
        })
        .await
}

async fn of_shipping_and_unpacking_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::variation(env).await?;
    let racers = [
        (
            "/fulfillments/f1/ship",
            json!({"carrier": "DHL", "tracking_number": "1"}),
        ),
        ("/fulfillments/f1/cancel", json!({"reason": "wrong box"})),
    ];
    arena
        .race(&[paid(), ("/fulfillments", both())], racers, |round| {
            one_wins(round, &["wrong_fulfillment_status"])?;
            let (fulfilled, shipped) = (
                line(&round.order, "fulfilled_quantity"),
                line(&round.order, "shipped_quantity"),
            );
            ensure!(
                fulfilled == shipped,
                "{fulfilled} fulfilled, {shipped} shipped"
            );
            Ok(())
        })
        .await
}

async fn of_two_fulfilments_of_the_same_units_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::variation(env).await?;
    let racers = [("/fulfillments", both()), ("/fulfillments", both())];
    arena
        .race(&[], racers, |round| {
            one_wins(round, &["exceeds_open"])?;
            ensure!(line(&round.order, "fulfilled_quantity") == 2);
            Ok(())
        })
        .await
}

async fn of_two_returns_of_the_last_unit_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::new(env).await?;
    let ship = json!({"carrier": "DHL", "tracking_number": "1"});
    let one = json!({"lines": [{"line": "l1", "quantity": 1, "reason": "broken"}]});
    let setup = [
        paid(),
        ("/fulfillments", both()),
        ("/fulfillments/f1/ship", ship),
        ("/returns", one.clone()),
    ];
    let racers = [("/returns", one.clone()), ("/returns", one)];
    arena
        .race(&setup, racers, |round| {
            one_wins(round, &["return_exceeds_shipped"])?;
            ensure!(line(&round.order, "return_requested_quantity") == 2);
            Ok(())
        })
        .await
}

/// The edit takes one of the two units away, the fulfilment wants both.
async fn of_an_edit_and_a_fulfilment_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    use super::arena::{Command, Round};
    let arena = Arena::new(env).await?;
    arena
        .rounds(|_| async {
            let (path, _) = arena.prepared(&[]).await?;
            let mut edit = Command::post(format!("{path}/lines/l1"), json!({"quantity": 1}));
            edit.method = reqwest::Method::PATCH;
            let fulfil = Command::post(format!("{path}/fulfillments"), both());
            let (left, right) = arena.at_once(&edit, &fulfil).await?;
            let order = arena.order(&path).await?;
            let round = Round { left, right, order };
            one_wins(&round, &["below_fulfilled", "exceeds_open"])?;
            let (ordered, fulfilled) = (
                line(&round.order, "quantity"),
                line(&round.order, "fulfilled_quantity"),
            );
            ensure!(
                [(1, 0), (2, 2)].contains(&(ordered, fulfilled)),
                "{}",
                round.order
            );
            Ok(())
        })
        .await
}

async fn of_called_off_lines_and_their_fulfilment_one_wins(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::variation(env).await?;
    let one = json!({"reason": "too many", "lines": [{"line": "l1", "quantity": 1}]});
    let racers = [("/cancel", one), ("/fulfillments", both())];
    arena
        .race(&[], racers, |round| {
            one_wins(round, &["exceeds_open"])?;
            let live = 2 - line(&round.order, "cancelled_quantity");
            ensure!(line(&round.order, "fulfilled_quantity") <= live);
            Ok(())
        })
        .await
}

/// Both succeed only where the parcel left first.
async fn nothing_ships_after_a_hold(env: &TestEnv) -> anyhow::Result<()> {
    let arena = Arena::variation(env).await?;
    let racers = [
        ("/hold", json!({"reason": "fraud check"})),
        (
            "/fulfillments/f1/ship",
            json!({"carrier": "DHL", "tracking_number": "1"}),
        ),
    ];
    arena
        .race(&[paid(), ("/fulfillments", both())], racers, |round| {
            ensure!(round.left.status == 200, "a hold is always taken");
            if round.right.status == 200 {
                let (held, shipped) = (&round.left.json["version"], &round.right.json["version"]);
                ensure!(held.as_i64() > shipped.as_i64(), "shipped after the hold");
                return Ok(());
            }
            ensure!(round.right.status == 409 && round.right.json["code"] == "on_hold");
            ensure!(line(&round.order, "shipped_quantity") == 0);
            Ok(())
        })
        .await
}
