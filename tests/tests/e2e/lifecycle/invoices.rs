//! Invoice numbers.

use super::scene::{Scene, conflict, order};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::TestEnv;

super::register!("invoices":
    numbers_have_no_gaps_however_they_are_asked_for,
    two_calls_for_one_order_get_one_number;
    registers_are_nobody_elses_business,
);

async fn invoiced(scene: &Scene, path: &str) -> anyhow::Result<i64> {
    let told = scene
        .done("POST", &format!("{path}/invoice"), Value::Null)
        .await?;
    told["invoice_number"].as_i64().context("a number")
}

async fn numbers_have_no_gaps_however_they_are_asked_for(scene: &Scene) -> anyhow::Result<()> {
    let first = scene.placed().await?;
    ensure!(invoiced(scene, &first).await? == 1);
    ensure!(invoiced(scene, &first).await? == 1, "one invoice per order");
    let draft = json!({"platform": "web", "currency": "GBP"});
    let draft = scene.api.post("/v1/drafts", &draft).await?.expect(201)?;
    let draft = format!("{}/invoice", draft.header("location"));
    scene
        .refused("POST", &draft, Value::Null, conflict("order_is_draft"))
        .await?;
    let off = scene.placed().await?;
    scene
        .done("POST", &format!("{off}/cancel"), json!({"reason": "x"}))
        .await?;
    let off = format!("{off}/invoice");
    scene
        .refused("POST", &off, Value::Null, conflict("order_cancelled"))
        .await?;
    let second = scene.placed().await?;
    let stale = [("If-Match", "\"7\"")];
    let stale = scene
        .send("POST", &format!("{second}/invoice"), &Value::Null, &stale)
        .await?;
    stale.expect_problem(412, "precondition_failed")?;
    ensure!(
        invoiced(scene, &second).await? == 2,
        "no refusal used a number up"
    );
    let mut shop = order();
    shop["platform"] = json!("shop");
    let shop = scene.api.post("/v1/orders", &shop).await?.expect(201)?;
    ensure!(
        invoiced(scene, shop.header("location")).await? == 1,
        "another register"
    );
    let mut orders = Vec::new();
    for _ in 0..6 {
        orders.push(scene.placed().await?);
    }
    let racing = orders.iter().map(|path| invoiced(scene, path));
    let numbers = futures_util::future::try_join_all(racing).await?;
    let numbers: BTreeSet<i64> = numbers.into_iter().collect();
    ensure!(numbers == (3..=8).collect(), "{numbers:?}");
    Ok(())
}

async fn two_calls_for_one_order_get_one_number(scene: &Scene) -> anyhow::Result<()> {
    let path = scene.placed().await?;
    let calls = (0..4).map(|_| invoiced(scene, &path));
    let numbers = futures_util::future::try_join_all(calls).await?;
    ensure!(numbers == [1, 1, 1, 1], "{numbers:?}");
    // As if the process had ended between register and order.
    sqlx::query("DELETE FROM events WHERE event_type = 'InvoiceIssued'")
        .execute(&scene.log)
        .await?;
    let other = scene.placed().await?;
    ensure!(invoiced(scene, &other).await? == 2);
    // A number that was assigned has an invoice, whatever became of the order.
    let reason = json!({"reason": "ordered twice"});
    scene
        .done("POST", &format!("{path}/cancel"), reason)
        .await?;
    ensure!(invoiced(scene, &path).await? == 1, "the number that it had");
    Ok(())
}

async fn registers_are_nobody_elses_business(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::new(env).await?;
    let mut roles = Vec::new();
    for name in ["relay", "projector", "read-api"] {
        let mut role = env.role(name).spawn()?;
        role.ready().await?;
        roles.push(role);
    }
    let queries = scene.api.at(roles.last().context("the read API")?);
    let path = scene.placed().await?;
    let told = scene
        .done("POST", &format!("{path}/invoice"), Value::Null)
        .await?;
    let position = told["position"].as_str().unwrap_or_default();
    let read = queries.request(
        reqwest::Method::GET,
        &format!("{path}?min_position={position}"),
    );
    let read = tests::answer(read.header("Prefer", "wait=20, handling=strict")).await?;
    ensure!(read.expect(200)?.json["invoice_number"] == 1);
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    env.orderlog_ok(&["rebuild", "orders"]).await?;
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}
