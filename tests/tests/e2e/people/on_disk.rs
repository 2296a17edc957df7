//! The bytes of every file, before and after somebody is forgotten.

use super::{
    places::{DRAWN, Places},
    town::{MARL, QUILL, Town, id_of},
};
use crate::webhooks::{
    receiver::{OK, Receiver, Reply},
    scene::loopback,
};
use anyhow::{Context as _, Result, ensure};
use contracts::topics;
use infra::{config::Config, platforms::Platforms};
use rdkafka::{
    admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier},
    client::DefaultClientContext,
    config::ClientConfig,
};
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::{collections::BTreeSet, time::Duration};
use tests::{PrivateServers, TestEnv, wait_until_within};

/// The one broker of local servers.
const BROKER: i32 = 1;
/// How long files may take to be rewritten.
const COMPACTED: Duration = Duration::from_mins(4);

/// What a receiver of webhooks knows, and says.
const NAMED: &str = "no street of Quillfeather Zabrowski is known";
/// Files of exports, by how their names end.
const EXPORTED: [(&str, &str, &str); 3] = [
    ("csv", "none", ".csv"),
    ("csv", "gzip", ".csv.gz"),
    ("ndjson", "zstd", ".ndjson.zst"),
];

/// In the files of the databases after VACUUM FULL and with the write-ahead logs
/// recycled, in Redis, in the topics once they are compacted, in exports, uploads and
/// results, in the logs of servers and roles, which tell all they can. Before, it is in
/// each place that can have it: what is not there cannot be taken back.
pub async fn nothing_of_a_person_is_left_in_any_file(
    env: &TestEnv,
    _servers: &PrivateServers,
) -> Result<()> {
    let town = Town::open_with(env, configured(&with_a_seller()?)).await?;
    let own = town.order(&QUILL, Some("c-1")).await?;
    let guests = town.order(&QUILL, None).await?;
    let last = town.order(&MARL, Some("c-2")).await?;
    let noted = town.on(&last, "notes", json!({"text": "x"})).await?;
    town.read(&last, &noted["position"]).await?;
    let theirs = [id_of(&own)?.to_string(), id_of(&guests)?.to_string()];
    let receiver = Receiver::start(move |received| {
        if theirs.iter().any(|order| received.body.contains(order)) {
            Reply::Status(422, "", NAMED)
        } else {
            OK
        }
    });
    let receiver = receiver.await?;
    town.tell(&receiver.url).await?;
    fill(env, &town, (&own, &guests)).await?;

    let places = Places::of(env, &town).await?;
    wait_until_within(COMPACTED, "it to be everywhere", async || {
        Ok(is_everywhere(&places.search()).then_some(()))
    })
    .await
    .with_context(|| format!("{:?}", places.search()))?;
    town.done("erase", &json!({"platform": "web", "customer_id": "c-1"}))
        .await?;
    town.done("erase", &json!({"platform": "web", "email": QUILL.email}))
        .await?;
    for path in [&own, &guests] {
        let order = town.see(path).await?.expect(200)?.json;
        ensure!(!order.to_string().contains("uillfeather"), "{order}");
    }

    compact(env).await?;
    wait_until_within(COMPACTED, "the topic to be compacted", async || {
        // Segments that are being written are not compacted: they need successors.
        town.order(&MARL, None).await?;
        let found = places.search_in(|place| place == "kafka");
        Ok(found.is_empty().then_some(()))
    })
    .await
    .with_context(|| format!("{:?}", places.search_in(|place| place == "kafka")))?;
    wait_until_within(COMPACTED, "nothing to be left", async || {
        recycle(env).await?;
        Ok(places.search().is_empty().then_some(()))
    })
    .await
    .with_context(|| format!("{:?}", places.search()))
}

/// Somebody sells on the channel, so that there are invoices.
fn with_a_seller() -> Result<Platforms> {
    let seller = json!({
        "name": "Lumen & Sons Ltd", "address": ["12 Mill Lane", "Bristol BS1 4RB"],
        "vat_id": "GB 123 4567 89", "tax_rates": ["20", "5", "0"],
    });
    let platforms = json!({"default": {}, "web": {"seller": seller}});
    Ok(serde_json::from_value(platforms)?)
}

fn configured(platforms: &Platforms) -> impl Fn(&mut Config) + Clone + Send + Sync + use<> {
    let platforms = platforms.clone();
    move |config| {
        loopback(config);
        config.platforms = platforms.clone();
        config.log = "debug,rdkafka=warn,hyper=info,h2=info".into();
    }
}

/// Brings the person wherever they may be: caches, searches, invoices, uploads, files of
/// exports, what receivers say, what planners know.
async fn fill(env: &TestEnv, town: &Town<'_>, (own, guests): (&str, &str)) -> Result<()> {
    // Asked for often, it is cached; searched for, it may be noted.
    for _ in 0..3 {
        town.see(own).await?.expect(200)?;
        town.see("/v1/orders?q=quillfeather").await?.expect(200)?;
        town.see("/v1/customers?email=quillfeather@example.net")
            .await?
            .expect(200)?;
    }
    town.on(own, "invoice", json!({})).await?;
    let invoice = format!("{own}/invoice.pdf");
    let invoice = town.views().request(Method::GET, &invoice).send().await?;
    let invoice = invoice.error_for_status()?.bytes().await?;
    let shown: String = pdf_text::pages(&invoice)?
        .concat()
        .split_whitespace()
        .collect();
    ensure!(shown.contains("QuillfeatherZabrowski"), "{shown}");
    let uploaded = format!(
        "{}\n",
        json!({"op": "place_order", "key": "u", "body": super::town::order(&QUILL, Some("c-1"))})
    );
    let operation = town.scene.upload("", uploaded).await?;
    town.scene.until_ended(&operation, "succeeded").await?;
    for (format, compression, _) in EXPORTED {
        let filters = json!({"q": "quillfeather"});
        town.export(&json!({
            "kind": "orders", "format": format, "compression": compression, "filters": filters,
        }))
        .await?;
    }
    town.on(guests, "notes", json!({"text": QUILL.note}))
        .await?;
    let mut ops = PgConnection::connect(&env.config.ops_url).await?;
    wait_until_within(COMPACTED, "answers of the receiver", async || {
        let said = "SELECT count(DISTINCT d.order_id) FROM webhook_attempts a \
                      JOIN webhook_deliveries d ON d.id = a.delivery_id WHERE a.answer = $1";
        let said: i64 = sqlx::query_scalar(said)
            .bind(NAMED)
            .fetch_one(&mut ops)
            .await?;
        Ok((said == 2).then_some(()))
    })
    .await?;
    // As it does by itself one day.
    ops.execute("ANALYZE").await?;
    let known = "SELECT count(*) FROM pg_stats \
                  WHERE schemaname = 'public' AND tablename = 'webhook_attempts' \
                    AND concat(most_common_vals::text, histogram_bounds::text) LIKE '%Quill%'";
    let known: i64 = sqlx::query_scalar(known).fetch_one(&mut ops).await?;
    ensure!(known == 1, "the planner knows nothing");
    Ok(())
}

/// Whether it is wherever it can be.
fn is_everywhere(found: &BTreeSet<String>) -> bool {
    let is_in = |place: &&str| found.contains(*place);
    let is_exported = |(_, _, end): &(&str, &str, &str)| {
        let mut files = found.iter().filter(|file| file.contains("/exports/"));
        files.any(|file| file.ends_with(end))
    };
    ["postgres-views", "kafka", "redis", "objects", DRAWN]
        .iter()
        .all(is_in)
        && EXPORTED.iter().all(is_exported)
}

/// Everything that databases keep of what was replaced.
async fn recycle(env: &TestEnv) -> Result<()> {
    let config = &env.config;
    for url in [&config.events_url, &config.views_url, &config.ops_url] {
        let mut connection = PgConnection::connect(url).await?;
        for sql in [
            "ALTER SYSTEM SET wal_recycle = off",
            "ALTER SYSTEM SET min_wal_size = '32MB'",
            "SELECT pg_reload_conf()",
            "VACUUM FULL",
            "CHECKPOINT",
            "SELECT pg_switch_wal()",
            "CHECKPOINT",
            "SELECT pg_switch_wal()",
            "CHECKPOINT",
        ] {
            connection.execute(sql).await?;
        }
    }
    let client = redis::Client::open(config.redis_url.as_str())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    // One that runs already does as well.
    let _: Result<String, _> = redis::cmd("BGREWRITEAOF")
        .query_async(&mut connection)
        .await;
    Ok(())
}

/// Has Kafka compact the documents as soon as it can.
async fn compact(env: &TestEnv) -> Result<()> {
    let client: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", &env.config.kafka_bootstrap_servers)
        .create()?;
    let topic = env.config.kafka_name(topics::STATE.name);
    let mut wanted = AlterConfig::new(ResourceSpecifier::Topic(&topic));
    for (name, value) in topics::STATE
        .config
        .iter()
        .filter(|(name, _)| *name != "max.compaction.lag.ms")
    {
        wanted = wanted.set(name, value);
    }
    for (name, value) in [
        ("segment.ms", "500"),
        ("max.compaction.lag.ms", "1000"),
        ("min.cleanable.dirty.ratio", "0.0"),
        ("delete.retention.ms", "0"),
        ("file.delete.delay.ms", "0"),
    ] {
        wanted = wanted.set(name, value);
    }
    let broker =
        AlterConfig::new(ResourceSpecifier::Broker(BROKER)).set("log.cleaner.backoff.ms", "100");
    let altered = client
        .alter_configs([&wanted, &broker], &AdminOptions::new())
        .await?;
    for result in altered {
        result.map_err(|(resource, error)| anyhow::anyhow!("{resource:?}: {error}"))?;
    }
    Ok(())
}
