//! Webhooks, operations, exports and keys, by their pages.

pub mod exports;
pub mod keys;
pub mod operations;
pub mod strangers;
pub mod webhooks;

use super::scene::{Page, Viewer};
use anyhow::{Context as _, Result};
use tests::wait_until;

/// The text that a page shows once.
fn secret(page: &Page) -> Result<String> {
    let (_, rest) = page
        .text
        .split_once("class=\"secret\">")
        .with_context(|| format!("no secret in {}", page.text))?;
    let (secret, _) = rest.split_once('<').context("no end")?;
    Ok(secret.to_owned())
}

/// Waits until a page shows this.
async fn until(viewer: &Viewer, path: &str, shown: &str) -> Result<Page> {
    wait_until(&format!("{path} to show {shown:?}"), async || {
        let page = viewer.get(path).await?.expect(200)?;
        Ok(page.text.contains(shown).then_some(page))
    })
    .await
}
