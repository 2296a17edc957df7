//! Runs that are cut short, and the next one.

use super::scene::{Replayed, Scene, has_written, read, spawn, terminate, text};
use anyhow::{Context as _, Result, ensure};
use std::{collections::HashSet, fs, path::Path, process::Stdio};
use tests::TestEnv;
use tokio::io::AsyncReadExt as _;

fn path_text(path: &Path) -> Result<&str> {
    path.to_str().context("not UTF-8")
}

/// kill -9 several times, wherever it is: the file is that of a run that nobody
/// killed.
pub async fn a_killed_run_goes_on_in_its_file_to_the_byte(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 60, 200).await?;
    let (file, resume) = (scene.path("events.ndjson"), scene.path("position"));
    // What was in the file before stays.
    fs::write(&file, "a line of somebody else\n")?;
    let args = ["--resume", path_text(&resume)?];
    for written in [100, 2_600, 5_100] {
        let slowly = [&args[..], &["--rate", "2500"]].concat();
        let mut child = scene.begin(&slowly, &file)?;
        has_written(&resume, written).await?;
        child.kill().await?;
    }
    let cut = fs::read_to_string(&file)?;
    ensure!(!cut.contains("trailer"), "nothing that was killed has one");
    let status = scene.begin(&args, &file)?.wait().await?;
    ensure!(status.success(), "{status}");
    let output = fs::read_to_string(&file)?;
    let output = output.strip_prefix("a line of somebody else\n");
    let resumed = read(output.context("it was cut off")?)?;
    let whole = scene.replay(&[]).await?;
    ensure!(
        resumed == whole,
        "{:?} / {:?}",
        resumed.trailer,
        whole.trailer
    );

    // Nothing new: the same again. Something new: that, too, and one trailer.
    for orders in [0, 2] {
        scene.fill("web", orders, 3).await?;
        scene.begin(&args, &file)?.wait().await?;
        let output = fs::read_to_string(&file)?;
        let output = output.strip_prefix("a line of somebody else\n");
        let resumed = read(output.context("it was cut off")?)?;
        ensure!(resumed == scene.replay(&[]).await?, "{:?}", resumed.trailer);
    }
    // Another file is not touched.
    let other = scene.path("other.ndjson");
    fs::write(&other, "x".repeat(10_000_000))?;
    scene.begin(&args, &other)?.wait().await?;
    ensure!(fs::read_to_string(&other)?.starts_with(&"x".repeat(10_000_000)));
    Ok(())
}

pub async fn a_stopped_run_says_so_and_goes_on(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 10, 200).await?;
    let (file, resume) = (scene.path("events.ndjson"), scene.path("position"));
    let args = ["--resume", path_text(&resume)?];
    let slowly = [&args[..], &["--rate", "500"]].concat();
    let mut child = scene.begin(&slowly, &file)?;
    has_written(&resume, 100).await?;
    let status = terminate(&mut child).await?;
    let stopped = read(&fs::read_to_string(&file)?)?;
    ensure!(status.code() == Some(1), "{status}");
    ensure!(stopped.trailer["ended"] == "stopped" && stopped.trailer["cut_short"] == true);
    ensure!(stopped.trailer["count"] == stopped.events.len());
    let last = stopped.position(stopped.events.len() - 1);
    ensure!(stopped.trailer["position"] == last);

    scene.begin(&args, &file)?.wait().await?;
    let resumed = read(&fs::read_to_string(&file)?)?;
    ensure!(resumed == scene.replay(&[]).await?, "{:?}", resumed.trailer);
    Ok(())
}

/// What a pipe held is gone with its reader; what was remembered is not ahead
/// of what was written to it.
pub async fn into_a_pipe_nothing_is_missing(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 30, 200).await?;
    let resume = scene.path("position");
    let args = ["--resume", path_text(&resume)?];
    let slowly = [&args[..], &["--rate", "2000"]].concat();
    let mut child = spawn(&env.config, &slowly, Stdio::piped())?;
    let mut stdout = child.stdout.take().context("a pipe")?;
    let reading = tokio::spawn(async move {
        let mut output = String::new();
        stdout.read_to_string(&mut output).await.map(|_| output)
    });
    has_written(&resume, 1_000).await?;
    child.kill().await?;
    let first = reading.await??;
    // The last line may be cut.
    let whole_lines = first.rsplit_once('\n').map_or("", |lines| lines.0);
    let rest = scene.replay(&args).await?;
    let mut seen: HashSet<String> = whole_lines.lines().map(id_of).collect::<Result<_>>()?;
    seen.extend(rest.ids().into_iter().map(str::to_owned));
    let Replayed { events, .. } = scene.replay(&[]).await?;
    ensure!(events.len() == 6_000 && seen.len() == events.len());
    ensure!(rest.events.len() < events.len(), "it began anew");
    Ok(())
}

fn id_of(line: &str) -> Result<String> {
    let event: serde_json::Value = serde_json::from_str(line)?;
    Ok(text(&event["id"]).to_owned())
}
