//! The data folder is replaced by an older copy: cluster, timeline and database
//! are the same as before.

use crate::relay::scene::Scene;
use anyhow::{Context as _, Result, ensure};
use infra::{clock, epoch, local_servers::Server};
use std::path::{Path, PathBuf};
use tests::{PrivateServers, TestEnv};
use tokio::process::Command;
use uuid::Uuid;

/// Only what was published tells.
pub async fn a_plain_copy_is_found_by_what_was_published(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let order = clock::new_id();
    scene.append(order, 1..=10).await?;
    publish(&scene, 10).await?;
    let folder = data_folder(&scene).await?;
    let copy = folder.with_extension("copy");
    servers.stop_one(Server::Events).await?;
    run("cp", &["-a"], &folder, &copy).await?;
    servers.restart(Server::Events).await?;

    scene.append(order, 11..=15).await?;
    publish(&scene, 5).await?;
    servers.stop_one(Server::Events).await?;
    tokio::fs::remove_dir_all(&folder).await?;
    run("mv", &[], &copy, &folder).await?;
    servers.restart(Server::Events).await?;

    ensure!(
        epoch::check(&scene.log).await.is_ok(),
        "nothing shows in it"
    );
    let reason = scene.relay()?.failure().await?;
    ensure!(
        reason.contains("the log has no event at position 15"),
        "{reason}"
    );
    ensure!(reason.contains("orderlog epoch bump"), "{reason}");
    let told = epoch::check(&scene.log).await;
    ensure!(told.is_err_and(|e| e.is_bumpable()), "the log was told");

    env.orderlog_ok(&["epoch", "bump", "--yes"]).await?;
    scene.append(order, 11..=12).await?;
    publish(&scene, 2).await?;
    ensure!(scene.announced().await?.len() == 12);
    check_ids(&scene, order).await
}

/// What was lost and what came in its place are not the same event.
async fn check_ids(scene: &Scene, order: Uuid) -> Result<()> {
    let published = scene.published().await?;
    let sequences: Vec<i64> = published.iter().map(|e| e.envelope.sequence).collect();
    let expected: Vec<i64> = (1..=15).chain(11..=12).collect();
    ensure!(sequences == expected, "{sequences:?}");
    ensure!(published.iter().all(|e| e.envelope.subject == order));
    ensure!(published[10].envelope.id != published[15].envelope.id);
    Ok(())
}

async fn publish(scene: &Scene, events: u64) -> Result<()> {
    let mut relay = scene.relay()?;
    relay.has_published(events).await?;
    relay.stop().await
}

async fn data_folder(scene: &Scene) -> Result<PathBuf> {
    let folder: String = sqlx::query_scalar("SHOW data_directory")
        .fetch_one(&scene.log)
        .await?;
    Ok(folder.into())
}

async fn run(program: &str, args: &[&str], from: &Path, to: &Path) -> Result<()> {
    let status = Command::new(program)
        .args(args)
        .args([from, to])
        .status()
        .await
        .with_context(|| format!("{program} cannot be run"))?;
    ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}
