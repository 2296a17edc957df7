//! What is not replayed, and how that is said.

use super::scene::Scene;
use anyhow::{Context as _, Result, ensure};
use contracts::{LogPosition, PositionToken, topics::ORDER_EVENTS};
use tests::TestEnv;

pub async fn bad_input_is_named(env: &TestEnv) -> Result<()> {
    for (args, said) in [
        (&["--type", "order.palced"][..], "no such event type"),
        (&["--platform", "Web Shop"], "lower-case letters"),
        (&["--order", "17"], "invalid value '17'"),
        (&["--from-position", "x"], "not a position token"),
        (&["--from-time", "yesterday"], "neither a date"),
        (
            &["--from-start", "--from-time", "2026-01-01"],
            "cannot be used with",
        ),
        (
            &["--to-time", "2026-01-01", "--to-position", "x"],
            "not a position token",
        ),
        (&["--rate", "0"], "invalid value '0'"),
        (&["--to-topic", "a b"], "a topic's name is"),
    ] {
        let refused = env.orderlog(&[&["replay"], args].concat()).await?;
        let told = String::from_utf8_lossy(&refused.stderr);
        ensure!(refused.status.code() == Some(2), "{args:?}: {told}");
        ensure!(told.contains(said), "{args:?}: {told}");
        ensure!(refused.stdout.is_empty());
    }
    Ok(())
}

pub async fn positions_and_resume_files_of_something_else_are_refused(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 2, 3).await?;
    let elsewhere = |epoch, xid| PositionToken {
        topic: ORDER_EVENTS.to_owned(),
        partition: 0,
        at: LogPosition {
            epoch,
            xid,
            position: 9,
        },
    };
    for at in [elsewhere(1, u64::MAX >> 1), elsewhere(7, 1)] {
        let at = at.to_string();
        fails(env, &["--from-position", &at], "beyond the end of this log").await?;
    }

    let resume = scene.path("position");
    let resume = resume.to_str().context("not UTF-8")?;
    scene.replay(&["--resume", resume]).await?;
    let other = ["--resume", resume, "--type", "order.placed"];
    fails(env, &other, "other filters").await?;
    std::fs::write(resume, "{}")?;
    fails(env, &["--resume", resume], "is damaged").await?;
    let nowhere = scene.path("no/such/folder");
    let nowhere = nowhere.to_str().context("not UTF-8")?;
    fails(env, &["--resume", nowhere], "cannot be written").await
}

async fn fails(env: &TestEnv, args: &[&str], said: &str) -> Result<()> {
    let refused = env.orderlog(&[&["replay"], args].concat()).await?;
    let told = String::from_utf8_lossy(&refused.stderr);
    ensure!(refused.status.code() == Some(1), "{args:?}: {told}");
    ensure!(told.contains(said), "{args:?}: {told}");
    ensure!(refused.stdout.is_empty(), "nothing was written");
    Ok(())
}
