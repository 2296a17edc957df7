//! `orderlog export`.

use super::{
    super::views::Views,
    files::{File, export},
};
use crate::proxy::Proxy;
use anyhow::{Context as _, Result, ensure};
use infra::{config::Config, secret::Secret};
use std::{fs, path::Path, process::Stdio, time::Duration};
use tests::{TestEnv, command, wait_until};
use tokio::process::Command;

super::super::suite![
    a_file_has_its_name_once_it_is_whole,
    an_export_whose_server_dies_leaves_no_file,
];

/// `orderlog export …` with the key of these views.
fn tool(views: &Views, env: &TestEnv, url: &str, args: &[&str]) -> Result<Command> {
    let config = Config {
        api_key: Secret::new(views.api.key()),
        ..env.config.clone()
    };
    let mut command = command(&config)?;
    command.arg("export").args(args).args(["--url", url]);
    command.kill_on_drop(true);
    Ok(command)
}

async fn a_file_has_its_name_once_it_is_whole(env: &TestEnv) -> Result<()> {
    let views = Views::with_orders(env, 3_000).await?;
    let folder = tempfile::tempdir()?;
    let url = views.api.url();
    for (what, format) in [("orders", "ndjson"), ("lines", "csv"), ("lines", "parquet")] {
        let file = folder.path().join(format!("{what}.{format}"));
        let out = file.to_str().context("not UTF-8")?;
        let args = [
            what,
            "--format",
            format,
            "--filter",
            "platform=web",
            "--out",
            out,
            "--json",
        ];
        let done = tool(&views, env, url, &args)?.output().await?;
        ensure!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        let trailer: serde_json::Value = serde_json::from_slice(&done.stdout)?;
        ensure!(trailer["count"] == 1_000, "{trailer}");
        ensure!(trailer["position"].is_string() && trailer["as_of"].is_string());
        let told = export(&views.api, &format!("/v1/{what}.{format}?platform=web")).await?;
        let (rows, _) = told.rows()?;
        let written = File {
            body: fs::read(&file)?,
            ..told
        };
        ensure!(written.content()?.0 == rows, "{what}.{format}");
        ensure!(!Path::new(&format!("{out}.part")).exists());
    }
    let piped = tool(&views, env, url, &["lines"])?.output().await?;
    ensure!(piped.status.success());
    let lines = piped.stdout.split(|byte| *byte == b'\n').count();
    // The trailer, and what is after the last end.
    ensure!(lines == 3_000 + 2, "{lines}");
    let told = String::from_utf8_lossy(&piped.stderr);
    ensure!(told.contains("3000 lines as of 2"), "{told}");

    let wrong = ["orders", "--filter", "colour=red"];
    let wrong = tool(&views, env, url, &wrong)?.output().await?;
    ensure!(wrong.status.code() == Some(1) && wrong.stdout.is_empty());
    let told = String::from_utf8_lossy(&wrong.stderr);
    ensure!(told.contains("400") && told.contains("parameter"), "{told}");
    Ok(())
}

async fn an_export_whose_server_dies_leaves_no_file(env: &TestEnv) -> Result<()> {
    let views = Views::with_orders(env, 300).await?;
    let grow = "UPDATE orders SET document = json_build_object('id', id, 'padding', \
         (SELECT string_agg(md5(id::text || n), '') FROM generate_series(1, 3000) n))::text";
    views.execute(grow).await?;
    let proxy = Proxy::start(views.api.url()).await?;
    proxy.delay(Duration::from_millis(20));
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("orders.ndjson");
    let out = file.to_str().context("not UTF-8")?;
    let mut tool = tool(&views, env, &proxy.url(), &["orders", "--out", out])?;
    let tool = tool.stderr(Stdio::piped()).spawn()?;
    let part = folder.path().join("orders.ndjson.part");
    wait_until("some of the file", async || {
        let written = fs::metadata(&part).map_or(0, |metadata| metadata.len());
        Ok((written > 0).then_some(()))
    })
    .await?;
    views.role.kill9().await?;
    let ended = tool.wait_with_output().await?;
    let told = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.code() == Some(1), "{told}");
    ensure!(told.contains("the export was cut off"), "{told}");
    ensure!(!file.exists() && !part.exists(), "a file was left");
    Ok(())
}
