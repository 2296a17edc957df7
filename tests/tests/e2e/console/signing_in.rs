//! Who gets in, and what they see.

use super::scene::{SESSION, Scene, Viewer};
use crate::people::town::{MARL, id_of};
use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use tests::{TestEnv, wait_until};

pub async fn a_key_signs_in_and_leads_back_to_what_was_asked_for(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.stranger()?;
    let asked = viewer.get("/console/orders?q=secret").await?.expect(303)?;
    ensure!(asked.leads_to()? == "/console/sign-in", "{asked:?}");
    ensure!(!asked.cookies().any(|cookie| cookie.contains("secret")));
    viewer
        .get("/console/sign-in")
        .await?
        .expect(200)?
        .shows("API key")?;
    let key = scene.key(None).await?;
    let signed_in = viewer.sign_in(&key).await?.expect(303)?;
    ensure!(signed_in.leads_to()? == "/console/orders?q=secret");
    let mut cookies = signed_in.cookies();
    let session = cookies.find(|cookie| cookie.starts_with(&format!("{SESSION}=")));
    let session = session.context("no session")?;
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/console", "Max-Age="] {
        ensure!(session.contains(flag), "{session}");
    }
    ensure!(
        !session.contains(&key) && !session.contains("Secure"),
        "{session}"
    );
    let page = viewer.get("/console/orders").await?.expect(200)?;
    ensure!(!page.text.contains(&key), "the key is on a page");
    let page = viewer.submit(&page.text, "/console/sign-out", &[]).await?;
    page.shows("API key")?;
    viewer.get("/console/orders").await?.expect(303)?;
    Ok(())
}

/// A browser sends no cookie of ours where a link of a chat is followed, nor after a
/// redirect of that: the page that it is answered with leads to the same address.
pub async fn a_link_of_another_site_leads_to_its_page(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let path = "/console/orders?q=nobody";
    let from = |site: &'static str, viewer: &Viewer| {
        let request = viewer.request(Method::GET, path);
        let request = request.header("sec-fetch-site", site);
        let request = request.header("sec-fetch-mode", "navigate");
        request.header("sec-fetch-dest", "document")
    };
    let stranger = scene.stranger()?;
    let arrived = stranger.send(from("cross-site", &stranger)).await?;
    let arrived = arrived.expect(200)?.hides("API key")?;
    arrived.shows(&format!("content=\"0;url={path}\""))?;
    // The page itself asks from here, with the cookie of whoever is signed in.
    let viewer = scene.viewer(None).await?;
    let shown = viewer.send(from("same-origin", &viewer)).await?;
    shown.expect(200)?.shows("No order is like that")?;
    // Nobody goes around in circles.
    let asked = stranger.send(from("same-origin", &stranger)).await?;
    ensure!(asked.expect(303)?.leads_to()? == "/console/sign-in");
    Ok(())
}

pub async fn what_is_no_key_stays_outside(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.stranger()?;
    for (key, status) in [("ol_abcdefgh_unknown", 401), ("\u{e9}", 401), ("", 400)] {
        let refused = viewer.sign_in(key).await?.expect(status)?;
        ensure!(refused.cookies().next().is_none(), "{refused:?}");
    }
    // Whoever asks for parts of pages is told so, as no form would help.
    let request = viewer.request(Method::GET, "/console/orders/changes");
    let request = request.header("accept", "text/event-stream");
    viewer.send(request).await?.expect(401)?;
    let forged = viewer.request(Method::GET, "/console/orders");
    let forged = forged.header(
        "cookie",
        format!("{SESSION}=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    );
    viewer.send(forged).await?.expect(303)?;
    Ok(())
}

/// Neither where somebody was nor what was done for them is left to whoever comes next.
pub async fn nothing_outlives_a_session(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let stranger = scene.stranger()?;
    // What a page asks for is no page to go back to.
    let image = stranger.request(Method::GET, "/console/orders?q=secret");
    let image = image.header("sec-fetch-dest", "image");
    let asked = stranger.send(image).await?;
    ensure!(asked.cookies().next().is_none(), "{asked:?}");
    let viewer = scene.viewer(None).await?;
    let page = viewer.get("/console/orders").await?.expect(200)?;
    let form = super::html::form(&page.text, "/console/sign-out")?;
    let out = viewer.post(&form.action, &form.fields).await?.expect(303)?;
    let gone = out.cookies().filter(|cookie| cookie.contains("Max-Age=0"));
    let mut gone: Vec<&str> = gone.filter_map(|cookie| cookie.split('=').next()).collect();
    gone.sort_unstable();
    let names = ["", "_back", "_notice"].map(|end| format!("{SESSION}{end}"));
    ensure!(gone == names, "{out:?}");
    Ok(())
}

pub async fn a_revoked_key_ends_its_session(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    viewer.get("/console/orders").await?.expect(200)?;
    let keys = scene
        .town
        .views()
        .get("/v1/api_keys")
        .await?
        .expect(200)?
        .json;
    let mut keys = keys["data"].as_array().context("no keys")?.iter();
    let key = keys.find(|key| key["name"] == "viewer").context("no key")?;
    let path = format!("/v1/api_keys/{}", key["id"].as_str().context("no id")?);
    let revoke = scene.town.scene.api.request(Method::DELETE, &path);
    ensure!(revoke.send().await?.status().is_success());
    wait_until("the session to end", async || {
        let page = viewer.get("/console/orders").await?;
        Ok((page.status == 303).then_some(()))
    })
    .await?;
    // The session itself is gone, not only refused.
    let page = viewer.get("/console/sign-in").await?.expect(200)?;
    page.shows("API key")?;
    Ok(())
}

/// Hidden where nobody may, and refused where somebody tries all the same.
pub async fn what_a_key_is_not_for_is_not_shown_and_refused(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let path = scene.town.order(&MARL, None).await?;
    let page = format!("/console/orders/{}", id_of(&path)?);
    let writer = scene.viewer(None).await?;
    let with_forms = writer
        .get(&page)
        .await?
        .expect(200)?
        .shows("/actions/note")?;
    let reader = scene.viewer(Some(&["orders:read"])).await?;
    let shown = reader.get(&page).await?.expect(200)?;
    let shown = shown.shows(MARL.name)?.hides("/actions/")?;
    shown.hides("Webhooks")?;
    // With a form of somebody else's, and a token of their own.
    let own = reader.get("/console/orders").await?;
    let own = super::html::form(&own.text, "/console/sign-out")?;
    let mut form = super::html::form(&with_forms.text, "/actions/note")?;
    let token = own.fields.get("csrf").context("no token")?.clone();
    form.fields.insert("csrf".to_owned(), token);
    form.fields.insert("text".to_owned(), "never".to_owned());
    let sent = reader.post(&form.action, &form.fields).await?.expect(403)?;
    sent.shows("orders:write")?.hides("never")?;
    let other = scene.viewer(Some(&["statistics:read"])).await?;
    other
        .get("/console/orders")
        .await?
        .expect(403)?
        .shows("orders:read")?;
    Ok(())
}
