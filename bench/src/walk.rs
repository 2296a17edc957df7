//! The way to a late page of a list: page by page, as clients come to it.

use crate::{http_client::Connection, requests};
use anyhow::{Context as _, ensure};

/// Rows of a page on the way.
const STRIDE: i64 = 200;

/// What has to be added to the query of `path`, which has parameters, so that it
/// begins behind so many rows.
pub async fn behind(address: &str, key: &str, path: &str, rows: i64) -> anyhow::Result<String> {
    let mut connection = Connection::open(address).await?;
    let (mut seen, mut place) = (0, String::new());
    while seen < rows {
        let limit = STRIDE.min(rows - seen);
        let page = format!("{path}&limit={limit}{place}");
        let answer = connection.send(&requests::get(&page, key, "")).await?;
        let text = std::str::from_utf8(&answer.body)?;
        ensure!(answer.status == 200, "{}: {text}", answer.status);
        let cursor = text.rsplit_once("\"next_cursor\":\"");
        let cursor = cursor.and_then(|(_, rest)| rest.split('"').next());
        let cursor = cursor.context("more rows")?;
        (seen, place) = (seen + limit, format!("&cursor={cursor}"));
    }
    Ok(place)
}
