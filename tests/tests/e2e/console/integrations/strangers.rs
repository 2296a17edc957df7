//! People whose keys are for something else.

use super::operations::upload;
use crate::console::{
    html,
    scene::{Scene, Viewer},
};
use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use tests::TestEnv;
use uuid::Uuid;

const PAGES: [&str; 4] = [
    "/console/webhooks",
    "/console/operations",
    "/console/exports",
    "/console/keys",
];

/// What the forms of all pages lead to, on something that may not even be there.
fn forms() -> Vec<String> {
    let id = Uuid::from_u128(7);
    let webhooks = ["change", "state", "rotate", "delete", "ping", "replay"];
    let webhooks = webhooks.map(|action| format!("/console/webhooks/{id}/{action}"));
    let others = [
        "/console/webhooks".to_owned(),
        format!("/console/webhooks/{id}/deliveries/{id}/retry"),
        format!("/console/operations/{id}/cancel"),
        "/console/exports".to_owned(),
        format!("/console/exports/{id}/cancel"),
        format!("/console/exports/{id}/delete"),
        "/console/keys".to_owned(),
        "/console/keys/key_1/revoke".to_owned(),
    ];
    webhooks.into_iter().chain(others).collect()
}

/// The tokens of a viewer's session.
async fn tokens(viewer: &Viewer, page: &str) -> Result<BTreeMap<String, String>> {
    let page = viewer.get(page).await?.expect(200)?;
    Ok(html::form(&page.text, "/sign-out")?.fields)
}

/// Whoever writes the form by hand is refused by the API, in its words: on a page, or on
/// the one that the form leads back to.
async fn is_refused(viewer: &Viewer, path: &str, fields: &BTreeMap<String, String>) -> Result<()> {
    let answer = viewer.post(path, fields).await?;
    if answer.status == 403 {
        return answer.shows("scope").map(|_| ());
    }
    let back = answer.expect(303)?;
    let back = viewer.get(back.leads_to()?).await?;
    ensure!(
        back.status == 403 || back.text.contains("scope"),
        "{path}: {back:?}"
    );
    Ok(())
}

pub async fn who_may_do_none_of_it_sees_none_of_it(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(Some(&["orders:read"])).await?;
    let orders = viewer.get("/console/orders").await?.expect(200)?;
    for page in PAGES {
        ensure!(!orders.text.contains(page), "{page} is shown");
        viewer.get(page).await?.expect(403)?.shows("scope")?;
    }
    let tokens = tokens(&viewer, "/console/orders").await?;
    for form in forms() {
        is_refused(&viewer, &form, &tokens).await?;
    }
    let pairs: Vec<(&str, &str)> = tokens
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    upload(&viewer, &[("format", "ndjson")], &pairs)
        .await?
        .expect(403)?;
    let keys = scene.town.see("/v1/operations").await?.expect(200)?;
    ensure!(
        keys.json["data"].as_array().is_some_and(Vec::is_empty),
        "{}",
        keys.json
    );
    Ok(())
}

pub async fn who_may_only_read_is_offered_nothing_else(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let scopes = ["webhooks:read", "operations:read", "exports:read"];
    let viewer = scene.viewer(Some(&scopes)).await?;
    for page in &PAGES[..3] {
        let shown = viewer.get(page).await?.expect(200)?;
        let forms = html::forms(&shown.text);
        // To sign out, and to choose what is listed.
        let other = forms
            .iter()
            .find(|form| form.fields.contains_key("csrf") && !form.action.ends_with("/sign-out"));
        ensure!(other.is_none(), "{page}: {other:?}");
    }
    let tokens = tokens(&viewer, PAGES[0]).await?;
    for form in forms() {
        is_refused(&viewer, &form, &tokens).await?;
    }
    Ok(())
}
