//! Which orders are archived.

use super::scene::{Stage, ensure_same};
use crate::process::scene::{id_of, order};
use anyhow::{Context as _, Result, ensure};
use infra::config::Config;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

fn after_thirty_days(config: &mut Config) {
    config.archive_after_days = 30;
}

/// A credit note of somebody else.
fn credit() -> Value {
    json!({
        "platform": "web", "external_id": "C-1", "kind": "credit", "currency": "GBP",
        "placed_at": "2020-01-01T00:00:00Z",
        "lines": [{"sku": "LAMP", "name": "Lamp", "quantity": -1, "unit_price": 1_000}],
    })
}

/// Orders that are over, by name.
async fn over(stage: &Stage<'_>) -> Result<BTreeMap<&'static str, Uuid>> {
    let shop = &stage.shop;
    let shipped = sold(stage).await?;
    let delivered = sold(stage).await?;
    let body = json!({});
    shop.command(delivered, "fulfillments/f1/deliver", body)
        .await?;
    let cancelled = shop.place("web").await?;
    shop.cancel(cancelled).await?;
    let voided = shop.place("web").await?;
    shop.authorize(voided).await?;
    shop.command(voided, "payments/p1/void", json!({})).await?;
    shop.cancel(voided).await?;
    let declined = sold(stage).await?;
    requested(stage, declined).await?;
    shop.command(
        declined,
        "returns/r1/decline",
        json!({"reason": "too late"}),
    )
    .await?;
    let credit = shop.api.post("/v1/orders/import", &credit()).await?;
    Ok(BTreeMap::from([
        ("shipped", shipped),
        ("delivered", delivered),
        ("cancelled", cancelled),
        ("voided", voided),
        ("declined", declined),
        ("credit", id_of(&credit.expect(201)?.json)?),
    ]))
}

/// Paid for and shipped.
async fn sold(stage: &Stage<'_>) -> Result<Uuid> {
    let order = stage.shop.place("web").await?;
    stage.shop.pay(order).await?;
    stage.shop.ship(order).await?;
    Ok(order)
}

async fn requested(stage: &Stage<'_>, order: Uuid) -> Result<()> {
    let lines = json!([{"line": "l1", "quantity": 1, "reason": "broken"}]);
    let body = json!({ "lines": lines });
    stage.shop.command(order, "returns", body).await?;
    Ok(())
}

/// Orders on which something is to be done, by name.
async fn open(stage: &Stage<'_>) -> Result<BTreeMap<&'static str, Uuid>> {
    let shop = &stage.shop;
    let unpaid = shop.place("web").await?;
    let unfulfilled = shop.place("web").await?;
    shop.pay(unfulfilled).await?;
    let packed = shop.place("web").await?;
    shop.pay(packed).await?;
    let lines = json!({"lines": [{"line": "l1", "quantity": 1}]});
    shop.command(packed, "fulfillments", lines).await?;
    let on_credit = shop.place("web").await?;
    shop.authorize(on_credit).await?;
    shop.ship(on_credit).await?;
    let held = sold(stage).await?;
    shop.command(held, "hold", json!({"reason": "look at it"}))
        .await?;
    let returning = sold(stage).await?;
    requested(stage, returning).await?;
    let authorised = sold(stage).await?;
    shop.authorize(authorised).await?;
    let refunding = sold(stage).await?;
    let refund = json!({"payment_id": "p1", "amount": 100, "reason": "late", "pending": true});
    shop.command(refunding, "refunds", refund).await?;
    let owed = sold(stage).await?;
    let chargeback = json!({"payment_id": "p1", "amount": 1_000, "reason": "not me"});
    shop.command(owed, "chargebacks", chargeback).await?;
    let draft = shop.api.post("/v1/drafts", &order("web")).await?;
    Ok(BTreeMap::from([
        ("unpaid", unpaid),
        ("unfulfilled", unfulfilled),
        ("packed", packed),
        ("on credit", on_credit),
        ("held", held),
        ("returning", returning),
        ("authorised", authorised),
        ("refunding", refunding),
        ("owed", owed),
        ("draft", id_of(&draft.expect(201)?.json)?),
    ]))
}

/// Those that have been archived so often, by name.
async fn archived(
    stage: &Stage<'_>,
    orders: &BTreeMap<&'static str, Uuid>,
    times: usize,
) -> Result<Vec<String>> {
    let mut archived = Vec::new();
    for (name, order) in orders {
        let events = stage.shop.events(*order).await?;
        if events
            .iter()
            .filter(|event| *event == "OrderArchived")
            .count()
            == times
        {
            archived.push((*name).to_owned());
        }
    }
    Ok(archived)
}

pub async fn what_is_over_is_archived_and_nothing_else(env: &TestEnv) -> Result<()> {
    let stage = Stage::start(env, after_thirty_days).await?;
    let over = over(&stage).await?;
    let mut others = open(&stage).await?;
    others.insert("young", sold(&stage).await?);
    let put_away = sold(&stage).await?;
    stage.shop.command(put_away, "archive", json!({})).await?;
    let worker = stage.worker().await?;
    stage.age_all_but(&[others["young"]]).await?;

    let job = stage.begin("orders-archive").await?;
    let result = stage.done(job).await?;
    ensure!(
        result == json!({"archived": over.len(), "repeated": 0, "changed": 0, "refused": 0}),
        "{result}"
    );
    let names = over.keys().map(|name| (*name).to_owned()).collect();
    ensure_same("archived", archived(&stage, &over, 1).await?, names)?;
    ensure_same("open", archived(&stage, &others, 1).await?, Vec::new())?;
    let archived_at_all = stage.events_of("OrderArchived").await?.0;
    ensure!(archived_at_all == i64::try_from(over.len() + 1)?);
    // By the worker, because of the job.
    let said = stage.last_said(over["shipped"]).await?;
    ensure!(said["causation_id"] == job.to_string(), "{said}");

    // Lists tell it once the views have followed; and nothing is left to be done.
    stage.until_followed().await?;
    let list = stage.shop.api.at(&stage.read_api);
    let list = list.get("/v1/orders?archived=true").await?.expect(200)?;
    let listed = list.json["data"].as_array().context("a list")?.len();
    ensure!(listed == over.len() + 1, "{}", list.json);
    let again = stage.run("orders-archive").await?;
    ensure!(again["archived"] == 0 && again["repeated"] == 0, "{again}");
    wait_until("the metric of the schedule", async || {
        let metrics = reqwest::get(format!("{}/metrics", worker.url())).await?;
        let metrics = metrics.text().await?;
        let name = "orderlog_schedule_last_success_timestamp_seconds";
        let series = format!("{name}{{schedule=\"orders-archive\"}} ");
        Ok(metrics.contains(&series).then_some(()))
    })
    .await?;
    ensure!(worker.terminate().await?.success());
    Ok(())
}

pub async fn an_order_that_was_changed_meanwhile_is_left_alone(env: &TestEnv) -> Result<()> {
    let mut stage = Stage::start(env, after_thirty_days).await?;
    let orders = BTreeMap::from([
        ("first", sold(&stage).await?),
        ("changed", sold(&stage).await?),
        ("last", sold(&stage).await?),
    ]);
    let _worker = stage.worker().await?;
    stage.age_all_but(&[]).await?;
    // The views know nothing of what happens from now on.
    stage.stop_projector().await?;
    let note = json!({"text": "they have called"});
    stage.shop.command(orders["changed"], "notes", note).await?;
    let result = stage.run("orders-archive").await?;
    ensure!(
        result == json!({"archived": 2, "repeated": 0, "changed": 1, "refused": 0}),
        "{result}"
    );
    let names = || ["first", "last"].map(str::to_owned).to_vec();
    ensure_same("archived", archived(&stage, &orders, 1).await?, names())?;

    // Another job sends the same commands under the same keys.
    let result = stage.run("orders-archive").await?;
    ensure!(
        result == json!({"archived": 0, "repeated": 2, "changed": 1, "refused": 0}),
        "{result}"
    );
    ensure_same(
        "archived once",
        archived(&stage, &orders, 1).await?,
        names(),
    )?;
    // What was changed is archived once it has been quiet for as long again.
    stage.start_projector().await?;
    stage.until_followed().await?;
    let result = stage.run("orders-archive").await?;
    ensure!(
        result["archived"] == 0 && result["changed"] == 0,
        "{result}"
    );
    stage.age_all_but(&[]).await?;
    let result = stage.run("orders-archive").await?;
    ensure!(
        result["archived"] == 1 && result["repeated"] == 0,
        "{result}"
    );
    Ok(())
}

pub async fn nothing_is_archived_unless_somebody_has_asked_for_it(env: &TestEnv) -> Result<()> {
    let stage = Stage::start(env, |_| {}).await?;
    let order = sold(&stage).await?;
    let _worker = stage.worker().await?;
    stage.age_all_but(&[]).await?;
    let result = stage.run("orders-archive").await?;
    ensure!(
        result == json!({"off": "archive_after_days is 0"}),
        "{result}"
    );
    ensure!(
        !stage
            .shop
            .events(order)
            .await?
            .contains(&"OrderArchived".to_owned())
    );
    let listed = env.orderlog_ok(&["schedules", "list"]).await?;
    let told = listed
        .lines()
        .find(|line| line.starts_with("orders-archive"));
    let told = told.context("no such schedule")?;
    ensure!(told.ends_with("off: archive_after_days is 0"), "{told}");
    let api = stage.shop.api.at(&stage.read_api);
    let listed = api.get("/v1/admin/schedules").await?.expect(200)?.json;
    let listed = listed["data"].as_array().context("a list")?;
    let off: BTreeMap<_, _> = listed
        .iter()
        .map(|schedule| (schedule["name"].as_str(), &schedule["off"]))
        .collect();
    ensure!(
        off[&Some("orders-archive")] == "archive_after_days is 0",
        "{off:?}"
    );
    ensure!(off[&Some("statistics-warm-up")].is_null(), "{off:?}");
    Ok(())
}
