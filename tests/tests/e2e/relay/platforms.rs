//! Topics of platforms: each has its own platform's part of the topic of the orders,
//! record for record, and nothing else.

use super::{
    contradictions::{create, delete},
    scene::{Announced, Record, RunningRelay, Scene, announced_on, append, read_topic},
};
use anyhow::{Context as _, Result, ensure};
use contracts::{
    CloudEvent,
    topics::{ORDER_EVENTS_PARTITIONS, order_events_of},
};
use infra::{config::Config, epoch, relay::RelayState};
use serde_json::json;
use sqlx::Row as _;
use std::collections::{HashMap, HashSet};
use tests::{Api, TestEnv, wait_until};
use uuid::Uuid;

/// Orders of a backlog, of two platforms in turn, and their events each.
const ORDERS: i64 = 5_000;
const EVENTS: i64 = 8;

/// With topics for these platforms.
fn with(config: &Config, platforms: &[&str]) -> Result<Config> {
    Ok(Config {
        kafka_platform_topics: serde_json::from_value(json!(platforms))?,
        ..config.clone()
    })
}

fn topic_of(scene: &Scene, platform: &str) -> String {
    scene.topic(&order_events_of(platform))
}

/// Orders of `web` and `shop` in turn; only the first event of each says whose it is.
async fn backlog(scene: &Scene, orders: i64) -> Result<()> {
    for _ in 0..orders / 100 {
        sqlx::query(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
                                 event_version, payload, metadata) \
             SELECT 'order', id, sequence, 'Happened', '1', \
                    CASE WHEN sequence > 1 THEN json_build_object('sequence', sequence) \
                         ELSE json_build_object('Happened', json_build_object('order', \
                                  json_build_object('platform', platform))) END, \
                    '{\"actor\":\"test\",\"after\":\"{}\"}' \
             FROM (SELECT gen_random_uuid()::text AS id, \
                          CASE WHEN n % 2 = 0 THEN 'web' ELSE 'shop' END AS platform \
                     FROM generate_series(1, 100) n) ids, \
                  generate_series(1, $1) sequence \
             ORDER BY id, sequence",
        )
        .bind(EVENTS)
        .execute(&scene.log)
        .await?;
    }
    Ok(())
}

/// One more event of an order of each platform.
async fn append_to_old_orders(scene: &Scene) -> Result<()> {
    let orders = sqlx::query(
        "SELECT min(aggregate_id) AS id FROM events WHERE sequence = 1 \
          GROUP BY payload #>> '{Happened,order,platform}'",
    )
    .fetch_all(&scene.log)
    .await?;
    for order in orders {
        let id = Uuid::parse_str(order.try_get("id")?)?;
        let last: i64 =
            sqlx::query_scalar("SELECT max(sequence) FROM events WHERE aggregate_id = $1")
                .bind(id.to_string())
                .fetch_one(&scene.log)
                .await?;
        append(&scene.log, id, last + 1..=last + 1).await?;
    }
    Ok(())
}

/// What the relay decides about a record.
type Sent = (Vec<u8>, Vec<u8>, CloudEvent);

/// The records of each partition, in their order.
fn by_partition(records: Vec<Record>) -> HashMap<i32, Vec<Sent>> {
    let mut partitions: HashMap<i32, Vec<Sent>> = HashMap::new();
    for record in records {
        let sent = (record.key, record.value, record.envelope);
        partitions.entry(record.partition).or_default().push(sent);
    }
    partitions
}

/// The topic of `platform` has what that of the orders has of it, in the same order;
/// how much that is.
async fn check(scene: &Scene, platform: &str) -> Result<usize> {
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT aggregate_id FROM events \
          WHERE sequence = 1 AND payload #>> '{Happened,order,platform}' = $1",
    )
    .bind(platform)
    .fetch_all(&scene.log)
    .await?;
    let ids: HashSet<Vec<u8>> = ids.into_iter().map(String::into_bytes).collect();
    let mut all = scene.published().await?;
    all.retain(|record| ids.contains(&record.key));
    let own = read_topic(&scene.config, &topic_of(scene, platform)).await?;
    let (wanted, found) = (all.len(), own.len());
    ensure!(found == wanted, "{found} of {wanted} of {platform}");
    ensure!(by_partition(own) == by_partition(all), "{platform} differs");
    Ok(found)
}

async fn caught_up(relay: &mut RunningRelay, scene: &Scene) -> Result<()> {
    relay.has_reached(scene.last_position().await?).await
}

/// The relay crashes in the middle of a backlog, three times; the last
/// relay knows orders only by events that do not name their platform.
pub async fn killed_in_a_backlog(config: Config) -> Result<()> {
    let scene = Scene::new(&with(&config, &["web"])?).await?;
    backlog(&scene, ORDERS).await?;
    for _ in 0..3 {
        scene
            .relay_crashes(async |relay| relay.has_published(1).await)
            .await?;
    }
    let mut relay = scene.relay()?;
    relay.is(RelayState::Leading).await?;
    append_to_old_orders(&scene).await?;
    caught_up(&mut relay, &scene).await?;
    relay.stop().await?;
    scene.check_published_once().await?;
    let events = check(&scene, "web").await?;
    ensure!(events as u64 == (ORDERS / 2 * EVENTS + 1).unsigned_abs());
    Ok(())
}

/// A topic that is named later gets what was before, also beside new events and when
/// the relay disappears meanwhile; one that is not named for a while, what came then.
pub async fn a_topic_named_later_lacks_nothing(config: Config) -> Result<()> {
    let before = Scene::new(&config).await?;
    backlog(&before, ORDERS).await?;
    let mut relay = before.relay()?;
    caught_up(&mut relay, &before).await?;
    relay.stop().await?;

    let scene = Scene::new(&with(&config, &["shop", "web"])?).await?;
    let topic = topic_of(&scene, "shop");
    let begins = async |_: &mut RunningRelay| {
        wait_until("the history to begin", async || {
            let there = read_topic(&scene.config, &topic).await?;
            Ok((!there.is_empty()).then_some(()))
        })
        .await
    };
    scene.relay_crashes(begins).await?;
    let relay = scene.relay()?;
    append_to_old_orders(&scene).await?;
    backlog(&scene, 100).await?;
    is_whole(&scene, "shop").await?;
    is_whole(&scene, "web").await?;
    relay.stop().await?;

    // `shop` is left out for a while.
    let less = Scene::new(&with(&config, &["web"])?).await?;
    let mut relay = less.relay()?;
    backlog(&less, 100).await?;
    append_to_old_orders(&less).await?;
    caught_up(&mut relay, &less).await?;
    relay.stop().await?;
    check(&less, "web").await?;
    ensure!(check(&less, "shop").await.is_err(), "nobody asked for it");
    let relay = scene.relay()?;
    is_whole(&scene, "shop").await?;
    relay.stop().await?;
    check(&scene, "web").await?;
    scene.check_published_once().await?;
    Ok(())
}

/// Waits until nothing is missing in the topic of `platform`; more than that is never
/// there.
async fn is_whole(scene: &Scene, platform: &str) -> Result<()> {
    let events: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events WHERE aggregate_id IN (SELECT aggregate_id FROM events \
          WHERE sequence = 1 AND payload #>> '{Happened,order,platform}' = $1)",
    )
    .bind(platform)
    .fetch_one(&scene.log)
    .await?;
    let topic = topic_of(scene, platform);
    wait_until("the history to be there", async || {
        let there = read_topic(&scene.config, &topic).await?.len();
        ensure!(there as u64 <= events.unsigned_abs(), "{there} of {events}");
        Ok((there as u64 == events.unsigned_abs()).then_some(()))
    })
    .await?;
    check(scene, platform).await?;
    Ok(())
}

/// Missing, of another shape, made again, filled by somebody else: each ends the relay
/// and says what to do, which helps.
pub async fn a_topic_that_is_not_what_it_was(config: Config) -> Result<()> {
    let before = Scene::new(&config).await?;
    backlog(&before, 100).await?;
    let scene = Scene::without_topics(&with(&config, &["web"])?).await?;
    let topic = topic_of(&scene, "web");
    let reason = scene.relay()?.failure().await?;
    ensure!(reason.contains("names web: `orderlog migrate`"), "{reason}");
    create(&scene.config, &topic, 2).await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(reason.contains("partitions 2, and 12"), "{reason}");

    delete(&scene.config, &topic).await?;
    create(&scene.config, &topic, ORDER_EVENTS_PARTITIONS).await?;
    let relay = scene.relay()?;
    is_whole(&scene, "web").await?;
    delete(&scene.config, &topic).await?;
    create(&scene.config, &topic, ORDER_EVENTS_PARTITIONS).await?;
    for relay in [relay, scene.relay()?] {
        let reason = relay.failure().await?;
        ensure!(
            reason.contains("deleted and made again")
                && reason.contains("orderlog epoch republish --platform web"),
            "{reason}"
        );
    }
    ensure!(epoch::allow_republish(&scene.log, &topic).await?);
    let relay = scene.relay()?;
    is_whole(&scene, "web").await?;
    relay.stop().await?;

    // No progress tells of a topic that somebody else has filled.
    let scene = Scene::without_topics(&with(&config, &["shop", "web"])?).await?;
    let topic = topic_of(&scene, "shop");
    create(&scene.config, &topic, ORDER_EVENTS_PARTITIONS).await?;
    produce(&scene.config, &topic).await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(reason.contains("which events of shop they are"), "{reason}");
    scene.check_published_once().await?;
    Ok(())
}

async fn produce(config: &Config, topic: &str) -> Result<()> {
    use rdkafka::producer::{FutureProducer, FutureRecord};
    let producer: FutureProducer = infra::kafka::client_config(config).create()?;
    let record = FutureRecord::to(topic).key("x").payload("{}");
    let sent = producer.send(record, std::time::Duration::from_secs(20));
    sent.await.map_err(|(error, _)| error)?;
    Ok(())
}

/// Whoever reads a platform's topic is told of a restored log there: once, before what
/// is new.
pub async fn an_epoch_is_announced_on_it(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&with(&env.config, &["web"])?).await?;
    backlog(&scene, 100).await?;
    let mut relay = scene.relay()?;
    is_whole(&scene, "web").await?;
    env.orderlog_ok(&["epoch", "bump", "--yes", "--force"])
        .await?;
    append_to_old_orders(&scene).await?;
    is_whole(&scene, "web").await?;
    caught_up(&mut relay, &scene).await?;
    let published = relay.status.borrow().published;
    ensure!(
        published == 802,
        "{published}: events are counted, not records"
    );
    relay.stop().await?;
    let topic = topic_of(&scene, "web");
    let announced = announced_on(&scene.config, &topic).await?;
    let mut partitions: Vec<i32> = announced.iter().map(|a| a.partition).collect();
    partitions.sort_unstable();
    ensure!(partitions.into_iter().eq(0..ORDER_EVENTS_PARTITIONS));
    let on_main = scene.announced().await?;
    for own in &announced {
        let same = |a: &&Announced| a.partition == own.partition;
        let same = on_main.iter().find(same).map(|a| &a.data);
        ensure!(same == Some(&own.data), "it says something else");
    }
    for record in read_topic(&scene.config, &topic).await? {
        let before = announced
            .iter()
            .any(|a| a.partition == record.partition && a.offset < record.offset);
        ensure!(before == (record.envelope.position.at.epoch == 2));
    }
    each_epoch_comes_after_its_announcement(env, &scene).await
}

/// Also where two of them began while nobody published.
async fn each_epoch_comes_after_its_announcement(env: &TestEnv, scene: &Scene) -> Result<()> {
    for _ in 0..2 {
        env.orderlog_ok(&["epoch", "bump", "--yes", "--force"])
            .await?;
        append_to_old_orders(scene).await?;
    }
    let relay = scene.relay()?;
    is_whole(scene, "web").await?;
    relay.stop().await?;
    let topic = topic_of(scene, "web");
    let announced = announced_on(&scene.config, &topic).await?;
    for record in read_topic(&scene.config, &topic).await? {
        let before = announced
            .iter()
            .filter(|a| a.partition == record.partition && a.offset < record.offset);
        let latest = before.map(|a| a.data.epoch).max().unwrap_or(1);
        let epoch = record.envelope.position.at.epoch;
        ensure!(latest == epoch, "one of epoch {epoch} in epoch {latest}");
    }
    Ok(())
}

/// Real orders, and relays that are killed as processes while they are placed.
pub async fn orders_of_a_platform_survive_killed_relays(env: &TestEnv) -> Result<()> {
    let config = with(&env.config, &["web"])?;
    let migrated = tests::command(&config)?.arg("migrate").output().await?;
    ensure!(migrated.status.success(), "{migrated:?}");
    let mut commands = env.role("command-api").spawn()?;
    commands.ready().await?;
    let api = Api::new(env, &commands).await?;
    let started = || {
        let told = config.clone();
        env.role("relay").config(|config| *config = told).spawn()
    };
    let mut of_web = HashSet::new();
    let mut relay = started()?;
    for round in 0..4 {
        for platform in ["web", "shop", "web", "shop", "web"] {
            let order = json!({
                "platform": platform, "currency": "GBP",
                "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 100}],
            });
            let placed = api.post("/v1/orders", &order).await?.expect(201)?;
            let path = placed.header("location").to_owned();
            let note = json!({"text": "ring twice"});
            api.post(&format!("{path}/notes"), &note)
                .await?
                .expect(200)?;
            if platform == "web" {
                let id = placed.json["order_id"].as_str().context("no id")?;
                of_web.insert(id.to_owned());
            }
        }
        if round < 3 {
            relay.kill9().await?;
            relay = started()?;
        }
    }
    let scene = Scene::existing(&config)?;
    let topic = topic_of(&scene, "web");
    let own = wait_until("the events to be published", async || {
        let own = read_topic(&config, &topic).await?;
        Ok((own.len() >= of_web.len() * 2).then_some(own))
    })
    .await?;
    relay.terminate().await?;
    ensure!(scene.check_published_once().await? == 4 * 5 * 2);
    let of_web = |record: &Record| of_web.contains(&record.envelope.subject.to_string());
    ensure!(own.iter().all(of_web), "an order of another platform");
    let mut all = scene.published().await?;
    all.retain(of_web);
    ensure!(by_partition(own) == by_partition(all));
    Ok(())
}
