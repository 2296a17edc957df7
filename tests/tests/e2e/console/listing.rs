//! The list of orders.

use super::{html, scene::Scene};
use crate::people::town::{MARL, QUILL, id_of, order};
use anyhow::{Context as _, Result, ensure};
use futures_util::StreamExt as _;
use reqwest::Method;
use tests::{DEADLINE, TestEnv};
use tokio::time::timeout;

/// Bytes that a page may have.
const LARGEST: usize = 100 << 10;

pub async fn an_order_is_found_by_a_misspelt_name(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let wanted = id_of(&scene.town.order(&QUILL, None).await?)?;
    let other = id_of(&scene.town.order(&MARL, None).await?)?;
    let viewer = scene.viewer(None).await?;
    let all = viewer.get("/console/orders").await?.expect(200)?;
    all.shows(&wanted.to_string())?.shows(&other.to_string())?;
    let found = viewer
        .get("/console/orders?q=zabrowsky&status=placed")
        .await?;
    let found = found.expect(200)?.shows(QUILL.name)?;
    found.hides(&other.to_string())?;
    let none = viewer
        .get("/console/orders?q=nobodyatall")
        .await?
        .expect(200)?;
    none.shows("No order is like that")?;
    let counted = viewer
        .get("/console/orders?counts=yes")
        .await?
        .expect(200)?;
    counted.shows("/console/orders?platform=web")?;
    Ok(())
}

pub async fn a_list_is_walked_both_ways_and_stays_small(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let mut last = None;
    for number in 0..55 {
        let mut body = order(&MARL, None);
        body["external_id"] = format!("W-{number}").into();
        let placed = scene.town.scene.api.post("/v1/orders", &body).await?;
        last = Some(placed.expect(201)?);
    }
    let last = last.context("no order")?;
    scene
        .town
        .read(last.header("location"), &last.json["position"])
        .await?;
    let viewer = scene.viewer(None).await?;
    let path = "/console/orders?sort=-created_at&columns=number,external_id,customer,total";
    let first = viewer.get(path).await?.expect(200)?;
    ensure!(first.text.len() < LARGEST, "{} bytes", first.text.len());
    ensure!(html::link(&first.text, "rel=\"prev\"").is_none());
    let next = html::link(&first.text, "rel=\"next\"").context("no next page")?;
    ensure!(
        next.contains("columns=") && next.contains("sort="),
        "{next}"
    );
    let second = viewer.get(&next).await?.expect(200)?.shows("W-0<")?;
    let previous = html::link(&second.text, "rel=\"prev\"").context("no page before")?;
    let again = viewer.get(&previous).await?.expect(200)?;
    again.shows("W-54<")?.hides("W-0<")?;
    Ok(())
}

/// The badge of a value takes that one away, and a second value of a facet is added.
pub async fn values_of_a_facet_come_and_go_one_by_one(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    scene.town.order(&MARL, None).await?;
    let viewer = scene.viewer(None).await?;
    let path = "/console/orders?status=cancelled&status=draft&counts=yes";
    let both = viewer.get(path).await?.expect(200)?;
    both.shows("No order is like that")?
        .shows("href=\"/console/orders?status=cancelled&amp;counts=yes\"")?
        .shows("href=\"/console/orders?status=draft&amp;counts=yes\"")?;
    let one = "/console/orders?platform=web&platform=default&status=placed&counts=yes";
    let one = viewer.get(one).await?.expect(200)?.shows(MARL.name)?;
    let fewer = "href=\"/console/orders?status=placed&amp;platform=default&amp;counts=yes\"";
    one.shows(fewer)?;
    Ok(())
}

/// The history of a shop is recorded long after it was placed.
pub async fn the_newest_orders_are_those_that_were_placed_last(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    for (external, day) in [("NEW-1", "2024-02-02"), ("OLD-1", "2020-02-02")] {
        let mut body = order(&MARL, None);
        body["external_id"] = external.into();
        body["placed_at"] = format!("{day}T08:00:00Z").into();
        let placed = scene.town.scene.api.post("/v1/orders", &body).await?;
        let placed = placed.expect(201)?;
        let path = placed.header("location");
        scene.town.read(path, &placed.json["position"]).await?;
    }
    let viewer = scene.viewer(None).await?;
    for (query, first, second) in [
        ("", "NEW-1<", "OLD-1<"),
        ("&sort=placed_at", "OLD-1<", "NEW-1<"),
    ] {
        for page in ["/console/orders", "/console/orders/rows"] {
            let path = format!("{page}?columns=number,external_id{query}");
            let list = viewer.get(&path).await?.expect(200)?;
            let place = |text| list.text.find(text).context("it is not in the list");
            ensure!(place(first)? < place(second)?, "{path}: {}", list.text);
        }
    }
    Ok(())
}

/// The event, then the row that it is about.
pub async fn changes_are_told_as_they_come(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(Some(&["orders:read"])).await?;
    let request = viewer.request(Method::GET, "/console/orders/changes");
    let request = request.header("accept", "text/event-stream");
    let stream = request.send().await?.error_for_status()?;
    ensure!(stream.headers()["content-type"] == "text/event-stream");
    let mut pieces = stream.bytes_stream();
    let id = id_of(&scene.town.order(&MARL, None).await?)?.to_string();
    let mut told = String::new();
    let told = timeout(DEADLINE, async {
        while !told.contains(&id) {
            let piece = pieces.next().await.context("the stream has ended")??;
            told.push_str(&String::from_utf8_lossy(&piece));
        }
        anyhow::Ok(told)
    });
    ensure!(told.await??.contains("\"version\""));
    // Whoever asks for the head alone has an answer that ends, and the connection again.
    let head = viewer.request(Method::HEAD, "/console/orders/changes");
    let head = timeout(DEADLINE, viewer.send(head)).await??.expect(200)?;
    ensure!(head.header("content-type") == "text/event-stream");
    let row = viewer
        .get(&format!("/console/orders/{id}/row?version=1"))
        .await?;
    let row = row.expect(200)?.shows(MARL.name)?;
    ensure!(row.text.starts_with("<tr "), "{}", row.text);
    Ok(())
}
