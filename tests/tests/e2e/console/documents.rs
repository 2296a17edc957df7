//! Documents of an order, as its page leads to them.

use super::scene::Scene;
use crate::people::town::{MARL, id_of};
use anyhow::Result;
use serde_json::json;
use tests::TestEnv;

pub async fn every_parcel_and_every_credit_has_its_document(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let path = scene.town.order(&MARL, None).await?;
    let payment = json!({"amount": 750, "provider": "cards"});
    let paid = scene.town.on(&path, "payments", payment).await?;
    scene.town.read(&path, &paid["position"]).await?;
    let own = format!("/console/orders/{}", id_of(&path)?);
    let page = viewer.get(&own).await?.expect(200)?;
    let page = viewer.submit(&page.text, "/actions/capture", &[]).await?;
    let one = [("quantity.l1", "1")];
    let page = viewer.submit(&page.text, "/actions/fulfill", &one).await?;
    let page = page.shows("packing_slip.pdf?fulfillment=f1")?;
    let page = page.hides(&format!("{own}/credit_notes"))?;
    let page = viewer.submit(&page.text, "/actions/invoice", &[]).await?;
    let page = page.shows(&format!("data-load=\"{own}/credit_notes\""))?;
    let notes = viewer.get(&format!("{own}/credit_notes")).await?;
    notes.expect(200)?.shows("No credit note")?;
    let scratch = [("amount", "1.00"), ("reason", "a scratch")];
    let page = viewer
        .submit(&page.text, "/actions/refund", &scratch)
        .await?;
    viewer
        .submit(&page.text, "/actions/refund", &scratch)
        .await?;
    let notes = viewer.get(&format!("{own}/credit_notes")).await?;
    let notes = notes.expect(200)?.shows("Credit note 1<")?;
    notes.shows("Credit note 2<")?.hides("Credit note 3<")?;
    for (file, status) in [
        ("credit_note.pdf?number=2", 200),
        ("packing_slip.pdf?fulfillment=f1", 200),
        ("packing_slip.pdf?fulfillment=f9", 404),
    ] {
        let file = viewer.get(&format!("{own}/files/{file}")).await?;
        file.expect(status)?;
    }
    Ok(())
}
