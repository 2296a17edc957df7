//! The page of the pipeline.

use super::scene::Scene;
use crate::people::town::{MARL, id_of, order};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tests::{TestEnv, wait_until};

const PAGE: &str = "/console/pipeline";

pub async fn an_event_is_seen_at_every_stage(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    scene.town.order(&MARL, None).await?;
    let viewer = scene.viewer(None).await?;
    let page = viewer.get(PAGE).await?.expect(200)?;
    let page = page.shows("data-refresh=\"/console/pipeline/live\"")?;
    for stage in ["Log", "Relay", "Kafka", "Projections", "Views"] {
        ensure!(page.text.contains(&format!("<h2>{stage}</h2>")), "{stage}");
    }
    page.shows("Nothing is parked")?;
    // All of it has arrived, and the API says the same.
    let live = format!("{PAGE}/live");
    wait_until("the relay and the views to be up to date", async || {
        let part = viewer.get(&live).await?.expect(200)?;
        ensure!(!part.text.contains("<html") && part.text.contains("class=\"flow\""));
        let told = scene.town.see("/v1/admin/pipeline").await?.expect(200)?;
        let arrived = told.json["relay"]["events"] == 0
            && told.json["relay"]["position"] == told.json["log"]["position"];
        let shown = part.text.matches("0 events, 0.0 s").count() >= 2;
        let position = told.json["log"]["position"].to_string();
        let position = part.text.contains(&format!("<dd>{position}</dd>"));
        Ok((arrived && shown && position).then_some(()))
    })
    .await?;
    let one = viewer.get(&format!("{PAGE}/projections/orders")).await?;
    let one = one.expect(200)?.shows("orders.events.v1")?;
    ensure!(one.text.matches("data-label=\"Next offset\"").count() == 12);
    let unknown = viewer.get(&format!("{PAGE}/projections/nothing")).await?;
    unknown.expect(404)?;
    Ok(())
}

/// The views refuse an order: it is parked, and driven again by a form.
pub async fn a_parked_order_is_driven_again_from_the_page(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let views = infra::postgres::pool(&env.config.views_url, 1)?;
    let refuse =
        "ALTER TABLE orders ADD CONSTRAINT refused CHECK (external_id <> 'W-1' OR version < 2)";
    sqlx::query(refuse).execute(&views).await?;
    let mut body = order(&MARL, None);
    body["external_id"] = "W-1".into();
    let placed = scene.town.scene.api.post("/v1/orders", &body).await?;
    let path = placed.expect(201)?.header("location").to_owned();
    scene
        .town
        .on(&path, "notes", json!({"text": "ring"}))
        .await?;
    let id = id_of(&path)?.to_string();

    let viewer = scene.viewer(None).await?;
    let page = wait_until("the order to be parked", async || {
        let page = viewer.get(PAGE).await?.expect(200)?;
        Ok(page.text.contains(&id).then_some(page))
    })
    .await?;
    let one = format!("{PAGE}/parked/one?projection=orders&id={id}");
    let told = scene.town.see(&format!("/v1/admin/parked/{id}")).await?;
    let told = told.expect(200)?.json;
    let reason = told["reason"].as_str().context("no reason")?;
    // Up to what is written otherwise in HTML.
    let reason = reason.split(['"', '<', '>', '&', '\'']).next();
    let reason = reason.context("no reason")?.to_owned();
    let shown = viewer.get(&one).await?.expect(200)?.shows(&reason)?;
    shown.shows("order.note_added")?;
    let record = &told["records"][0];
    let (partition, offset) = (&record["partition"], &record["offset"]);
    let whole = one.replace("/one?", "/record?");
    let whole = format!("{whole}&partition={partition}&offset={offset}");
    let whole = viewer.get(&whole).await?.expect(200)?;
    ensure!(Some(whole.text.as_str()) == record["value"].as_str());
    let page = page.shows(&reason)?;

    // The cause is still there: it stays, with one try more.
    let form = format!("id={id}");
    let listed = viewer.submit(&page.text, &form, &[]).await?;
    listed.shows("It is driven again in a moment.")?;
    wait_until("the try in vain", async || {
        let told = scene.town.see(&format!("/v1/admin/parked/{id}")).await?;
        let told = told.expect(200)?.json;
        let tried = told["attempts"].as_i64() >= Some(1);
        Ok((tried && told["redrive_requested_at"].is_null()).then_some(()))
    })
    .await?;

    sqlx::query("ALTER TABLE orders DROP CONSTRAINT refused")
        .execute(&views)
        .await?;
    let page = viewer.get(PAGE).await?.expect(200)?;
    viewer
        .submit(&page.text, "/parked/redrive-all", &[])
        .await?;
    wait_until("the order to be applied", async || {
        let read = scene.town.see(&path).await?.expect(200)?;
        Ok((read.json["version"] == 2).then_some(()))
    })
    .await?;
    let list = viewer
        .get(&format!("{PAGE}/parked?projection=orders"))
        .await?;
    list.expect(200)?.shows("Nothing is parked.")?;
    Ok(())
}

pub async fn a_projection_is_made_anew_from_the_page(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let path = scene.town.order(&MARL, None).await?;
    let viewer = scene.viewer(None).await?;
    let page = format!("{PAGE}/projections/orders");
    let shown = viewer.get(&page).await?.expect(200)?;
    let shown = viewer.submit(&shown.text, "/rebuild", &[]).await?;
    shown.shows("A build is asked for")?;
    wait_until("the build to be served", async || {
        let builds = "/v1/admin/projections/orders/rebuild";
        let told = scene.town.see(builds).await?.expect(200)?.json;
        let newest: &Value = &told["data"][0];
        Ok((newest["state"] == "done" && newest["reason"] == "requested").then_some(()))
    })
    .await?;
    let live = viewer.get(&format!("{page}/live")).await?.expect(200)?;
    live.shows("requested")?.shows(">done<")?;
    let read = scene.town.see(&path).await?.expect(200)?;
    ensure!(read.json["version"] == 2, "{}", read.json);
    // None is open any more: the refusal of the API is told.
    let shown = viewer.get(&page).await?.expect(200)?;
    let shown = viewer.submit(&shown.text, "/orders/cancel", &[]).await?;
    shown.shows("class=\"notice refused\"")?;
    Ok(())
}

pub async fn a_cached_order_is_purged_from_the_page(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let path = scene.town.order(&MARL, None).await?;
    wait_until("the order to be cached", async || {
        let read = scene.town.see(&path).await?.expect(200)?;
        Ok((!read.header("age").is_empty()).then_some(()))
    })
    .await?;
    let viewer = scene.viewer(None).await?;
    let page = viewer.get(PAGE).await?.expect(200)?.shows("<meter ")?;
    let id = id_of(&path)?.to_string();
    let nothing = [("family", "orders"), ("match", ""), ("key", id.as_str())];
    let refused = viewer.submit(&page.text, "/cache/purge", &nothing).await?;
    refused.shows("nothing was deleted")?;
    let which = [("family", "orders"), ("match", "key"), ("key", id.as_str())];
    let purged = viewer.submit(&page.text, "/cache/purge", &which).await?;
    let purged = purged.shows("Deleted from the cache: 1.")?;
    let again = viewer.submit(&purged.text, "/cache/purge", &which).await?;
    again.shows("Deleted from the cache: 0.")?;
    let wrong = [("family", "nothing"), ("match", ""), ("key", "")];
    let refused = viewer.submit(&page.text, "/cache/purge", &wrong).await?;
    refused
        .shows("class=\"notice refused\"")?
        .shows("/family")?;
    Ok(())
}

pub async fn a_schedule_rests_from_the_page(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let page = wait_until("the schedules", async || {
        let page = viewer.get(PAGE).await?.expect(200)?;
        Ok(page.text.contains("jobs-retention").then_some(page))
    })
    .await?;
    let page = viewer
        .submit(&page.text, "/jobs-retention/pause", &[])
        .await?;
    let page = page.shows("jobs-retention is paused.")?;
    let told = scene.town.see("/v1/admin/schedules").await?.expect(200)?;
    let paused = |told: &Value| {
        let all = told["data"].as_array().into_iter().flatten();
        let mut named = all.filter(|schedule| schedule["name"] == "jobs-retention");
        named
            .next()
            .is_some_and(|schedule| schedule["paused"] == true)
    };
    ensure!(paused(&told.json), "{}", told.json);
    let page = viewer
        .submit(&page.text, "/jobs-retention/resume", &[])
        .await?;
    page.shows("jobs-retention goes on.")?;
    Ok(())
}

pub async fn a_section_that_cannot_be_had_leaves_the_others(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let ops = infra::postgres::pool(&env.config.ops_url, 1)?;
    sqlx::query("ALTER TABLE job_schedules RENAME TO job_schedules_elsewhere")
        .execute(&ops)
        .await?;
    let page = viewer.get(PAGE).await?.expect(200)?;
    let page = page.shows("<h2>Log</h2>")?.shows("Redis answers")?;
    page.shows("Try again in a moment")?
        .hides("jobs-retention")?;
    let cache = viewer.get(&format!("{PAGE}/cache/live")).await?;
    cache.expect(200)?.shows("Redis answers")?.hides("<html")?;
    sqlx::query("ALTER TABLE job_schedules_elsewhere RENAME TO job_schedules")
        .execute(&ops)
        .await?;
    wait_until("the schedules to be back", async || {
        let page = viewer.get(PAGE).await?.expect(200)?;
        Ok(page.text.contains("jobs-retention").then_some(()))
    })
    .await
}

pub async fn a_key_without_the_scope_is_shown_no_pipeline(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let admin = scene.viewer(None).await?;
    let other = scene.viewer(Some(&["orders:read"])).await?;
    let own = other.get("/console/orders").await?.expect(200)?;
    let own = own.hides("href=\"/console/pipeline\"")?;
    for path in [PAGE, "/console/pipeline/live", "/console/pipeline/parked"] {
        other.get(path).await?.expect(403)?.shows("admin")?;
    }
    // With the form of somebody who may, and a token of their own.
    let page = admin.get(PAGE).await?.expect(200)?;
    let token = super::html::form(&own.text, "/console/sign-out")?;
    let token = token.fields.get("csrf").context("no token")?.clone();
    let mut form = super::html::form(&page.text, "/cache/purge")?;
    form.fields.insert("csrf".to_owned(), token);
    let sent = other.post(&form.action, &form.fields).await?.expect(303)?;
    let page = other.get(sent.leads_to()?).await?.expect(403)?;
    page.shows("admin")?;
    Ok(())
}
