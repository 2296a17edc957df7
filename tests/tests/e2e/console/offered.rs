//! What is offered of an order: what its state allows.

use super::{
    acting::authorized,
    scene::{Page, Scene, Viewer},
};
use crate::people::town::{MARL, id_of, order};
use anyhow::Result;
use infra::{config::Config, platforms::Platforms};
use serde_json::{Value, json};
use tests::TestEnv;

/// The page of a new draft.
async fn draft(scene: &Scene<'_>, viewer: &Viewer, body: &Value) -> Result<Page> {
    let begun = scene.town.scene.api.post("/v1/drafts", body).await?;
    let begun = begun.expect(201)?;
    let path = begun.header("location").to_owned();
    scene.town.read(&path, &begun.json["position"]).await?;
    let page = format!("/console/orders/{}", id_of(&path)?);
    viewer.get(&page).await?.expect(200)
}

pub async fn a_draft_is_placed_or_called_off(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let page = draft(&scene, &viewer, &order(&MARL, None)).await?;
    let page = page.hides("/actions/hold\"")?.hides("/actions/fulfill\"")?;
    let page = viewer.submit(&page.text, "/actions/complete", &[]).await?;
    let page = page.shows("Placed.")?.shows(">placed<")?;
    page.hides("/actions/complete\"")?
        .shows("/actions/hold\"")?;
    let empty = json!({"platform": "web", "currency": "GBP"});
    let page = draft(&scene, &viewer, &empty).await?;
    let page = page.hides("/actions/complete\"")?;
    let why = [("reason", "never mind")];
    let page = viewer.submit(&page.text, "/actions/cancel", &why).await?;
    let page = page.shows("Cancelled.")?.shows(">cancelled<")?;
    page.hides("/actions/cancel\"")?;
    Ok(())
}

pub async fn what_the_order_does_not_allow_is_not_offered(env: &TestEnv) -> Result<()> {
    // Nobody but the viewer voids anything.
    let platforms = json!({"default": {}, "web": {"on_cancellation": "nothing"}});
    let platforms: Platforms = serde_json::from_value(platforms)?;
    let of_ours = move |config: &mut Config| config.platforms = platforms.clone();
    let scene = Scene::open_with(env, of_ours).await?;
    let viewer = scene.viewer(None).await?;
    let (_, page) = authorized(&scene, &viewer).await?;
    let page = page.shows("/actions/cancel\"")?;
    let why = [("reason", "to be looked at")];
    let page = viewer.submit(&page.text, "/actions/hold", &why).await?;
    let page = viewer.submit(&page.text, "/actions/fulfill", &[]).await?;
    let page = page
        .hides("/actions/ship\"")?
        .shows("once no hold is on")?
        .hides("/actions/cancel\"")?;
    let page = viewer.submit(&page.text, "/actions/release", &[]).await?;
    let page = page.shows("/actions/ship\"")?;
    let page = viewer
        .submit(&page.text, "/actions/cancel_fulfillment", &[])
        .await?;
    let page = page.shows("/actions/cancel\"")?;
    let page = viewer.submit(&page.text, "/actions/cancel", &why).await?;
    let page = page
        .hides("/actions/capture\"")?
        .hides("/actions/fulfill\"")?
        .hides("/actions/hold\"")?
        .shows("/actions/note\"")?;
    let page = viewer.submit(&page.text, "/actions/void", &[]).await?;
    page.shows(">voided<")?.hides("/actions/void\"")?;
    Ok(())
}
