//! Clients that take less than there is to tell.

use super::{
    sse::{Stream, apis},
    written::Written,
};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tests::{Api, Role, TestEnv};

super::super::suite![
    a_slow_client_of_events_is_cut_off_and_resumes,
    a_slow_client_of_one_order_is_cut_off_and_resumes,
    a_slow_client_of_changes_is_cut_off_and_resumes,
];

/// Of this many bytes is each part of what is told, …
const LARGE: usize = 200 << 10;
/// … and of so many such parts the whole: more than all buffers on the way
/// hold, and the ring.
const STEPS: usize = 34;
const PARTS: usize = 5;

/// A stream, and how much one step of writing has it tell.
struct Scene<'a> {
    queries: &'a Api,
    role: &'a Role,
    stream: &'static str,
    path: &'a str,
    blocks: usize,
}

impl Scene<'_> {
    /// One client takes nothing while another is told everything; then what was
    /// on its way to it comes, and the end.
    async fn cuts_off_and_resumes(
        self,
        mut write: impl AsyncFnMut(usize) -> Result<()>,
    ) -> Result<()> {
        let mut slow = Stream::open(self.queries, self.path, None).await?;
        let mut quick = Stream::open(self.queries, self.path, None).await?;
        let mut all = Vec::new();
        for step in 0..STEPS {
            write(step).await?;
            for _ in 0..self.blocks {
                let told = quick.told().await?.context("the quick one was cut off")?;
                all.push(told.id.context("no id")?);
            }
        }

        let mut told = Vec::new();
        while let Some(block) = slow.told().await? {
            told.push(block.id.context("no id")?);
        }
        ensure!(told.len() < all.len(), "it was never cut off");
        let metrics = format!("{}/metrics", self.role.url());
        let metrics = reqwest::get(metrics).await?.text().await?;
        let cut = format!("orderlog_sse_cut_total{{stream=\"{}\"}} 1", self.stream);
        ensure!(metrics.contains(&cut), "{metrics}");
        let last = slow.last_id.clone();
        let mut again = Stream::open(self.queries, self.path, last.as_deref()).await?;
        while told.len() < all.len() {
            let block = again.told().await?.context("it was cut off again")?;
            told.push(block.id.context("no id")?);
        }
        ensure!(told == all, "something is missing, or came twice");
        Ok(())
    }
}

/// Lines that no others are like.
fn lines(number: usize) -> Value {
    let name = format!("{number:x<width$}", width = LARGE / 100 - 50);
    (0..100)
        .map(|n| json!({"sku": format!("S{n}"), "name": name, "quantity": 1, "unit_price": 1}))
        .collect()
}

async fn a_slow_client_of_events_is_cut_off_and_resumes(env: &TestEnv) -> Result<()> {
    let (commands, queries, roles) = apis(env).await?;
    let scene = Scene {
        queries: &queries,
        role: &roles[1],
        stream: "events",
        path: "/v1/events/stream",
        blocks: PARTS,
    };
    let write = async |step| {
        let orders = (0..PARTS).map(async |part| {
            let number = step * PARTS + part;
            let order = json!({
                "platform": "web", "external_id": format!("L-{number}"), "currency": "GBP",
                "lines": lines(number),
            });
            commands.post("/v1/orders", &order).await?.expect(201)
        });
        try_join_all(orders).await?;
        Ok(())
    };
    scene.cuts_off_and_resumes(write).await
}

async fn a_slow_client_of_one_order_is_cut_off_and_resumes(env: &TestEnv) -> Result<()> {
    let (commands, queries, roles) = apis(env).await?;
    let empty = json!({"platform": "web", "currency": "GBP"});
    let draft = commands.post("/v1/drafts", &empty).await?.expect(201)?;
    let order = draft.header("location");
    let draft = order.replace("/orders/", "/drafts/");
    let scene = Scene {
        queries: &queries,
        role: &roles[1],
        stream: "events",
        path: &format!("{order}/stream"),
        blocks: PARTS,
    };
    let write = async |step| {
        for part in 0..PARTS {
            let change = json!({"lines": lines(step * PARTS + part)});
            let change = commands
                .request(reqwest::Method::PATCH, &draft)
                .json(&change);
            tests::answer(change).await?.expect(200)?;
        }
        Ok(())
    };
    scene.cuts_off_and_resumes(write).await
}

/// Orders of which some change with each step: the same ones so much later that
/// no page has one of them twice.
const ORDERS: usize = 500;
const CHANGED: usize = 50;

/// A change says little; so it is the names of platforms that are long here.
async fn a_slow_client_of_changes_is_cut_off_and_resumes(env: &TestEnv) -> Result<()> {
    let written = Written::start(env, i32::try_from(ORDERS)?).await?;
    let large = sqlx::query("UPDATE orders SET version = $1, platform = repeat('w', $2)");
    let large = large
        .bind(i64::try_from(STEPS)?)
        .bind(i32::try_from(LARGE * PARTS / CHANGED)?);
    written.views.run(large).await?;
    let scene = Scene {
        queries: &written.views.api,
        role: &written.views.role,
        stream: "changes",
        path: "/v1/orders/changes",
        blocks: CHANGED,
    };
    let write = async |step| {
        let first = step * CHANGED % ORDERS;
        let version = 1 + step * CHANGED / ORDERS;
        let orders = &written.orders[first..first + CHANGED];
        let places = written.record(orders, i64::try_from(version)?).await?;
        written.project(places, |_| true).await
    };
    scene.cuts_off_and_resumes(write).await
}
