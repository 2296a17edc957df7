//! `orderlog health URL`: for container health checks, which have no curl.

use anyhow::Context as _;
use clap::Args;
use std::{process::ExitCode, time::Duration};

/// What to ask.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// Address that answers 200 when all is well
    #[arg(default_value = "http://127.0.0.1:8080/readyz")]
    url: String,
}

/// Succeeds when the address answers 200 within three seconds.
pub async fn run(args: HealthArgs) -> anyhow::Result<ExitCode> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(3))
        .build()?;
    let answer = client.get(&args.url).send().await.context("no answer")?;
    let status = answer.status();
    println!("{status} {}", answer.text().await.unwrap_or_default());
    Ok(if status.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
