//! The `orderlog` program that the tests run.

use crate::workspace::{cargo, profile_dir};
use anyhow::{Context as _, ensure};
use std::{env, path::PathBuf, sync::OnceLock};

/// The program, beside this test in the target folder. `cargo test` does not
/// build another crate's program, and an old one would be worse than none: it
/// is built here, once, in the profile of the test, which takes no time when
/// `make test` has done it. `ORDERLOG_TEST_BINARY` names another one.
pub fn orderlog() -> anyhow::Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| find().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}

fn find() -> anyhow::Result<PathBuf> {
    if let Some(path) = env::var_os("ORDERLOG_TEST_BINARY") {
        return Ok(path.into());
    }
    let folder = profile_dir()?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = cargo()
        .args(["build", "--quiet", "--workspace", "--bin", "orderlog"])
        .args(["--profile", profile])
        .status()
        .context("cargo cannot be run")?;
    ensure!(status.success(), "the orderlog program cannot be built");
    Ok(folder.join("orderlog"))
}
