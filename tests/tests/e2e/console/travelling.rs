//! Orders as they were, and their events.

use super::scene::Scene;
use crate::people::town::{MARL, id_of};
use anyhow::{Result, ensure};
use serde_json::json;
use tests::{TestEnv, wait_until};

pub async fn an_order_is_shown_as_it_was(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let path = scene.town.order(&MARL, None).await?;
    let left = scene
        .town
        .on(&path, "hold", json!({"reason": "wait"}))
        .await?;
    scene.town.read(&path, &left["position"]).await?;
    let viewer = scene.viewer(None).await?;
    let page = format!("/console/orders/{}", id_of(&path)?);
    let now = viewer.get(&page).await?.expect(200)?;
    let now = now
        .shows("Version 3 of 3")?
        .shows("On hold since")?
        .shows("/actions/")?;
    // Who, why and in which trace.
    let now = now.shows("“wait”")?.shows(" · version 3")?;
    ensure!(now.text.matches(" · trace <code>").count() == 3);
    now.shows("<time datetime=")?.shows(MARL.note)?;
    let was = viewer
        .get(&format!("{page}?version=1"))
        .await?
        .expect(200)?;
    let was = was
        .shows("Version 1 of 3")?
        .hides("On hold since")?
        .hides("/actions/")?;
    was.hides(MARL.note)?;
    let story = viewer
        .get(&format!("{page}/story?after=2&currency=GBP"))
        .await?
        .expect(200)?;
    ensure!(story.text.matches("<li ").count() == 1, "{}", story.text);
    story.shows("Hold placed")?;
    viewer
        .get(&format!("{page}?version=99"))
        .await?
        .expect(404)?;
    Ok(())
}

pub async fn one_event_is_shown_as_it_is_published(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let path = scene.town.order(&MARL, None).await?;
    let viewer = scene.viewer(None).await?;
    let page = format!("/console/orders/{}/events/2", id_of(&path)?);
    let shown = wait_until("the event to be published", async || {
        let shown = viewer.get(&page).await?.expect(200)?;
        Ok(shown.text.contains("specversion").then_some(shown))
    })
    .await?;
    let shown = shown.shows("Note added")?.shows("order.note_added")?;
    shown.shows("What changed")?.shows(MARL.note)?;
    let whole = viewer.get(&format!("{page}/whole")).await?.expect(200)?;
    ensure!(whole.header("content-type") == "application/json");
    whole.shows("\"specversion\"")?.hides("<html")?;
    let none = format!("/console/orders/{}/events/99", id_of(&path)?);
    viewer.get(&none).await?.expect(404)?;
    Ok(())
}
