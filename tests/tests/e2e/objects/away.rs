//! A store that goes away in the middle of a file.

use super::exports::HalfWay;
use crate::exports::desk::{LARGE, link_of};
use anyhow::{Result, ensure};
use std::time::Duration;
use tests::{TestEnv, answer, wait_until};

pub async fn an_export_is_written_once_its_store_is_back(env: &TestEnv) -> Result<()> {
    let mut at = HalfWay::reached(env).await?;
    at.store.go_away();
    at.go_on();
    let HalfWay {
        store, desk, id, ..
    } = &at;
    wait_until("an attempt to fail", async || {
        let export = desk.read(id).await?;
        Ok((export["problem"] == "unavailable").then_some(()))
    })
    .await?;
    ensure!(store.objects()?.is_empty());
    store.come_back();
    let made = desk.until(id, "done").await?;
    ensure!(made["problem"].is_null(), "{made}");
    let (rows, _) = desk.file(&made).await?.content()?;
    ensure!(rows.len() == usize::try_from(LARGE)?);
    ensure!(store.objects()?.len() == 1);
    // The first attempt could not take back what it had sent: it is ended once it is so
    // old that nobody writes it any more.
    ensure!(store.open_uploads()? > 0);
    store.make_uploads_older(Duration::from_hours(25))?;
    desk.tidy().await?;
    at.until_ended().await?;
    store.go_away();
    let away = answer(desk.follow(link_of(&made)?)).await?;
    let away = away.expect_problem(503, "unavailable")?;
    ensure!(away.header("retry-after") == "5");
    store.come_back();
    desk.file(&made).await?;
    Ok(())
}
