//! What holds for the sources as a whole. Needs no servers.

mod alerts;
mod bans;
mod edges;
mod image;
mod licences;
mod routing;

use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    vec![
        tests::plain("workspace::crates_depend_only_where_allowed", edges::hold),
        tests::plain("workspace::every_licence_is_permissive", licences::hold),
        tests::plain("workspace::nothing_that_is_banned_is_built_in", bans::hold),
        tests::plain("workspace::the_image_is_built_of_every_crate", image::reads),
        tests::plain(
            "workspace::the_front_knows_who_has_a_route",
            routing::agrees,
        ),
        tests::plain("workspace::alerts_ask_for_metrics_there_are", alerts::agree),
    ]
}

/// What cargo knows about the workspace.
fn metadata(args: &[&str]) -> anyhow::Result<Value> {
    let output = tests::cargo()
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(args)
        .output()
        .context("cargo cannot be run")?;
    ensure!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A list in cargo's answer.
fn list<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a [Value]> {
    let list = value[key].as_array().map(Vec::as_slice);
    list.with_context(|| format!("cargo metadata has no list {key:?}"))
}

/// A text in cargo's answer.
fn text<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    let text = value[key].as_str();
    text.with_context(|| format!("cargo metadata has no text {key:?}"))
}
