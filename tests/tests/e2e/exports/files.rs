//! What is in the files.

use super::desk::{Desk, LARGE, id_of};
use crate::read_api::exports::{
    events::settled,
    files::{File, Rows, export},
};
use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use tests::{TestEnv, wait_until};

const FILTERS: &str = "status=placed&platform=web,shop&total_min=0&created_from=2026-01-01";

pub async fn a_file_is_what_the_streamed_export_sends(env: &TestEnv) -> Result<()> {
    let (desk, _worker) = Desk::with_orders(env, 3_000).await?;
    let filters = json!({"status": "placed", "platform": ["web", "shop"], "total_min": 0,
        "created_from": "2026-01-01"});
    for (kind, format, compression, fields) in [
        ("orders", "ndjson", "none", json!([])),
        ("orders", "ndjson", "gzip", json!(["id"])),
        // The summaries of these views are none, so there are no cells of orders.
        ("lines", "ndjson", "zstd", json!([])),
        ("lines", "csv", "gzip", json!([])),
        ("lines", "csv", "none", json!([])),
        ("lines", "parquet", "zstd", json!([])),
    ] {
        let body = json!({"kind": kind, "format": format, "compression": compression,
            "filters": filters, "fields": fields});
        let made = desk.made(&body).await?;
        let packed = desk.file(&made).await?;
        agrees(&made, &packed)?;
        let file = unpacked(packed, format)?;
        let more = if fields == json!([]) {
            ""
        } else {
            "&fields=id"
        };
        let path = format!("/v1/{kind}.{format}?{FILTERS}{more}");
        let streamed = export(&desk.views.api, &path).await?;
        let ((rows, trailer), (expected, _)) = (file.content()?, streamed.rows()?);
        ensure!(
            !rows.is_empty() && rows.len() < 3_000,
            "{} rows",
            rows.len()
        );
        ensure!(sorted(rows) == sorted(expected), "{body}");
        if format == "ndjson" {
            let (mut ours, mut theirs) = (lines(&file)?, lines(&streamed)?);
            ours.sort_unstable();
            theirs.sort_unstable();
            ensure!(ours == theirs, "{body}");
        }
        ensure!(made["rows"] == json!(trailer.count) && made["position"] == *trailer.position);
        ensure!(made["as_of"] == *trailer.as_of, "{made}");
    }
    Ok(())
}

pub async fn events_are_exported_as_they_are_streamed(env: &TestEnv) -> Result<()> {
    let desk = Desk::open(env).await?;
    let _worker = desk.scene.ready_worker().await?;
    for platform in ["web", "shop", "web"] {
        let order = desk.scene.place(platform).await?;
        desk.scene
            .command(order, "notes", json!({"text": "fragile"}))
            .await?;
    }
    settled(env).await?;
    let body = json!({"kind": "events", "format": "ndjson",
        "filters": {"platform": "web", "type": ["order.note_*", "order.placed"]}});
    let made = desk.made(&body).await?;
    let file = desk.file(&made).await?;
    agrees(&made, &file)?;
    let path = "/v1/events.ndjson?platform=web&type=order.note_*,order.placed";
    let streamed = export(&desk.views.api, path).await?;
    let (ours, theirs) = (lines(&file)?, lines(&streamed)?);
    ensure!(ours.len() == 4 && ours == theirs, "{ours:?} {theirs:?}");
    ensure!(ours.iter().any(|line| line.contains("fragile")), "sealed");
    let (_, trailer) = file.content()?;
    ensure!(made["position"] == *trailer.position);
    let made = desk
        .made(&json!({"kind": "events", "format": "parquet"}))
        .await?;
    let (rows, trailer) = desk.file(&made).await?.content()?;
    let (expected, _) = export(&desk.views.api, "/v1/events.parquet")
        .await?
        .rows()?;
    ensure!(rows == expected && rows.len() == 6 && trailer.count == 6);
    // Orders as rows, once the views have them.
    let mut projector = env.role("projector").spawn()?;
    projector.ready().await?;
    let expected = wait_until("the orders to be there", async || {
        let streamed = export(&desk.views.api, "/v1/orders.csv").await?;
        let (rows, _) = streamed.rows()?;
        let noted = rows.iter().filter(|row| row["version"] == "2").count();
        Ok((noted == 3).then_some(rows))
    });
    let expected = expected.await?;
    for format in ["csv", "parquet"] {
        let made = desk
            .made(&json!({"kind": "orders", "format": format}))
            .await?;
        let (rows, _) = desk.file(&made).await?.content()?;
        ensure!(sorted(rows) == sorted(expected.clone()), "{format}");
    }
    // A place that was never in this log: it will not be there next time either.
    let token = crate::read_api::views::token(uuid::Uuid::nil(), 1 << 40).to_string();
    let lost = json!({"kind": "events", "format": "csv", "filters": {"after": token}});
    let lost = desk.ask(&lost).await?;
    let lost = desk.until(id_of(&lost)?, "failed").await?;
    ensure!(lost["problem"] == "position_lost", "{lost}");
    Ok(())
}

/// How much more memory exports of 60 MB may take, in KiB: parts of 8 MiB wait for
/// the disk, beside the pieces that wait for them.
const MOST_KIB: u64 = 96 << 10;

pub async fn memory_does_not_grow_with_the_file(env: &TestEnv) -> Result<()> {
    let (desk, worker) = Desk::with_orders(env, LARGE).await?;
    let grow = "UPDATE orders SET document = \
        json_build_object('id', id, 'padding', repeat('x', 200000))::text";
    desk.views.execute(grow).await?;
    let body = json!({"kind": "orders", "format": "ndjson"});
    let before = worker.resident_kib()?;
    for _ in 0..3 {
        let made = desk.made(&body).await?;
        ensure!(made["bytes"].as_u64() > Some(60_000_000), "{made}");
    }
    let more = worker.peak_resident_kib()?.saturating_sub(before);
    eprintln!("{more} KiB more after files of 60 MB");
    ensure!(more < MOST_KIB, "{more} KiB more after files of 60 MB");
    Ok(())
}

/// What is told of a file, against the file.
pub fn agrees(export: &Value, file: &File) -> Result<()> {
    let hash = Sha256::digest(&file.body);
    let hex = export["sha256"].as_str().context("no hash")?;
    ensure!(hex == format!("{hash:x}"), "{hex}");
    ensure!(file.header("etag") == format!("\"{hex}\""));
    let digest = format!("sha-256=:{}:", STANDARD.encode(hash));
    ensure!(file.header("repr-digest") == digest);
    ensure!(export["bytes"] == json!(file.body.len()));
    ensure!(file.header("content-length") == file.body.len().to_string());
    ensure!(file.header("content-encoding").is_empty());
    let name = file.header("content-disposition");
    let kind = export["kind"].as_str().unwrap_or_default();
    ensure!(
        name.starts_with(&format!("attachment; filename=\"{kind}-2")),
        "{name}"
    );
    Ok(())
}

/// A file as it was before it was packed.
fn unpacked(mut file: File, format: &str) -> Result<File> {
    let packed = std::mem::take(&mut file.body);
    match file.header("content-type") {
        "application/gzip" => {
            flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut file.body)?;
        }
        "application/zstd" => file.body = zstd::decode_all(&packed[..])?,
        _ => file.body = packed,
    }
    let media_type = match format {
        "csv" => "text/csv; charset=utf-8; header=present",
        "parquet" => "application/vnd.apache.parquet",
        _ => "application/x-ndjson",
    };
    let media_type = HeaderValue::from_static(media_type);
    file.headers.insert(CONTENT_TYPE, media_type);
    Ok(file)
}

/// Lines of NDJSON, but for the trailer.
fn lines(file: &File) -> Result<Vec<String>> {
    let text = std::str::from_utf8(&file.body)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.pop().context("no trailer")?;
    Ok(lines)
}

fn sorted(mut rows: Rows) -> Rows {
    rows.sort();
    rows
}
