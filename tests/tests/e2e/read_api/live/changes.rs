//! `/v1/orders/changes`.

use super::sse::{Stream, id_of, note, place};
use crate::whole_path::System;
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use infra::postgres::pool;
use std::collections::HashMap;
use tests::{Api, TestEnv};
use uuid::Uuid;

super::super::suite![
    a_change_is_told_once_it_can_be_read,
    documents_that_change_without_events_are_told_as_a_whole,
];

const CHANGES: &str = "/v1/orders/changes";
const WRITERS: usize = 3;
/// Each writer makes one order, with so many events.
const EVENTS: i64 = 12;

async fn write(commands: &Api, writer: usize) -> Result<()> {
    let path = place(commands, "web", &format!("W-{writer}")).await?;
    for _ in 1..EVENTS {
        note(commands, &path).await?;
    }
    Ok(())
}

/// Under writes, and with a client that hangs up again and again.
async fn a_change_is_told_once_it_can_be_read(env: &TestEnv) -> Result<()> {
    let system = System::start(env).await?;
    let views = pool(&env.config.views_url, 1)?;
    let mut stream = Stream::open(&system.queries, CHANGES, None).await?;
    let mut told: HashMap<String, i64> = HashMap::new();
    let read = async {
        let mut blocks = 0;
        while told.values().filter(|version| **version == EVENTS).count() < WRITERS {
            let change = stream.data().await?;
            let order = change["id"].as_str().context("no id")?.to_owned();
            let version = change["version"].as_i64().context("no version")?;
            let there: i64 = sqlx::query_scalar("SELECT version FROM orders WHERE id = $1")
                .bind(Uuid::try_parse(&order)?)
                .fetch_one(&views)
                .await?;
            ensure!(there >= version && change["platform"] == "web", "{change}");
            let before = told.insert(order, version).unwrap_or(0);
            ensure!(before <= version, "{change} after {before}");
            blocks += 1;
            if blocks % 5 == 0 {
                let last = stream.last_id.clone();
                stream = Stream::open(&system.queries, CHANGES, last.as_deref()).await?;
            }
        }
        anyhow::Ok(())
    };
    let writers = (0..WRITERS).map(|writer| write(&system.commands, writer));
    tokio::try_join!(read, try_join_all(writers))?;

    // From the beginning, and of one platform only.
    let shop = place(&system.commands, "shop", "S-1").await?;
    let of_shop = format!("{CHANGES}?after=beginning&platform=shop");
    let mut of_shop = Stream::open(&system.queries, &of_shop, None).await?;
    let change = of_shop.data().await?;
    ensure!(
        change["id"] == id_of(&shop) && change["version"] == 1,
        "{change}"
    );
    Ok(())
}

async fn documents_that_change_without_events_are_told_as_a_whole(env: &TestEnv) -> Result<()> {
    let system = System::start(env).await?;
    let mut stream = Stream::open(&system.queries, CHANGES, None).await?;
    place(&system.commands, "web", "W-1").await?;
    let before = stream.told().await?.context("no change")?;
    ensure!(before.event.is_none(), "{before:?}");
    env.orderlog_ok(&["rebuild", "orders"]).await?;
    let refresh = stream.told().await?.context("no refresh")?;
    ensure!(refresh.event.as_deref() == Some("refresh"), "{refresh:?}");

    // Who was away meanwhile is told as well, once.
    let mut away = Stream::open(&system.queries, CHANGES, before.id.as_deref()).await?;
    let refresh = away.told().await?.context("no refresh")?;
    ensure!(refresh.event.as_deref() == Some("refresh"), "{refresh:?}");
    let path = place(&system.commands, "web", "W-2").await?;
    for stream in [&mut stream, &mut away] {
        let change = stream.told().await?.context("no change")?;
        ensure!(change.event.is_none(), "{change:?}");
        ensure!(change.data.is_some_and(|data| data["id"] == id_of(&path)));
    }
    Ok(())
}
