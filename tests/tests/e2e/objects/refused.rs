//! Stores that do not let us in, or are none.

use super::told;
use crate::{
    bulk::client::{place, text},
    operations::scene::Scene,
};
use anyhow::{Context as _, Result, ensure};
use infra::{config::Config, secret::Secret};
use s3_server::{BUCKET, SECRET_KEY, Server};
use serde_json::Value;
use tests::{TestEnv, command};

fn wrong_secret(config: &mut Config) {
    config.objects_s3_secret_key = Secret::new("guessed");
}

fn no_bucket(config: &mut Config) {
    "s3://nowhere/some/prefix".clone_into(&mut config.objects_url);
}

/// What `orderlog doctor` says of the place of objects.
async fn diagnosed(config: &Config) -> Result<String> {
    let output = command(config)?.args(["doctor", "--json"]).output().await?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let shown = report.to_string();
    ensure!(!shown.contains("guessed") && !shown.contains(SECRET_KEY));
    let servers = report["servers"].as_array().context("no servers")?;
    let mut objects = servers.iter().filter(|s| s["name"] == "objects");
    let objects = objects.next().context("no objects")?;
    if objects["answers"] == true {
        return Ok(objects["holds"].to_string());
    }
    ensure!(output.status.code() == Some(1), "{}", output.status);
    let findings = report["findings"].as_array().into_iter().flatten();
    let mut findings = findings.filter(|f| f["about"] == "objects");
    let finding = findings.next().with_context(|| shown.clone())?;
    ensure!(finding["level"] == "wrong", "{finding}");
    Ok(finding.to_string())
}

pub async fn what_is_wrong_with_a_store_is_named_and_answered_503(env: &TestEnv) -> Result<()> {
    let store = Server::start().await?;
    let told = told(&store);
    env.orderlog_ok(&["migrate"]).await?;
    let of = |change: fn(&mut Config)| {
        let mut config = env.config.clone();
        told(&mut config);
        change(&mut config);
        config
    };
    let well = diagnosed(&of(|_| ())).await?;
    ensure!(well.contains(&format!("bucket {BUCKET}, prefix")), "{well}");
    for (change, names, code) in [
        (
            wrong_secret as fn(&mut Config),
            "objects_s3_secret_key",
            "SignatureDoesNotMatch",
        ),
        (no_bucket, "objects_url", "NoSuchBucket"),
    ] {
        let said = diagnosed(&of(change)).await?;
        ensure!(said.contains(names) && said.contains(code), "{said}");
        let told = told.clone();
        let also = move |config: &mut Config| {
            told(config);
            change(config);
        };
        let mut scene = Scene::start_with(env, also).await?;
        let refused = scene.post("", "", text(&[place("1")])).await?;
        let refused = refused.expect_problem(503, "unavailable")?;
        ensure!(refused.header("retry-after") == "5");
        let line = scene.commands.log_line(code).await?;
        ensure!(line.contains(names), "{line}");
    }
    store.go_away();
    let said = diagnosed(&of(|_| ())).await?;
    ensure!(said.contains("the object store failed"), "{said}");
    ensure!(store.objects()?.is_empty() && store.open_uploads()? == 0);
    Ok(())
}
