//! Endpoints and deliveries.

use super::{secret, until};
use crate::{
    console::{html, scene::Scene},
    webhooks::{
        receiver::{Receiver, Reply, first_time},
        scene::loopback,
    },
};
use anyhow::{Context as _, Result, ensure};
use tests::TestEnv;

const LIST: &str = "/console/webhooks";

pub async fn an_endpoint_is_made_pinged_retried_and_deleted(env: &TestEnv) -> Result<()> {
    let refuse = first_time(|_| Reply::Status(500, "", "<b>not now</b>"));
    let receiver = Receiver::start(refuse).await?;
    let scene = Scene::open_with(env, loopback).await?;
    let viewer = scene.viewer(None).await?;
    let list = viewer.get(LIST).await?.expect(200)?;
    let list = list.shows("Nobody is told of events")?;

    // What cannot be an endpoint is told beside the form, which keeps what was typed.
    let wrong = [
        ("url", "ftp://elsewhere"),
        ("which", "all"),
        ("description", "the ERP"),
    ];
    let refused = viewer.fill(&list.text, LIST, &wrong).await?.expect(422)?;
    refused.shows("/url")?.shows("the ERP")?;
    let told = [("url", receiver.url.as_str()), ("which", "all")];
    let made = viewer.fill(&list.text, LIST, &told).await?.expect(200)?;
    let signs = secret(&made)?;
    ensure!(signs.starts_with("whsec_"), "{signs}");
    ensure!(made.header("cache-control") == "no-store");
    let path = html::link(&made.text, "button primary").context("no way on")?;
    let page = viewer.get(&path).await?.expect(200)?;
    let page = page.hides(&signs)?.shows("nothing sent yet")?;

    viewer.submit(&page.text, "/ping", &[]).await?;
    let pings = receiver.until(1).await?;
    ensure!(pings[0].is_signed_by(&signs)?);
    let listed = viewer.get(&path).await?.expect(200)?;
    let delivery = html::link(&listed.text, "/deliveries/").context("no delivery")?;
    let failed = until(&viewer, &delivery, ">500<").await?;
    let failed = failed.hides("<b>not now")?.shows(pings[0].id())?;
    let body = viewer.get(&format!("{delivery}/body")).await?.expect(200)?;
    ensure!(body.header("content-type") == "application/json");
    let again = viewer.submit(&failed.text, "/retry", &[]).await?;
    again.shows("It is sent once more")?;
    receiver.until(2).await?;
    let delivered = until(&viewer, &delivery, ">delivered<").await?;
    delivered.shows("data-settled")?;
    until(&viewer, &path, ">healthy<").await?;

    let page = viewer.get(&path).await?.expect(200)?;
    let page = viewer.submit(&page.text, "/replay", &[]).await?;
    let page = page.shows("once more")?;
    let rotated = viewer.fill(&page.text, "/rotate", &[]).await?.expect(200)?;
    ensure!(secret(&rotated)? != signs);
    let page = viewer.submit(&page.text, "/state", &[]).await?;
    let page = page.shows(">disabled<")?.hides("/ping\"")?;
    let page = viewer.submit(&page.text, "/delete", &[]).await?;
    page.shows("The endpoint was deleted")?
        .hides(&receiver.url)?;
    viewer.get(&path).await?.expect(404)?;
    Ok(())
}
