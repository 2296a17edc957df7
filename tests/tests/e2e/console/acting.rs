//! What is done to an order by forms alone.

use super::scene::{Page, Scene, Viewer};
use crate::people::town::{MARL, id_of};
use anyhow::{Result, ensure};
use serde_json::json;
use tests::TestEnv;

/// The page of an order whose payment of 7.50 GBP waits to be captured.
pub async fn authorized(scene: &Scene<'_>, viewer: &Viewer) -> Result<(String, Page)> {
    let path = scene.town.order(&MARL, None).await?;
    let payment = json!({"amount": 750, "provider": "cards"});
    let paid = scene
        .town
        .scene
        .api
        .post(&format!("{path}/payments"), &payment)
        .await?;
    let paid = paid.expect(200)?;
    scene.town.read(&path, &paid.json["position"]).await?;
    let page = format!("/console/orders/{}", id_of(&path)?);
    let shown = viewer.get(&page).await?.expect(200)?;
    Ok((path, shown))
}

pub async fn an_order_is_captured_shipped_returned_and_refunded_by_forms(
    env: &TestEnv,
) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let (path, page) = authorized(&scene, &viewer).await?;
    let page = viewer.submit(&page.text, "/actions/capture", &[]).await?;
    let page = page.shows("Captured.")?.shows(">paid<")?;
    let page = viewer
        .submit(&page.text, "/actions/fulfill", &[("quantity.l1", "2")])
        .await?;
    let page = page.shows(">partial<")?;
    let carrier = [("carrier", "Snail"), ("tracking_number", "S-1")];
    let page = viewer.submit(&page.text, "/actions/ship", &carrier).await?;
    let page = page.shows("Shipped.")?.shows("S-1")?;
    let page = viewer.submit(&page.text, "/actions/deliver", &[]).await?;
    let page = viewer
        .submit(&page.text, "/actions/return", &[("quantity.l1", "1")])
        .await?;
    let page = viewer.submit(&page.text, "/actions/approve", &[]).await?;
    let page = viewer.submit(&page.text, "/actions/receive", &[]).await?;
    let refund = [("amount", "2,50"), ("reason", "broken"), ("return", "r1")];
    let page = viewer
        .submit(&page.text, "/actions/refund", &refund)
        .await?;
    let page = page.shows("Refunded.")?.shows(">partially refunded<")?;
    let page = viewer.submit(&page.text, "/actions/close", &[]).await?;
    let page = viewer
        .submit(&page.text, "/actions/note", &[("text", "all is well")])
        .await?;
    let page = viewer
        .submit(&page.text, "/actions/tag", &[("tag", "a/b c")])
        .await?;
    let page = page.shows("all is well")?.shows("a/b c")?;
    let page = viewer.submit(&page.text, "/actions/untag", &[]).await?;
    for told in [
        "Payment captured",
        "Fulfillment shipped",
        "Return received",
        "Refund issued",
    ] {
        ensure!(page.text.contains(told), "{told} is not in {}", page.text);
    }
    let page = viewer.submit(&page.text, "/actions/invoice", &[]).await?;
    let id = id_of(&path)?;
    page.shows(&format!("/console/orders/{id}/files/invoice.pdf"))?;
    let invoice = viewer
        .get(&format!("/console/orders/{id}/files/packing_slip.pdf"))
        .await?;
    ensure!(invoice.expect(200)?.header("content-type") == "application/pdf");
    let order = scene.town.see(&path).await?.expect(200)?.json;
    ensure!(order["totals"]["refunded"] == 250, "{order}");
    ensure!(
        order["returns"][0]["status"] == "closed" && order["tags"] == json!([]),
        "{order}"
    );
    Ok(())
}

/// A form that is sent twice does once; one of an older version does nothing.
pub async fn a_refusal_is_told_with_its_figures_and_a_stale_form_does_nothing(
    env: &TestEnv,
) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let (path, page) = authorized(&scene, &viewer).await?;
    let refused = viewer
        .fill(&page.text, "/actions/capture", &[("amount", "99.99")])
        .await?;
    let refused = refused
        .expect(409)?
        .shows("99.99\u{a0}GBP")?
        .shows("7.50\u{a0}GBP")?;
    // It is said once.
    let id = id_of(&path)?;
    let again = viewer
        .get(&format!("/console/orders/{id}"))
        .await?
        .expect(200)?;
    again.hides("99.99")?;
    let wrong = viewer
        .fill(&refused.text, "/actions/capture", &[("amount", "x")])
        .await?;
    wrong.expect(400)?.shows("Nothing was done")?;
    let noted = viewer
        .submit(&page.text, "/actions/note", &[("text", "once")])
        .await?;
    noted.shows("Noted.")?;
    let twice = viewer
        .submit(&page.text, "/actions/note", &[("text", "once")])
        .await?;
    ensure!(
        twice.text.matches("once<br>").count() == 1,
        "{}",
        twice.text
    );
    let stale = viewer.fill(&page.text, "/actions/capture", &[]).await?;
    stale.expect(412)?.shows("Somebody has changed the order")?;
    let order = scene.town.see(&path).await?.expect(200)?.json;
    ensure!(order["totals"]["captured"] == 0, "{order}");
    ensure!(
        order["notes"].as_array().map(Vec::len) == Some(2),
        "{order}"
    );
    Ok(())
}

/// In the form that it was typed in, which is of the order as it is now.
pub async fn what_was_typed_outlives_a_refusal(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let (path, page) = authorized(&scene, &viewer).await?;
    let held = json!({"reason": "somebody was faster"});
    scene.town.on(&path, "hold", held).await?;
    let typed = "a long story <told> once";
    let note = [("text", typed)];
    let stale = viewer.fill(&page.text, "/actions/note", &note).await?;
    let stale = stale.expect(412)?.shows("Somebody has changed the order")?;
    let stale = stale.shows("a long story &lt;told&gt; once</textarea>")?;
    let stale = stale.shows("<details class=\"action\" open><summary>Note</summary>")?;
    let noted = viewer.submit(&stale.text, "/actions/note", &note).await?;
    let noted = noted.shows("Noted.")?;
    let amount = [("amount", "seven")];
    let wrong = viewer
        .fill(&noted.text, "/actions/capture", &amount)
        .await?;
    let again = super::html::form(&wrong.expect(400)?.text, "/actions/capture")?;
    ensure!(again.fields["amount"] == "seven", "{again:?}");
    // The address of a form is none of a page.
    let address = viewer.get(&again.action).await?.expect(303)?;
    let order = format!("/console/orders/{}", id_of(&path)?);
    ensure!(address.leads_to()? == order, "{address:?}");
    let part = viewer.get(&format!("{order}/actions")).await?.expect(200)?;
    let part = part.shows("/actions/note")?.hides("<html")?;
    part.hides(" open>")?;
    Ok(())
}

/// The views come after the log: a page that waits in vain says that it is an older one.
pub async fn what_is_not_shown_yet_is_said_to_be_so(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let path = scene.town.order(&MARL, None).await?;
    let page = format!("/console/orders/{}", id_of(&path)?);
    let behind = viewer.get(&format!("{page}?at_least=99")).await?;
    let behind = behind.expect(200)?.shows("is not shown yet")?;
    behind
        .shows(&format!("href=\"{page}?at_least=99\""))?
        .shows(MARL.note)?;
    let there = viewer.get(&format!("{page}?at_least=2")).await?;
    there.expect(200)?.hides("is not shown yet")?;
    Ok(())
}
