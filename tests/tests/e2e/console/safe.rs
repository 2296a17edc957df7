//! What a browser is kept to, and what others can make it do: nothing.

use super::{html, scene::Scene};
use crate::people::town::{MARL, QUILL, id_of, order};
use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::json;
use tests::{TestEnv, wait_until};

pub async fn every_answer_keeps_a_browser_to_what_is_ours(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    let page = viewer.get("/console/orders").await?.expect(200)?;
    for path in [
        "/console/orders",
        "/console/sign-in",
        "/console/nothing",
        "/console/orders/x",
    ] {
        let answer = viewer.get(path).await?;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            ensure!(policy.contains(part), "{path}: {policy}");
        }
        ensure!(!policy.contains("unsafe"), "{policy}");
        ensure!(answer.header("referrer-policy") == "same-origin");
        ensure!(answer.header("x-content-type-options") == "nosniff");
        ensure!(answer.header("cache-control") == "no-store", "{path}");
    }
    ensure!(!page.text.contains(" style=") && !page.text.contains(" onclick="));
    for (mark, kind) in [
        ("rel=\"stylesheet\"", "text/css"),
        ("type=\"module\"", "text/javascript"),
    ] {
        let (_, tag) = page.text.split_once(mark).context("no file")?;
        let (_, url) = tag.split_once("=\"").context("no URL")?;
        let (url, _) = url.split_once('"').context("no URL")?;
        let file = scene.stranger()?.get(url).await?.expect(200)?;
        ensure!(file.header("content-type").starts_with(kind), "{file:?}");
        ensure!(
            file.header("cache-control").contains("immutable"),
            "{file:?}"
        );
    }
    Ok(())
}

pub async fn forms_of_others_do_nothing(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let path = scene.town.order(&MARL, None).await?;
    let page = format!("/console/orders/{}", id_of(&path)?);
    let viewer = scene.viewer(None).await?;
    let shown = viewer.get(&page).await?.expect(200)?;
    let form = html::form(&shown.text, "/actions/note")?;
    let with = |change: &dyn Fn(&mut html::Form)| {
        let mut form = form.clone();
        form.fields.insert("text".to_owned(), "forged".to_owned());
        change(&mut form);
        form
    };
    let without = with(&|form| {
        form.fields.remove("csrf");
    });
    viewer
        .post(&form.action, &without.fields)
        .await?
        .expect(403)?;
    let other = scene.viewer(None).await?.get(&page).await?.expect(200)?;
    let others = html::form(&other.text, "/actions/note")?;
    let token = others.fields.get("csrf").context("no token")?.clone();
    let foreign = with(&|form| {
        form.fields.insert("csrf".to_owned(), token.clone());
    });
    viewer
        .post(&form.action, &foreign.fields)
        .await?
        .expect(403)?;
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let request = viewer
            .request(Method::POST, &form.action)
            .header(header, value);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let token = form.fields.get("csrf").context("no token")?;
        let request = request.body(format!("csrf={token}&once=1&currency=GBP&text=forged"));
        viewer.send(request).await?.expect(403)?;
    }
    viewer.get(&page).await?.expect(200)?.hides("forged")?;
    Ok(())
}

/// In every field that anybody can fill in.
pub async fn what_people_write_comes_out_as_text(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let evil =
        |what: &str| format!("<script>alert('{what}')</script>\"><img src=x onerror=alert(1)>");
    let mut body = order(&MARL, Some("c-1"));
    body["customer"]["name"] = evil("name").into();
    body["lines"][0]["name"] = evil("line").into();
    body["lines"][0]["sku"] = "\"><b>SKU".into();
    for member in [
        "name",
        "line1",
        "line2",
        "city",
        "region",
        "company",
        "postal_code",
        "phone",
    ] {
        body["shipping_address"][member] = evil(member).into();
    }
    let placed = scene.town.scene.api.post("/v1/orders", &body).await?;
    let placed = placed.expect(201)?;
    let path = placed.header("location").to_owned();
    let note = json!({"text": evil("note")});
    scene.town.on(&path, "notes", note).await?;
    scene
        .town
        .on(&path, "hold", json!({"reason": evil("hold")}))
        .await?;
    let tag = reqwest::Url::parse("http://x/")?.join("a%3Cb%3E%22")?;
    let tag = format!("{path}/tags{}", tag.path());
    let tagged = scene
        .town
        .scene
        .api
        .request(Method::PUT, &tag)
        .send()
        .await?;
    let answer: serde_json::Value = tagged.json().await?;
    scene.town.read(&path, &answer["position"]).await?;
    let viewer = scene.viewer(None).await?;
    let id = id_of(&path)?;
    for page in [
        format!("/console/orders/{id}"),
        format!("/console/orders/{id}/events/1"),
        "/console/orders?columns=number,customer,tags".to_owned(),
        "/console/orders?q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
        format!("/console/orders/{id}/row?columns=customer,tags"),
    ] {
        let page = viewer.get(&page).await?.expect(200)?;
        for raw in ["<script>alert", "<img", "<b>SKU", "a<b>"] {
            ensure!(!page.text.contains(raw), "{raw} in {}", page.text);
        }
    }
    let page = viewer.get(&format!("/console/orders/{id}")).await?;
    page.shows("&lt;script&gt;alert('name')")?
        .shows("&lt;script&gt;alert('note')")?;
    Ok(())
}

/// Neither of what is searched for, nor of what is written or refused, nor of a key.
pub async fn no_log_tells_of_anybody(env: &TestEnv) -> Result<()> {
    const WRITTEN: &str = "told to nobody else";
    let scene = Scene::open(env).await?;
    let path = scene.town.order(&QUILL, None).await?;
    let key = scene.key(None).await?;
    let viewer = scene.stranger()?;
    viewer.sign_in(&key).await?.expect(303)?;
    let found = viewer.get("/console/orders?q=zabrowsky").await?;
    found.expect(200)?.shows(QUILL.name)?;
    let page = format!("/console/orders/{}", id_of(&path)?);
    let page = viewer.get(&page).await?.expect(200)?;
    let note = [("text", WRITTEN)];
    viewer.submit(&page.text, "/actions/note", &note).await?;
    // Somebody was faster: the order is in a later version by now.
    let tag = [("tag", WRITTEN)];
    let stale = viewer.fill(&page.text, "/actions/tag", &tag).await?;
    stale.expect(412)?;
    let logs = wait_until("the last request to be logged", async || {
        let logs = scene.logs();
        let acts = logs.matches("/actions/{action}").count();
        Ok((acts >= 2).then_some(logs))
    })
    .await?;
    let personal = QUILL.texts().into_iter();
    for told in personal.chain(["zabrowsky", WRITTEN, key.as_str()]) {
        ensure!(!logs.contains(told), "{told} is in the logs");
    }
    Ok(())
}
