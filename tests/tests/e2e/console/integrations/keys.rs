//! Keys that people make.

use super::secret;
use crate::console::scene::Scene;
use anyhow::{Result, ensure};
use tests::{TestEnv, wait_until};

const LIST: &str = "/console/keys";

pub async fn a_key_is_made_shown_once_and_revoked(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let page = viewer.get(LIST).await?.expect(200)?;
    let none = [("name", "till"), ("which", "some")];
    viewer.fill(&page.text, LIST, &none).await?.expect(400)?;
    let past = [
        ("name", "till <1>"),
        ("which", "some"),
        ("scope", "orders:read"),
        ("expires_at", "2020-01-01T00:00"),
    ];
    let refused = viewer.fill(&page.text, LIST, &past).await?.expect(422)?;
    let refused = refused
        .shows("has to be in the future")?
        .shows("till &lt;1&gt;")?;

    let wanted = [
        ("expires_at", "2099-01-01T00:00"),
        ("which", "some"),
        ("scope", "orders:read"),
        ("name", "till <1>"),
        ("platform", "web"),
    ];
    let made = viewer
        .fill(&refused.text, LIST, &wanted)
        .await?
        .expect(200)?;
    let key = secret(&made)?;
    ensure!(made.header("cache-control") == "no-store");
    let list = viewer.get(LIST).await?.expect(200)?;
    let list = list
        .hides(&key)?
        .shows("till &lt;1&gt;")?
        .shows("orders:read")?;
    // It is what it was made for.
    let till = scene.stranger()?;
    till.sign_in(&key).await?.expect(303)?;
    till.get("/console/orders").await?.expect(200)?;
    till.get(LIST).await?.expect(403)?;

    // The newest is the first.
    let page = viewer.submit(&list.text, "/revoke", &[]).await?;
    page.shows("The key was revoked")?.shows(">revoked<")?;
    wait_until("the key to be refused", async || {
        let refused = scene.stranger()?.sign_in(&key).await?;
        Ok((refused.status == 401).then_some(()))
    })
    .await
}
