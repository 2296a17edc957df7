//! Links to files.

use super::desk::{Desk, configured, id_of, link_of};
use anyhow::{Context as _, Result, ensure};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::{TestEnv, answer};

pub async fn a_link_leads_to_its_file_and_nowhere_else(env: &TestEnv) -> Result<()> {
    let (desk, _worker) = Desk::with_orders(env, 10).await?;
    let body = json!({"kind": "lines", "format": "csv"});
    let (made, other) = (desk.made(&body).await?, desk.made(&body).await?);
    let link = link_of(&made)?;
    answer(desk.follow(link)).await?.expect(200)?;
    let (path, query) = link.split_once('?').context("no query")?;
    let (expires, signature) = query.split_once("&signature=").context("no signature")?;
    let expires: i64 = expires.trim_start_matches("expires=").parse()?;
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let elsewhere = path.replace(id_of(&made)?, id_of(&other)?);
    for forged in [
        path.to_owned(),
        format!("{path}?expires={expires}"),
        format!("{path}?expires={expires}&signature="),
        format!(
            "{path}?expires={expires}&signature={flipped}{}",
            &signature[1..]
        ),
        format!("{path}?expires={}&signature={signature}", expires + 1),
        format!("{elsewhere}?{query}"),
    ] {
        let refused = answer(desk.follow(&forged)).await?;
        refused.expect_problem(403, "link_not_valid")?;
        // Nor does a key help.
        let refused = answer(desk.views.api.request(Method::GET, &forged)).await?;
        refused.expect_problem(403, "link_not_valid")?;
    }
    // Of an API whose links are over when they are given.
    let short = env.role("read-api").config(|config| {
        configured(config);
        config.export_link_seconds = 0;
    });
    let mut short = short.spawn()?;
    short.ready().await?;
    let read = format!("/v1/exports/{}", id_of(&made)?);
    let read = desk
        .views
        .api
        .at(&short)
        .get(&read)
        .await?
        .expect(200)?
        .json;
    let refused = answer(desk.follow(link_of(&read)?)).await?;
    let refused = refused.expect_problem(403, "link_not_valid")?;
    ensure!(
        refused.json["detail"] == "the link's time is over",
        "{}",
        refused.json
    );
    Ok(())
}

pub async fn a_file_is_sent_in_parts(env: &TestEnv) -> Result<()> {
    let (desk, _worker) = Desk::with_orders(env, 2_000).await?;
    let made = desk
        .made(&json!({"kind": "orders", "format": "ndjson"}))
        .await?;
    let link = link_of(&made)?;
    let whole = desk.file(&made).await?;
    ensure!(whole.header("accept-ranges") == "bytes");
    let (size, tag) = (whole.body.len(), whole.header("etag"));
    for (asked, first, last) in [
        ("bytes=0-99".to_owned(), 0, 99),
        (format!("bytes={}-", size - 50), size - 50, size - 1),
        ("bytes=-70000".to_owned(), size - 70_000, size - 1),
        (format!("bytes=100-{}", 2 * size), 100, size - 1),
    ] {
        let part = desk
            .follow(link)
            .header("Range", &asked)
            .header("If-Range", tag);
        let part = part.send().await?;
        ensure!(
            part.status() == StatusCode::PARTIAL_CONTENT,
            "{}",
            part.status()
        );
        let told = part.headers().get("content-range").context("no range")?;
        ensure!(told == &format!("bytes {first}-{last}/{size}"), "{told:?}");
        let digest = part.headers().get("repr-digest").context("no digest")?;
        ensure!(digest == whole.header("repr-digest"), "of the whole file");
        ensure!(part.bytes().await? == whole.body[first..=last], "{asked}");
    }
    let other = desk
        .follow(link)
        .header("Range", "bytes=0-9")
        .header("If-Range", "\"x\"");
    let other = other.send().await?;
    ensure!(other.status() == 200 && other.bytes().await? == whole.body);
    let beyond = desk.follow(link).header("Range", format!("bytes={size}-"));
    let beyond = answer(beyond)
        .await?
        .expect_problem(416, "range_not_satisfiable")?;
    ensure!(beyond.header("content-range") == format!("bytes */{size}"));
    let unchanged = desk
        .follow(link)
        .header("If-None-Match", tag)
        .send()
        .await?;
    ensure!(unchanged.status() == 304 && unchanged.bytes().await?.is_empty());
    let head = format!("{}{link}", desk.views.role.url());
    let head = reqwest::Client::new().head(head).send().await?;
    ensure!(head.status() == 200);
    let length = head.headers().get("content-length").context("no length")?;
    ensure!(length == &size.to_string(), "{length:?}");
    // Whatever the client takes: another coding would be another file.
    let coded = desk
        .follow(link)
        .header("Accept-Encoding", "zstd, gzip, br");
    let coded = coded.send().await?;
    ensure!(coded.headers().get("content-encoding").is_none());
    ensure!(coded.headers().get("etag").is_some_and(|etag| etag == tag));
    Ok(())
}
