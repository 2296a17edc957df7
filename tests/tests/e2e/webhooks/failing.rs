//! Receivers that fail.

use super::{
    receiver::{OK, Received, Receiver, Reply, first_time},
    scene::Shop,
};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use infra::postgres::pool;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tests::TestEnv;

const NO: Reply = Reply::Status(503, "", "come back later");

/// The first requests fail, each in its own way; after 5 s it is sent again with
/// the same id and another time.
pub async fn a_failed_request_is_sent_again(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let elsewhere = Receiver::start(|_| OK).await?;
    let redirect: &str = format!("location: {}\r\n", elsewhere.url).leak();
    let ways = [
        NO,
        Reply::Status(302, redirect, ""),
        Reply::Status(307, redirect, ""),
        Reply::Status(404, "", "\0"),
        Reply::Reset,
    ];
    try_join_all(ways.map(|first| is_sent_again(&shop, first))).await?;
    let followed = elsewhere.received().len();
    ensure!(followed == 0, "{followed} redirects were followed");
    Ok(())
}

/// To an endpoint of its own, which is answered like this at first.
async fn is_sent_again(shop: &Shop<'_>, first: Reply) -> Result<()> {
    let asked = AtomicUsize::new(0);
    let receiver = Receiver::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => first.clone(),
        _ => OK,
    })
    .await?;
    let made = shop.endpoint(&receiver, json!({})).await?;
    shop.ask(made.id, "ping", json!({})).await?.expect(202)?;
    let requests = receiver.until(2).await?;
    ensure!(requests[0].id() == requests[1].id());
    ensure!(requests[0].body == requests[1].body);
    let time = |one: &Received| -> Result<i64> { Ok(one.header("webhook-timestamp").parse()?) };
    ensure!(time(&requests[0])? < time(&requests[1])?);
    ensure!(requests[1].is_signed_by(&made.secret)?);
    let pause = requests[1].at - requests[0].at;
    ensure!(pause >= Duration::from_millis(4_400), "{pause:?}");
    let delivered = shop.until_deliveries(made.id, "delivered", 1).await?;
    ensure!(delivered[0]["attempts"] == 1, "{delivered:?}");
    Ok(())
}

/// `Retry-After` is honoured where it is longer than the schedule: nothing else is
/// sent either, but what somebody asks for. What it answers is kept, redacted.
pub async fn a_receiver_is_left_alone_as_long_as_it_asks(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let asked = AtomicUsize::new(0);
    let asks = move |_: &Received| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Status(
            429,
            "retry-after: 3600\r\n",
            "no, ada@shop.example, token=abc",
        ),
        _ => OK,
    };
    let [receiver, other] = [Receiver::start(asks).await?, Receiver::start(|_| OK).await?];
    let made = shop.endpoint(&receiver, json!({})).await?;
    shop.ask(made.id, "ping", json!({})).await?.expect(202)?;
    let rests = |e: &Value| e["rests_until"].is_string();
    shop.until_endpoint(made.id, "resting", rests).await?;
    let pending = shop.until_deliveries(made.id, "pending", 1).await?;
    let at = |name: &str| -> Result<time::OffsetDateTime> {
        let text = pending[0][name].as_str().context("no time")?;
        let format = &time::format_description::well_known::Rfc3339;
        Ok(time::OffsetDateTime::parse(text, format)?)
    };
    ensure!(at("due_at")? - at("created_at")? >= Duration::from_hours(1));
    let id = pending[0]["id"].as_str().context("no id")?;
    let shown = shop.read(&format!("/v1/webhooks/deliveries/{id}")).await?;
    let answer = &shown["requests"][0]["answer"];
    ensure!(answer == "no, [redacted], token=[redacted]", "{answer}");
    // What happens meanwhile waits.
    shop.endpoint(&other, json!({})).await?;
    shop.scene.place("web").await?;
    other.until(1).await?;
    shop.until_deliveries(made.id, "pending", 2).await?;
    ensure!(receiver.received().len() == 1, "it was not left alone");
    // A retry that somebody asks for goes before it.
    let retry = format!("/v1/webhooks/deliveries/{id}/retry");
    shop.scene.api.post(&retry, &json!({})).await?.expect(202)?;
    let requests = receiver.until(3).await?;
    ensure!(requests[1].json["type"] == "ping", "{requests:?}");
    ensure!(requests[2].json["type"] == "order.placed", "{requests:?}");
    ensure!(requests[1].id() == requests[0].id());
    shop.until_deliveries(made.id, "delivered", 2).await?;
    Ok(())
}

pub async fn a_receiver_that_is_gone_is_told_nothing_more(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let [gone, stays] = [
        Receiver::start(|_| Reply::Status(410, "", "")).await?,
        Receiver::start(|_| OK).await?,
    ];
    let made = shop.endpoint(&gone, json!({})).await?;
    shop.endpoint(&stays, json!({})).await?;
    shop.scene.place("web").await?;
    let disabled = shop
        .until_endpoint(made.id, "disabled", |e| e["state"] == "disabled")
        .await?;
    ensure!(disabled["disabled_by"] == "gone", "{disabled}");
    // What it misses is noted.
    shop.scene.place("web").await?;
    stays.until(2).await?;
    let skipped = shop.until_deliveries(made.id, "skipped", 2).await?;
    ensure!(gone.received().len() == 1, "{skipped:?}");
    shop.ask(made.id, "ping", json!({}))
        .await?
        .expect_problem(409, "endpoint_disabled")?;
    let replay = json!({"missed": true});
    shop.ask(made.id, "replay", replay.clone())
        .await?
        .expect_problem(409, "endpoint_disabled")?;
    let other = Receiver::start(|_| OK).await?;
    let back = json!({"state": "enabled", "url": other.url});
    shop.change(made.id, back).await?.expect(200)?;
    let replayed = shop.ask(made.id, "replay", replay).await?.expect(202)?.json;
    ensure!(replayed["replayed"] == 2, "{replayed}");
    other.until(2).await?;
    shop.until_deliveries(made.id, "delivered", 2).await?;
    Ok(())
}

/// Days are made to pass in the database.
pub async fn days_of_nothing_but_failure_disable_an_endpoint(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let works = Arc::new(AtomicBool::new(false));
    let answers = works.clone();
    let receiver = Receiver::start(move |_| {
        if answers.load(Ordering::Relaxed) {
            OK
        } else {
            NO
        }
    })
    .await?;
    let made = shop.endpoint(&receiver, json!({})).await?;
    let ops = pool(&env.config.ops_url, 1)?;
    let days = async |days: f64| {
        let pass =
            "UPDATE webhook_endpoints SET failing_since = failing_since - $1 * interval '1 day'";
        sqlx::query(pass).bind(days).execute(&ops).await
    };
    shop.ask(made.id, "ping", json!({})).await?.expect(202)?;
    let failing = |e: &Value| e["failures"].as_i64() >= Some(1);
    shop.until_endpoint(made.id, "failing", failing).await?;
    days(4.9).await?;
    shop.ask(made.id, "ping", json!({})).await?.expect(202)?;
    let still = shop.until_endpoint(made.id, "failing", |e| e["failures"].as_i64() >= Some(2));
    ensure!(still.await?["state"] == "enabled");
    days(0.2).await?;
    shop.ask(made.id, "ping", json!({})).await?.expect(202)?;
    let disabled = shop
        .until_endpoint(made.id, "disabled", |e| e["state"] == "disabled")
        .await?;
    ensure!(disabled["disabled_by"] == "failing", "{disabled}");
    // Enabled again it has a clean record.
    works.store(true, Ordering::Relaxed);
    let enabled = shop
        .change(made.id, json!({"state": "enabled"}))
        .await?
        .expect(200)?
        .json;
    ensure!(
        enabled["failures"] == 0 && enabled["failing_since"].is_null(),
        "{enabled}"
    );
    shop.ask(made.id, "ping", json!({})).await?.expect(202)?;
    shop.until_deliveries(made.id, "delivered", 1).await?;
    Ok(())
}

/// One that fails is left alone after five failures, and tried with one request
/// when that is over.
pub async fn an_endpoint_that_fails_rests(env: &TestEnv) -> Result<()> {
    const ORDERS: usize = 30;
    let shop = Shop::open(env).await?;
    let works = Arc::new(AtomicBool::new(false));
    let answers = works.clone();
    let receiver = Receiver::start(move |_| {
        if answers.load(Ordering::Relaxed) {
            OK
        } else {
            NO
        }
    })
    .await?;
    let made = shop.endpoint(&receiver, json!({"concurrency": 2})).await?;
    for _ in 0..ORDERS {
        shop.scene.place("web").await?;
    }
    shop.until_endpoint(made.id, "resting", |e| e["rests_until"].is_string())
        .await?;
    let asked = receiver.received().len();
    ensure!(asked < ORDERS, "{asked} requests");
    works.store(true, Ordering::Relaxed);
    shop.until_deliveries(made.id, "delivered", ORDERS).await?;
    let told = shop
        .read(&format!("/v1/webhooks/endpoints/{}", made.id))
        .await?;
    ensure!(
        told["failures"] == 0 && told["rests_until"].is_null(),
        "{told}"
    );
    Ok(())
}

/// Nothing of an order is told before what was before it, whatever fails.
pub async fn an_ordered_endpoint_is_told_in_order(env: &TestEnv) -> Result<()> {
    const ORDERS: usize = 5;
    const NOTES: u64 = 6;
    let shop = Shop::open(env).await?;
    let receiver = Receiver::start(first_time(|one| {
        let version = one.json["data"]["order_version"].as_u64();
        if version == Some(3) { NO } else { OK }
    }))
    .await?;
    let made = shop.endpoint(&receiver, json!({"ordered": true})).await?;
    for _ in 0..ORDERS {
        let order = shop.scene.place("web").await?;
        for n in 0..NOTES {
            let note = json!({"text": format!("note {n}")});
            shop.scene.command(order, "notes", note).await?;
        }
    }
    let all = ORDERS * usize::try_from(NOTES + 1)?;
    shop.until_deliveries(made.id, "delivered", all).await?;
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for one in receiver.received() {
        let order = one.json["data"]["order_id"].to_string();
        let version = one.json["data"]["order_version"]
            .as_u64()
            .context("no version")?;
        let last = told.entry(order).or_default();
        // The same once more, or the next.
        ensure!(
            version == *last || version == *last + 1,
            "{version} after {last}"
        );
        *last = version;
    }
    ensure!(told.values().all(|&last| last == NOTES + 1) && told.len() == ORDERS);
    Ok(())
}

/// Dead endpoints, more of them than there are places for other kinds of jobs, keep
/// nobody waiting.
pub async fn receivers_that_hang_delay_nobody(env: &TestEnv) -> Result<()> {
    const ORDERS: usize = 60;
    const DEAD: usize = 20;
    let shop = Shop::open(env).await?;
    let works = Receiver::start(|_| OK).await?;
    let made = shop.endpoint(&works, json!({})).await?;
    let p99 = async |so_far: usize| -> Result<Duration> {
        let mut placed = BTreeMap::new();
        for _ in 0..ORDERS {
            let order = shop.scene.place("web").await?;
            placed.insert(order.to_string(), Instant::now());
        }
        shop.until_deliveries(made.id, "delivered", so_far + ORDERS)
            .await?;
        let took = works.received().into_iter().filter_map(|one| {
            let order = one.json["data"]["order_id"].as_str()?;
            Some(one.at.saturating_duration_since(*placed.get(order)?))
        });
        let mut took: Vec<Duration> = took.collect();
        took.sort_unstable();
        took.last().copied().context("nothing")
    };
    let without = p99(0).await?;
    let hangs = Receiver::start(|_| Reply::Never).await?;
    for _ in 0..DEAD {
        shop.endpoint(&hangs, json!({"concurrency": 64})).await?;
    }
    let with = p99(ORDERS).await?;
    eprintln!("longest of {ORDERS} deliveries: {without:?}, beside {DEAD} dead endpoints {with:?}");
    ensure!(!hangs.received().is_empty());
    // Far less than one time-out of the others.
    ensure!(
        with < without + Duration::from_secs(5),
        "{with:?} of {without:?}"
    );
    Ok(())
}
