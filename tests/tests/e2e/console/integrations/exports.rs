//! Files of orders.

use super::until;
use crate::{
    console::{html, scene::Scene},
    people::town::{MARL, id_of},
};
use anyhow::{Context as _, Result, ensure};
use infra::hex::hex;
use sha2::{Digest as _, Sha256};
use tests::TestEnv;

const LIST: &str = "/console/exports";

pub async fn an_export_is_made_and_downloaded(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let order = id_of(&scene.town.order(&MARL, None).await?)?;
    let viewer = scene.viewer(None).await?;
    let page = viewer.get(LIST).await?.expect(200)?;
    let page = page.shows("There is no such export")?;
    let wanted = [("kind", "orders"), ("format", "csv"), ("platform", "web")];
    // What cannot be is told beside the form.
    let wrong = [&wanted[..], &[("status", "flying")]].concat();
    let refused = viewer.fill(&page.text, LIST, &wrong).await?.expect(422)?;
    refused.shows("/filters/status")?.shows("flying")?;

    let asked = viewer.submit(&page.text, LIST, &wanted).await?;
    asked.shows("orders as csv")?;
    let list = viewer.get(LIST).await?.expect(200)?;
    let path = html::link(&list.text, "/console/exports/").context("no export")?;
    let done = until(&viewer, &path, "SHA-256").await?;
    let done = done.shows("data-settled")?.shows("platform")?;
    let link = html::link(&done.text, "/file\"").context("no link")?;
    let file = viewer.get(&link).await?.expect(200)?;
    ensure!(
        file.header("content-disposition").contains(".csv"),
        "{file:?}"
    );
    ensure!(
        file.header("content-type").starts_with("text/csv"),
        "{file:?}"
    );
    let file = file.shows(&order.to_string())?.shows("#trailer")?;
    done.shows(&hex(&Sha256::digest(file.text.as_bytes())))?;

    let page = viewer.get(&path).await?.expect(200)?;
    let deleted = viewer.submit(&page.text, "/delete", &[]).await?;
    deleted.shows("The export was deleted")?.hides(&path)?;
    viewer.get(&link).await?.expect(404)?;
    Ok(())
}
