//! What goes on beside the load: exports in the background, and receivers that are
//! told what happens.

use super::{Plan, client::Client};
use crate::{
    read_api::exports::files::File,
    webhooks::receiver::{OK, Received, Receiver},
};
use anyhow::{Context as _, Result, bail, ensure};
use infra::{clock, postgres::pool};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};
use tests::{TestEnv, wait_until_within};
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Longest pause from one of them to the next one.
const PAUSE: Duration = Duration::from_mins(1);
/// Receivers at the end: what they were told is kept.
const RECEIVERS: usize = 6;
/// How long an export, or the last delivery, may take: workers are killed, and
/// what they had is nobody else's for a while.
const WORKED: Duration = Duration::from_mins(3);
/// How often an export is asked for.
const LOOK: Duration = Duration::from_millis(250);

/// Order events since a time, of one type or of any.
const RECORDED: &str = "SELECT aggregate_id, sequence FROM events \
      WHERE aggregate_type = 'order' AND recorded_at > $1 \
        AND ($2 = '' OR event_type = $2)";

pub struct Aside {
    client: Client,
    pause: Duration,
    endpoints: Vec<Endpoint>,
    exports: usize,
    rows: usize,
}

/// An endpoint, and who listens there.
struct Endpoint {
    receiver: Receiver,
    /// The only event that it is told of, as the log names it; empty: any.
    event: &'static str,
    /// It was there by then.
    since: OffsetDateTime,
}

impl Aside {
    /// With a receiver that is told everything.
    pub async fn begin(client: Client, plan: &Plan) -> Result<Self> {
        let first = Endpoint::make(&client, "*", "").await?;
        Ok(Self {
            client,
            pause: (plan.lasts / 5).min(PAUSE),
            endpoints: vec![first],
            exports: 0,
            rows: 0,
        })
    }

    /// An export, then another receiver, and so on.
    pub async fn run(&mut self, over: &CancellationToken) -> Result<()> {
        for turn in 0.. {
            if over.run_until_cancelled(sleep(self.pause)).await.is_none() {
                break;
            }
            if turn % 2 == 0 {
                self.rows += self.export().await?;
                self.exports += 1;
            } else if self.endpoints.len() < RECEIVERS {
                let endpoint = Endpoint::make(&self.client, "order.placed", "OrderPlaced");
                self.endpoints.push(endpoint.await?);
            }
        }
        Ok(())
    }

    /// Has all orders exported, and takes the file; how many it has.
    async fn export(&self) -> Result<usize> {
        let body = json!({"kind": "orders", "format": "ndjson", "compression": "none"});
        let asked = self.client.post("export", "/v1/exports", &body).await?;
        let id = asked["id"].as_str().context("no id")?;
        let (path, began) = (format!("/v1/exports/{id}"), Instant::now());
        let made = loop {
            let export = self.client.get("export state", &path).await?.json()?;
            match export["state"].as_str() {
                Some("done") => break export,
                Some("pending" | "running") => {}
                _ => bail!("it was not made: {export}"),
            }
            ensure!(began.elapsed() < WORKED, "it is still not made: {export}");
            sleep(LOOK).await;
        };
        let link = made["download"]["url"].as_str().context("no link")?;
        let file = self.client.get("export file", link).await?;
        let file = File {
            headers: file.headers,
            body: file.body,
        };
        let (rows, trailer) = file.content()?;
        ensure!(
            rows.len() == trailer.count && made["rows"] == json!(rows.len()),
            "{} rows, {trailer:?}: {made}",
            rows.len()
        );
        Ok(rows.len())
    }

    /// Waits until every receiver was told all that it should have been, and says
    /// how much that was.
    pub async fn found_whole(&self, env: &TestEnv) -> Result<()> {
        let log = pool(&env.config.events_url, 1)?;
        let mut again = 0;
        for endpoint in &self.endpoints {
            let recorded = sqlx::query_as(RECORDED)
                .bind(endpoint.since)
                .bind(endpoint.event);
            let recorded: Vec<(String, i64)> = recorded.fetch_all(&log).await?;
            let mut missing: BTreeSet<(String, i64)> = recorded.into_iter().collect();
            let mut looked = 0;
            let waited = wait_until_within(WORKED, "every event to be told", async || {
                endpoint.receiver.look(|received| {
                    for one in &received[looked..] {
                        missing.remove(&event_of(one)?);
                    }
                    looked = received.len();
                    anyhow::Ok(())
                })?;
                Ok(missing.is_empty().then_some(()))
            });
            let waited = waited.await;
            let one = missing.first();
            waited.with_context(|| format!("{} are missing, as {one:?}", missing.len()))?;
            again += endpoint.receiver.look(sent_again)?;
        }
        println!(
            "{} exports of {} rows in all; {} receivers were told everything, {again} times again",
            self.exports,
            self.rows,
            self.endpoints.len()
        );
        ensure!(self.exports > 0, "nothing was exported");
        Ok(())
    }
}

impl Endpoint {
    async fn make(client: &Client, told: &str, event: &'static str) -> Result<Self> {
        let receiver = Receiver::start(|_| OK).await?;
        let body = json!({"url": receiver.url, "event_types": [told]});
        client
            .post("webhook endpoint", "/v1/webhooks/endpoints", &body)
            .await?;
        Ok(Self {
            receiver,
            event,
            since: clock::now(),
        })
    }
}

/// Order and version.
fn event_of(received: &Received) -> Result<(String, i64)> {
    let data: &Value = &received.json["data"];
    let order = data["order_id"].as_str().context("no order")?;
    let version = data["order_version"].as_i64().context("no version")?;
    Ok((order.to_owned(), version))
}

/// How many messages came again: each under the id that it had.
fn sent_again(received: &[Received]) -> Result<usize> {
    let mut ids = BTreeMap::new();
    for one in received {
        let event = event_of(one)?;
        let id = ids.entry(event).or_insert_with(|| one.id());
        ensure!(*id == one.id(), "told under {id} and {}", one.id());
    }
    let different: BTreeSet<&str> = ids.values().copied().collect();
    ensure!(different.len() == ids.len(), "an id of two events");
    Ok(received.len() - ids.len())
}
