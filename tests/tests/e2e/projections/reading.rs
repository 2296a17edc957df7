//! Readers that notice whatever goes back.

use super::{revisions::Shown, world::World};
use anyhow::{Context as _, Result, ensure};
use infra::postgres;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};
use tests::{Answer, Api};
use uuid::Uuid;

/// Statistics, in each of the tables that they are read from.
const STATISTICS: [&str; 5] = [
    "orders?by=event_date",
    "orders?group_by=status",
    "products",
    "products?sort=units&limit=3",
    "funnel",
];

/// Versions of orders, as one way of reading them has shown them.
type Seen = BTreeMap<Uuid, i64>;

/// Reads until it is `done`, by somebody who says which versions they have seen;
/// how many times.
pub async fn by_version(api: &Api, done: &AtomicBool) -> Result<u32> {
    let (mut seen, mut reads, mut counted) = (Seen::new(), 0, 0);
    let mut shown = BTreeMap::<Uuid, Shown>::new();
    while !done.load(Ordering::Relaxed) {
        let list = api.get("/v1/orders?limit=50").await?.expect(200)?;
        for order in data(&list)? {
            goes_on(&mut seen, order)?;
        }
        let ids = seen.iter().rev().take(5).map(|(id, seen)| (*id, *seen));
        for (id, seen_version) in ids.collect::<Vec<_>>() {
            // The cache of single orders hears of a commit a moment later than
            // lists see it; whoever has seen a version says so.
            let path = format!("/v1/orders/{id}?min_version={seen_version}");
            let order = api.get(&path).await?.expect(200)?;
            goes_on(&mut seen, &order.json)?;
            shown.entry(id).or_default().see(&order)?;
        }
        let sums = api.get("/v1/statistics/orders").await?.expect(200)?;
        let rows = data(&sums)?.iter();
        let orders = rows.filter_map(|row| row["orders"].as_i64()).sum();
        ensure!(orders >= counted, "{orders} orders after {counted}");
        counted = orders;
        reads += 1;
    }
    Ok(reads)
}

/// What each way of reading has shown.
#[derive(Default)]
struct Ways {
    found: Seen,
    looked_up: Seen,
    read: Seen,
    histories: Seen,
    /// States that statistics were of: (build, number), by question.
    statistics: BTreeMap<&'static str, (u64, u64)>,
    /// Orders, and events of them.
    analysed: (i64, i64),
}

/// The same by somebody who asks for nothing in particular, in every way there
/// is: each one goes on from what it has shown itself. `busy` is an order that
/// changes all the time.
pub async fn plainly(api: &Api, world: &World, busy: Uuid, done: &AtomicBool) -> Result<u32> {
    let options = postgres::connect_options(&world.config.views_url)?;
    let mut analyst = PgConnection::connect_with(&options).await?;
    sqlx::query("SET ROLE orderlog_analytics")
        .execute(&mut analyst)
        .await?;
    let (mut ways, mut reads) = (Ways::default(), 0);
    while !done.load(Ordering::Relaxed) {
        ways.orders(api, busy).await?;
        ways.sums(api).await?;
        ways.views(&mut analyst).await?;
        reads += 1;
    }
    Ok(reads)
}

impl Ways {
    async fn orders(&mut self, api: &Api, busy: Uuid) -> Result<()> {
        let found = api.get("/v1/orders?q=lamp&limit=20").await?.expect(200)?;
        let found = data(&found)?;
        ensure!(!found.is_empty(), "nothing is found");
        for order in found {
            goes_on(&mut self.found, order)?;
        }
        let mut ids = vec![busy];
        for order in found {
            ids.push(id(order)?);
        }
        let asked = json!({"ids": ids});
        let looked = api.post("/v1/orders/lookup", &asked).await?.expect(200)?;
        ensure!(looked.json["missing"] == json!([]), "{}", looked.json);
        for order in data(&looked)? {
            goes_on(&mut self.looked_up, order)?;
        }
        for id in ids.into_iter().take(4) {
            let path = format!("/v1/orders/{id}");
            let order = api.get(&path).await?.expect(200)?;
            goes_on(&mut self.read, &order.json)?;
            let after = self.histories.get(&id).copied().unwrap_or_default();
            // What is known of it, and whatever came after.
            let path = format!("{path}/events?limit=200&after={}", (after - 1).max(0));
            let entries = api.get(&path).await?.expect(200)?;
            let last = data(&entries)?.last();
            let last = last.with_context(|| format!("the history of {id} ends before {after}"))?;
            let version = last["version"].as_i64().context("no version")?;
            is_not_before(&mut self.histories, id, version)?;
        }
        Ok(())
    }

    async fn sums(&mut self, api: &Api) -> Result<()> {
        for question in STATISTICS {
            let path = format!("/v1/statistics/{question}");
            let sums = api.get(&path).await?.expect(200)?;
            ensure!(!data(&sums)?.is_empty(), "{question}: {}", sums.json);
            let state = sums.json["version"].as_str();
            let state = state.and_then(|state| state.split_once('-'));
            let (build, number) = state.context("no state")?;
            let state = (build.parse()?, number.parse()?);
            let before = self.statistics.insert(question, state);
            ensure!(
                Some(state) >= before,
                "{question}: {state:?} after {before:?}"
            );
        }
        Ok(())
    }

    async fn views(&mut self, analyst: &mut PgConnection) -> Result<()> {
        let analysed =
            sqlx::query_as("SELECT count(*), sum(version)::bigint FROM analytics.orders_v1")
                .fetch_one(&mut *analyst)
                .await?;
        let before = std::mem::replace(&mut self.analysed, analysed);
        let goes_on = analysed.0 >= before.0 && analysed.1 >= before.1;
        ensure!(goes_on, "an analyst sees {analysed:?} after {before:?}");
        Ok(())
    }
}

fn data(answer: &Answer) -> Result<&Vec<Value>> {
    answer.json["data"].as_array().context("no list")
}

fn id(order: &Value) -> Result<Uuid> {
    Ok(order["id"].as_str().context("no id")?.parse()?)
}

fn goes_on(seen: &mut Seen, order: &Value) -> Result<()> {
    let version = order["version"].as_i64().context("no version")?;
    is_not_before(seen, id(order)?, version)
}

fn is_not_before(seen: &mut Seen, id: Uuid, version: i64) -> Result<()> {
    let before = seen.insert(id, version).unwrap_or_default();
    ensure!(
        version >= before,
        "order {id} went back from {before} to {version}"
    );
    Ok(())
}
