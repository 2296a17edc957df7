//! Behind `PgBouncer` in transaction mode.

use super::{
    pgbouncer::{PgBouncer, pgbouncer},
    system::{System, api_key, confirming, orderlog, orderlog_ok, said},
};
use crate::webhooks::receiver::{OK, Received, Receiver};
use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use infra::{
    config::Config,
    postgres::{TIME_OUTS, create_database_if_missing},
};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use std::{collections::BTreeSet, path::Path, path::PathBuf};
use tests::{TestEnv, wait_until};

/// Orders, more than there are sessions, placed by so many at once.
const ORDERS: usize = 40;
const AT_ONCE: usize = 16;

pub async fn a_whole_system_works_behind_pgbouncer(env: &TestEnv) -> Result<()> {
    let Some((pooler, config)) = pooled(env, "max_prepared_statements = 100").await? else {
        return Ok(());
    };
    let told = orderlog_ok(&config, &["doctor"]).await?;
    ensure!(told.contains("behind a pooler"), "{told}");
    let key = api_key(&config).await?;
    let system = System::start(env, &config, &key).await?;
    let receiver = Receiver::start(|_| OK).await?;
    let endpoint = json!({"url": receiver.url, "event_types": ["order.placed"]});
    let made = system.commands.post("/v1/webhooks/endpoints", &endpoint);
    made.await?.expect(201)?;

    orders_are_placed_and_read(&system).await?;
    let told = receiver.until(ORDERS).await?;
    let of = |received: &Received| received.json["data"]["order_id"].to_string();
    let told: BTreeSet<_> = told.iter().map(of).collect();
    ensure!(told.len() == ORDERS, "{}", told.len());
    questions_are_answered(&system).await?;
    files_are_made(&system).await?;
    orderlog_ok(&config, &["rebuild", "orders"]).await?;
    orders_are_searched(&system).await?;
    orderlog_ok(&config, &["verify", "--wait", "60s"]).await?;
    let logs = system.logs();
    for trouble in [
        "leader.lost",
        "leader.session_is_shared",
        "prepared statement",
    ] {
        ensure!(!logs.contains(trouble), "{trouble}\n{}", pooler.log());
    }
    system.kill().await
}

/// A pooler before the databases of a test, and a system's configuration behind
/// it: nobody asks the views by the clock.
async fn pooled(env: &TestEnv, more: &str) -> Result<Option<(PgBouncer, Config)>> {
    let Some(program) = pgbouncer().await? else {
        return Ok(None);
    };
    let direct = Config {
        read_waits_poll_ms: 600_000,
        webhook_networks: ["127.0.0.0/8"].into_iter().collect(),
        objects_url: format!("file://{}", objects(&env.config)?.display()),
        ..confirming(&env.config)?
    };
    for url in [&direct.events_url, &direct.views_url, &direct.ops_url] {
        has_time_outs(url).await?;
    }
    let pooler = PgBouncer::start(&program, &direct, more).await?;
    let config = pooler.before(&direct)?;
    orderlog_ok(&config, &["migrate"]).await?;
    Ok(Some((pooler, config)))
}

/// A folder for them, which is there.
fn objects(config: &Config) -> Result<PathBuf> {
    let folder = Path::new(&config.master_key_file).with_file_name("objects");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// What sessions of ours have, everybody's of this database have.
async fn has_time_outs(url: &str) -> Result<()> {
    create_database_if_missing(url).await?;
    let mut session = PgConnection::connect(url).await?;
    let (_, database) = url.rsplit_once('/').context("no database")?;
    for (name, value) in TIME_OUTS {
        let sql = format!("ALTER DATABASE \"{database}\" SET {name} = '{value}'");
        sqlx::raw_sql(&sql).execute(&mut session).await?;
    }
    Ok(session.close().await?)
}

/// Many at once, each read back by who placed it: notifications arrive, or each
/// would wait until its time is over.
async fn orders_are_placed_and_read(system: &System) -> Result<()> {
    let one = |n: usize| async move {
        let external_id = format!("P-{n}");
        let placed = system.place(&external_id).await?;
        let read = system.read(&placed).await?;
        ensure!(read["external_id"] == external_id, "{read}");
        ensure!(read["customer"]["name"] == "Ada Lovelace", "{read}");
        system.until_confirmed(&placed).await
    };
    let all = stream::iter(0..ORDERS).map(one).buffer_unordered(AT_ONCE);
    let all: Vec<Value> = all.try_collect().await?;
    let numbers: BTreeSet<_> = all
        .iter()
        .map(|order| order["number"].to_string())
        .collect();
    ensure!(numbers.len() == ORDERS, "{numbers:?}");
    Ok(())
}

async fn questions_are_answered(system: &System) -> Result<()> {
    orders_are_searched(system).await?;
    let statistics = system.get("/v1/statistics/orders").await?;
    ensure!(
        statistics.to_string().contains(&format!(":{ORDERS}")),
        "{statistics}"
    );
    let projections = system.get("/v1/admin/projections").await?;
    ensure!(projections.to_string().contains("orders"), "{projections}");
    Ok(())
}

/// Again and again, by many: what is planned for its own values, too.
async fn orders_are_searched(system: &System) -> Result<()> {
    let paths = [
        "/v1/orders?q=lamp&count=exact&facets=status&limit=5",
        "/v1/orders?q=lovelace&count=estimated&limit=100",
        "/v1/orders?status=placed&sort=-total&limit=100",
        "/v1/customers?q=ada",
        "/v1/orders/by_external_id/web/P-7",
    ];
    let asked = (0..60).map(|n| paths[n % paths.len()]);
    let asked = stream::iter(asked).map(|path| async move { (path, system.get(path).await) });
    let mut asked = asked.buffer_unordered(AT_ONCE);
    while let Some((path, answer)) = asked.next().await {
        let answer = answer.with_context(|| path.to_owned())?;
        let right = match path {
            "/v1/orders?q=lamp&count=exact&facets=status&limit=5" => answer["data"]
                .as_array()
                .is_some_and(|data| data.len() == 5),
            "/v1/customers?q=ada" => answer["data"].as_array().is_some_and(|d| d.len() == 1),
            "/v1/orders/by_external_id/web/P-7" => answer["external_id"] == "P-7",
            _ => answer["data"].as_array().is_some_and(|d| d.len() == ORDERS),
        };
        ensure!(right, "{path}: {answer}");
    }
    Ok(())
}

/// Exports, as they are read and in the background.
async fn files_are_made(system: &System) -> Result<()> {
    let export = system
        .queries
        .request(reqwest::Method::GET, "/v1/orders.ndjson");
    let export = export.send().await?.error_for_status()?.text().await?;
    ensure!(export.lines().count() == ORDERS + 1, "{export}");
    let body = json!({"kind": "lines", "format": "csv"});
    let asked = system.commands.post("/v1/exports", &body).await?;
    let id = asked.expect(202)?.json["id"].clone();
    let path = format!("/v1/exports/{}", id.as_str().context("no id")?);
    wait_until("a file", async || {
        let export = system.get(&path).await?;
        ensure!(export["state"] != "failed", "{export}");
        Ok((export["state"] == "done").then_some(()))
    })
    .await
}

pub async fn a_pooler_that_will_not_do_is_named(env: &TestEnv) -> Result<()> {
    // As one that is older than 1.21.
    let old =
        "max_prepared_statements = 0\nignore_startup_parameters = extra_float_digits, options";
    let Some((pooler, config)) = pooled(env, old).await? else {
        return Ok(());
    };
    let wrong = async |config: &Config| {
        let told = orderlog(config, &["doctor"]).await?;
        ensure!(told.status.code() == Some(1), "{}", said(&told));
        anyhow::Ok(said(&told))
    };
    let told = wrong(&config).await?;
    ensure!(told.contains("loses prepared statements"), "{told}");
    let unsaid = Config {
        events_url: pooler.unsaid(&env.config.events_url)?,
        views_read_urls: [pooler.unsaid(&env.config.views_url)?]
            .into_iter()
            .collect(),
        ..config.clone()
    };
    let told = wrong(&unsaid).await?;
    for url in ["events_url", "views_read_urls"] {
        let unsaid = format!("{url} does not say: add ?pooler=transaction to it");
        ensure!(told.contains(&unsaid), "{told}");
    }
    let no_session = Config {
        views_session_url: String::new(),
        ..config
    };
    let told = wrong(&no_session).await?;
    ensure!(told.contains("views_session_url has to name"), "{told}");
    Ok(())
}
