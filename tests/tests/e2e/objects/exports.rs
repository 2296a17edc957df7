//! Files of exports.

use super::{PREFIX, told};
use crate::exports::{
    desk::{Desk, id_of, link_of},
    files::agrees,
};
use anyhow::{Context as _, Result, ensure};
use reqwest::{Method, StatusCode};
use s3_server::Server;
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::time::Duration;
use tests::{Role, TestEnv, answer, wait_until};
use uuid::Uuid;

/// Orders with documents of 200 kB: 24 MB, three parts.
const ORDERS: i32 = 120;
/// Where the second part begins.
const PART: usize = 8 << 20;

pub fn everything() -> Value {
    json!({"kind": "orders", "format": "ndjson"})
}

/// Waits until the store has so many objects.
async fn until_objects(store: &Server, wanted: usize) -> Result<()> {
    wait_until(&format!("{wanted} objects"), async || {
        Ok((store.objects()?.len() == wanted).then_some(()))
    })
    .await
}

pub async fn a_file_is_written_in_parts_and_read_in_ranges(env: &TestEnv) -> Result<()> {
    let store = Server::start().await?;
    let desk = Desk::open_with(env, told(&store)).await?;
    desk.views.add_orders(1, ORDERS).await?;
    let grow = "UPDATE orders SET document = \
        json_build_object('id', id, 'padding', repeat('x', 200000))::text";
    desk.views.execute(grow).await?;
    let _worker = desk.scene.ready_worker().await?;
    let made = desk.made(&everything()).await?;
    let (id, link) = (id_of(&made)?, link_of(&made)?);
    let file = desk.file(&made).await?;
    ensure!(file.body.len() > 2 * PART, "{} bytes", file.body.len());
    agrees(&made, &file)?;
    let (rows, _) = file.content()?;
    ensure!(rows.len() == usize::try_from(ORDERS)?);
    let names = store.objects()?;
    let below = format!("{PREFIX}/exports/{id}/");
    ensure!(
        names.len() == 1 && names[0].starts_with(&below),
        "{names:?}"
    );
    ensure!(store.open_uploads()? == 0 && store.parts()? == 0);
    let size = file.body.len();
    for (asked, part) in [
        (
            format!("bytes={}-{}", PART - 100, PART + 99),
            PART - 100..PART + 100,
        ),
        ("bytes=-70000".to_owned(), size - 70_000..size),
    ] {
        let answer = desk.follow(link).header("Range", &asked).send().await?;
        ensure!(
            answer.status() == StatusCode::PARTIAL_CONTENT,
            "{}",
            answer.status()
        );
        let told = answer.headers().get("content-range").context("no range")?;
        let expected = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        ensure!(told == &expected, "{told:?}");
        ensure!(answer.bytes().await? == file.body[part], "{asked}");
    }
    // What killed workers leave, of an export that nobody knows and of another attempt.
    let before = Duration::from_hours(25);
    for name in [
        format!("{PREFIX}/exports/{}/1.csv", Uuid::nil()),
        format!("{below}1.ndjson"),
    ] {
        store.leave_behind(&name, before)?;
    }
    desk.tidy().await?;
    until_objects(&store, 1).await?;
    desk.command(Method::DELETE, id).await?.expect(204)?;
    until_objects(&store, 0).await?;
    let gone = answer(desk.follow(link)).await?;
    gone.expect_problem(410, "export_gone")?;
    Ok(())
}

pub async fn a_cancelled_export_leaves_no_upload_open(env: &TestEnv) -> Result<()> {
    // Its gate is closed to the end.
    let at = HalfWay::reached(env).await?;
    let cancel = format!("{}/cancel", at.id);
    at.desk.command(Method::POST, &cancel).await?.expect(202)?;
    at.desk.until(&at.id, "cancelled").await?;
    at.until_ended().await?;
    ensure!(at.store.objects()?.is_empty());
    Ok(())
}

/// An export that stops half way, with a part of its file in the store.
pub struct HalfWay<'a> {
    _worker: Role,
    gate: Option<PgConnection>,
    pub id: String,
    pub desk: Desk<'a>,
    pub store: Server,
}

impl<'a> HalfWay<'a> {
    pub async fn reached(env: &'a TestEnv) -> Result<Self> {
        let store = Server::start().await?;
        let desk = Desk::open_with(env, told(&store)).await?;
        let gate = desk.stop_half_way(env).await?;
        let worker = desk.scene.ready_worker().await?;
        let asked = desk.ask(&everything()).await?;
        wait_until("some parts of a file", async || {
            Ok((store.open_uploads()? == 1 && store.parts()? > 0).then_some(()))
        })
        .await?;
        Ok(Self {
            _worker: worker,
            gate: Some(gate),
            id: id_of(&asked)?.to_owned(),
            desk,
            store,
        })
    }

    /// It goes on.
    pub fn go_on(&mut self) {
        self.gate = None;
    }

    /// Waits until no upload is open.
    pub async fn until_ended(&self) -> Result<()> {
        wait_until("the upload to be ended", async || {
            Ok((self.store.open_uploads()? == 0).then_some(()))
        })
        .await
    }
}
