//! A transaction that is open on the log's cluster.

use super::scene::{Scene, fill_one};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tests::TestEnv;

pub async fn an_open_transaction_ends_a_replay_and_the_doctor_names_it(
    env: &TestEnv,
) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 2, 3).await?;
    let mut somebody = PgConnection::connect(&env.config.events_url).await?;
    let mut transaction = somebody.begin().await?;
    fill_one(&mut *transaction, "slow", 1, 0).await?;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut *transaction)
        .await?;
    for _ in 0..2 {
        fill_one(&scene.log, "shop", 3, 0).await?;
    }

    let held = scene.replay(&[]).await?;
    ensure!(held.events.len() == 6, "{:?}", held.trailer);
    ensure!(held.trailer["ended"] == "horizon" && held.trailer["cut_short"] == false);
    let asked = env.orderlog(&["doctor", "--json"]).await?;
    let report: Value = serde_json::from_slice(&asked.stdout)?;
    let log = &report["log"];
    let mut open = log["transactions"].as_array().into_iter().flatten();
    let open = open.find(|session| session["pid"] == pid);
    let open = open.with_context(|| format!("it is not named: {log}"))?;
    ensure!(open["wrote"] == true && open["state"] == "idle in transaction");
    ensure!(log["waiting_events"] == 6, "{log}");
    ensure!(log["horizon_age_seconds"].as_f64() > Some(0.0), "{log}");
    let told = String::from_utf8(env.orderlog(&["doctor"]).await?.stdout)?;
    ensure!(told.contains(&format!("pid {pid}")), "{told}");

    transaction.commit().await?;
    scene.settled().await?;
    let all = scene.replay(&[]).await?;
    ensure!(all.events.len() == 13);
    // What came late has its place before what was appended meanwhile.
    ensure!(all.events[..6] == held.events && all.events[6]["sequence"] == 1);
    let rest = ["--from-position", held.position(5)];
    ensure!(scene.replay(&rest).await?.events == all.events[6..]);
    Ok(())
}
