//! Files that are uploaded.

use super::until;
use crate::console::{
    html,
    scene::{Page, Scene, Viewer},
};
use anyhow::{Context as _, Result, ensure};
use infra::platforms::UnknownPlatform;
use reqwest::Method;
use serde_json::Value;
use std::fs;
use tests::{TestEnv, root, wait_until};

const LIST: &str = "/console/operations";
/// Of a shop that orders come from by a file alone.
const ORDER: &str = "/v1/orders/by_external_id/lampen/10001";

async fn open(env: &TestEnv) -> Result<Scene<'_>> {
    Scene::open_with(env, |config| {
        config.unknown_platform = UnknownPlatform::Create;
    })
    .await
}

/// Uploads the file of a shop as a browser would; the answer.
pub async fn upload(
    viewer: &Viewer,
    fields: &[(&str, &str)],
    tokens: &[(&str, &str)],
) -> Result<Page> {
    let file = fs::read_to_string(root().join("tests/data/import/lampen.csv"))?;
    let part = |(name, value): &(&str, &str)| {
        format!("--ab\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields: String = tokens.iter().chain(fields).map(part).collect();
    let named = "--ab\r\nContent-Disposition: form-data; name=\"file\"; filename=\"lampen.csv\"";
    let body = format!("{fields}{named}\r\nContent-Type: text/csv\r\n\r\n{file}\r\n--ab--\r\n");
    let request = viewer.request(Method::POST, LIST);
    let request = request.header("content-type", "multipart/form-data; boundary=ab");
    viewer.send(request.body(body)).await
}

/// The same by the form of the page; where the operation is.
async fn uploaded(viewer: &Viewer, fields: &[(&str, &str)]) -> Result<String> {
    let page = viewer.get(LIST).await?.expect(200)?;
    let form = html::form(&page.text, LIST)?;
    let token = |name: &str| {
        form.fields
            .get(name)
            .map(String::as_str)
            .context("no token")
    };
    let tokens = [("csrf", token("csrf")?), ("once", token("once")?)];
    let answer = upload(viewer, fields, &tokens).await?.expect(303)?;
    Ok(answer.leads_to()?.to_owned())
}

pub async fn a_file_with_bad_lines_says_which_and_offers_them(env: &TestEnv) -> Result<()> {
    let scene = open(env).await?;
    let viewer = scene.viewer(None).await?;
    let mapping = fs::read_to_string(root().join("tests/data/import/lampen.toml"))?;
    let csv = [("format", "csv"), ("mapping", mapping.as_str())];

    let dry = [&csv[..], &[("dry_run", "yes")]].concat();
    let dry = uploaded(&viewer, &dry).await?;
    let page = until(&viewer, &dry, "data-settled").await?;
    let page = page
        .shows("dry run")?
        .shows("invalid_quantity")?
        .shows("10005")?;
    // By the lines of the file, not by those that were made of it.
    let page = page.shows(">8<")?.shows(">14, 15<")?;
    for link in [
        "/failed.csv",
        "/results.ndjson?outcome=failed",
        "/results.ndjson",
    ] {
        page.text.contains(link).then_some(()).context(link)?;
    }
    let sheet = viewer
        .get(&format!("{dry}/failed.csv"))
        .await?
        .expect(200)?;
    ensure!(
        sheet
            .header("content-disposition")
            .starts_with("attachment")
    );
    let sheet = sheet
        .shows("lines,about,command,problem,why")?
        .shows("invalid_quantity")?;
    ensure!(sheet.text.lines().count() == 13, "{}", sheet.text);
    let failed = viewer
        .get(&format!("{dry}/results.ndjson?outcome=failed"))
        .await?;
    let failed = failed.expect(200)?;
    let failed: Vec<Value> = failed
        .text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let (trailer, failed) = failed.split_last().context("nothing")?;
    ensure!(trailer["trailer"]["succeeded"] == 4, "{trailer}");
    ensure!(
        failed.len() == 12 && failed.iter().all(|one| one["status"] == 422),
        "{failed:?}"
    );
    scene.town.see(ORDER).await?.expect(404)?;

    let stored = uploaded(&viewer, &csv).await?;
    until(&viewer, &stored, "data-settled").await?.shows("4")?;
    wait_until("the order to be read", async || {
        let order = scene.town.see(ORDER).await?;
        Ok((order.status == 200).then_some(()))
    })
    .await?;
    let list = viewer.get(LIST).await?.expect(200)?;
    list.shows(&stored)?.shows("import of csv, dry run")?;
    Ok(())
}

pub async fn a_file_that_is_none_of_the_format_is_told_to_be_such(env: &TestEnv) -> Result<()> {
    let scene = open(env).await?;
    let viewer = scene.viewer(None).await?;
    let other = uploaded(&viewer, &[("format", "online-retail")]).await?;
    let page = until(&viewer, &other, "data-settled").await?;
    page.shows("invalid file")?
        .shows("its first line must be InvoiceNo")?;
    // Without a mapping nothing is taken, and the form says what is missing.
    let page = viewer.get(LIST).await?.expect(200)?;
    let form = html::form(&page.text, LIST)?;
    let token = form.fields.get("csrf").context("no token")?;
    let unmapped = [("format", "csv"), ("mapping", "")];
    let tokens = [("csrf", token.as_str()), ("once", "unmapped")];
    let refused = upload(&viewer, &unmapped, &tokens).await?.expect(400)?;
    refused.shows("mapping has to be given")?;
    // Nor by somebody else's form.
    let forged = [("csrf", "forged"), ("once", "forged")];
    upload(&viewer, &unmapped, &forged).await?.expect(403)?;
    Ok(())
}
