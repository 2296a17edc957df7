//! `orderlog doctor`.

use anyhow::{Context as _, Result, ensure};
use contracts::topics;
use infra::postgres::{migration_options, pool};
use libtest_mimic::Trial;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use std::process::Output;
use tests::{TestEnv, command, on_servers};

pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("doctor::", stringify!($test)),
                async |env: &TestEnv| $test(env).await,
            )),+]
        };
    }
    trials![
        a_system_that_is_not_migrated_and_one_that_is,
        each_setting_names_its_origin,
        servers_that_are_away_are_named,
        every_session_of_ours_gives_up_an_idle_transaction,
    ]
}

fn report(output: &Output) -> Result<Value> {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).with_context(|| said.into_owned())
}

fn wrong(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().into_iter().flatten();
    let wrong = findings.filter(|finding| finding["level"] == "wrong");
    wrong.map(ToString::to_string).collect()
}

async fn a_system_that_is_not_migrated_and_one_that_is(env: &TestEnv) -> Result<()> {
    let early = env.orderlog(&["doctor", "--json"]).await?;
    let said = wrong(&report(&early)?);
    ensure!(early.status.code() == Some(1), "{}", early.status);
    ensure!(said.len() == 3 + topics::ALL.len(), "{said:?}");
    ensure!(
        said.iter().all(|w| w.contains("orderlog migrate")),
        "{said:?}"
    );

    env.orderlog_ok(&["migrate"]).await?;
    let well = env.orderlog(&["doctor", "--json"]).await?;
    let report = report(&well)?;
    ensure!(well.status.success(), "{:?}", wrong(&report));
    let servers = report["servers"].as_array().context("a list")?;
    ensure!(servers.len() == 5, "{report}");
    ensure!(
        servers
            .iter()
            .all(|s| s["answers"] == true && s["version"].is_string())
    );
    let holds = servers[0]["holds"].to_string();
    ensure!(
        holds.contains("migrated") && holds.contains("epoch 1"),
        "{holds}"
    );
    let kafka = servers[4]["holds"].to_string();
    let events = env.config.kafka_name(topics::ORDER_EVENTS);
    ensure!(
        kafka.contains(&format!("{events}: 12 partitions")),
        "{kafka}"
    );
    let log = &report["log"];
    ensure!(
        log["time_outs"]["ours"] == "10s" && log["time_outs"]["others"] == "0",
        "{log}"
    );
    ensure!(log["sees_everybody"] == true);
    let told = env.orderlog_ok(&["doctor"]).await?;
    ensure!(
        told.contains("idle_in_transaction_session_timeout is not set"),
        "{told}"
    );

    // A migration that nobody of this release knows, and one that was lost.
    let ops = pool(&env.config.ops_url, 1)?;
    for (change, answer) in [
        (
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'later', true, '', 0)",
            "1 migrations ahead",
        ),
        (
            "DELETE FROM _sqlx_migrations WHERE version = 2",
            "1 migrations behind",
        ),
        (
            "UPDATE _sqlx_migrations SET checksum = '' WHERE version = 1",
            "migration 1 broken",
        ),
    ] {
        sqlx::query(change).execute(&ops).await?;
        let told = String::from_utf8(env.orderlog(&["doctor"]).await?.stdout)?;
        ensure!(told.contains(answer), "{told}");
    }
    Ok(())
}

async fn each_setting_names_its_origin(env: &TestEnv) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("orderlog.toml");
    let with_password = env
        .config
        .views_url
        .replacen("://orderlog@", "://orderlog:hush@", 1);
    ensure!(with_password != env.config.views_url, "{with_password}");
    std::fs::write(
        &file,
        format!("views_url = {with_password:?}\nredis_prefix = \"x:\""),
    )?;
    let output = command(&env.config)?
        .args(["doctor", "--json", "--listen", "127.0.0.1:1", "--config"])
        .arg(&file)
        .env_remove("ORDERLOG_VIEWS_URL")
        .env_remove("ORDERLOG_KAFKA_PREFIX")
        .env("ORDERLOG_API_KEY", "hush")
        .output()
        .await?;
    let report = report(&output)?;
    ensure!(!report.to_string().contains("hush"), "a secret is shown");
    let of = |key: &str| {
        let mut settings = report["settings"].as_array().into_iter().flatten();
        settings
            .find(|s| s["key"] == key)
            .cloned()
            .context("no such setting")
    };
    let views = of("views_url")?;
    ensure!(views["origin"]["from"] == "file", "{views}");
    ensure!(views["origin"]["name"].as_str() == file.to_str(), "{views}");
    ensure!(
        views["value"].to_string().contains("orderlog:[secret]@"),
        "{views}"
    );
    let listen = of("listen")?;
    ensure!(listen["origin"]["from"] == "flag" && listen["value"] == "127.0.0.1:1");
    ensure!(of("kafka_prefix")?["origin"]["from"] == "default");
    // The environment wins over the file.
    let prefix = of("redis_prefix")?;
    ensure!(
        prefix["origin"]["name"] == "ORDERLOG_REDIS_PREFIX",
        "{prefix}"
    );
    ensure!(prefix["value"] == env.config.redis_prefix, "{prefix}");
    ensure!(of("api_key")?["value"] == "[secret]");
    Ok(())
}

async fn servers_that_are_away_are_named(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let output = command(&env.config)?
        .args(["doctor", "--json"])
        .env(
            "ORDERLOG_EVENTS_URL",
            "postgres://orderlog@127.0.0.1:1/events",
        )
        .env("ORDERLOG_REDIS_URL", "redis://127.0.0.1:1")
        .env("ORDERLOG_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
        .output()
        .await?;
    let report = report(&output)?;
    ensure!(output.status.code() == Some(1), "{}", output.status);
    let servers = report["servers"].as_array().context("a list")?;
    let away = servers.iter().filter(|server| server["answers"] == false);
    let away: Vec<_> = away.map(|server| server["name"].to_string()).collect();
    ensure!(away.len() == 3, "{away:?}");
    for name in away {
        ensure!(wrong(&report).iter().any(|w| w.contains(&name)), "{report}");
    }
    ensure!(report["log"].is_null());
    Ok(())
}

/// Also while it migrates: whoever is frozen in a transaction would hold the
/// horizon for ever.
async fn every_session_of_ours_gives_up_an_idle_transaction(env: &TestEnv) -> Result<()> {
    const SHOW: &str = "SELECT current_setting('idle_in_transaction_session_timeout') || ' ' \
         || current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')";
    let url = &env.config.events_url;
    let mut migrating = PgConnection::connect_with(&migration_options(url)?).await?;
    let told: String = sqlx::query_scalar(SHOW).fetch_one(&mut migrating).await?;
    ensure!(told == "10s 0 0", "{told}");
    for pool in [pool(url, 1)?, infra::epoch::pool(url, 1)?] {
        let told: String = sqlx::query_scalar(SHOW).fetch_one(&pool).await?;
        ensure!(told == "10s 30s 10s", "{told}");
    }
    Ok(())
}
