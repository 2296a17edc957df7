//! `--follow`.

use super::scene::{Scene, read, spawn, terminate};
use anyhow::{Context as _, Result, ensure};
use std::process::Stdio;
use tests::TestEnv;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::ChildStdout;

pub async fn what_is_appended_follows_until_it_is_told_to_stop(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 2, 3).await?;
    let mut child = spawn(&env.config, &["--follow"], Stdio::piped())?;
    let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    let mut output = take(&mut lines, 6).await?;
    scene.fill("shop", 2, 3).await?;
    output += &take(&mut lines, 6).await?;
    let status = terminate(&mut child).await?;
    output += &take(&mut lines, 1).await?;
    let followed = read(&output)?;
    ensure!(status.success(), "following has no other end: {status}");
    ensure!(followed.trailer["ended"] == "stopped" && followed.trailer["cut_short"] == false);
    let all = scene.replay(&[]).await?;
    ensure!(followed.events == all.events);

    // With an end, it ends there by itself.
    let last = all.position(11);
    for order in [None, Some(super::scene::text(&all.events[0]["subject"]))] {
        let mut args = vec!["--follow", "--to-position", last];
        args.extend(order.iter().flat_map(|order| ["--order", order]));
        let ended = scene.replay(&args).await?;
        ensure!(ended.trailer["ended"] == "bound", "{:?}", ended.trailer);
        ensure!(ended.events.len() == if order.is_some() { 3 } else { 12 });
    }
    Ok(())
}

async fn take(lines: &mut Lines<BufReader<ChildStdout>>, count: usize) -> Result<String> {
    let mut taken = String::new();
    for _ in 0..count {
        let line = tokio::time::timeout(tests::DEADLINE, lines.next_line());
        taken += &line.await??.context("it has ended")?;
        taken.push('\n');
    }
    Ok(taken)
}
