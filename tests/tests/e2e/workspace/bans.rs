//! Nothing is built into Orderlog that deny.toml bans, under any version or from
//! anywhere, without cargo-deny.

use super::{list, metadata, text};
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;
use std::fs;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Deserialize)]
struct Deny {
    graph: Graph,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    wildcards: String,
    deny: Vec<Banned>,
}

/// A crate that may not be there, except below those that wrap it.
#[derive(Deserialize)]
struct Banned {
    #[serde(alias = "crate")]
    name: String,
    #[serde(default)]
    wrappers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    unknown_registry: String,
    unknown_git: String,
}

pub fn hold() -> anyhow::Result<()> {
    let deny: Deny = toml::from_str(&fs::read_to_string(tests::root().join("deny.toml"))?)?;
    ensure!(
        [
            &deny.bans.wildcards,
            &deny.sources.unknown_registry,
            &deny.sources.unknown_git
        ]
        .iter()
        .all(|level| *level == "deny"),
        "deny.toml lets by what is refused here"
    );
    let mut wrong = Vec::new();
    for target in &deny.graph.targets {
        let metadata = metadata(&["--filter-platform", target])?;
        let packages = list(&metadata, "packages")?;
        for package in packages {
            let name = text(package, "name")?;
            if let Some(source) = package["source"].as_str().filter(|s| *s != CRATES_IO) {
                wrong.push(format!("{name} is of {source}"));
            }
            if package["source"].is_null() {
                wrong.extend(wildcards(package)?);
            }
        }
        for banned in &deny.bans.deny {
            let users = users_of(&banned.name, target)?.into_iter();
            let refused = users.filter(|user| !banned.wrappers.contains(user));
            wrong.extend(refused.map(|user| format!("{user} uses {}", banned.name)));
        }
    }
    ensure!(
        !users_of("aws-lc-rs", &deny.graph.targets[0])?.is_empty(),
        "users of crates are not found"
    );
    wrong.sort();
    wrong.dedup();
    ensure!(wrong.is_empty(), "not allowed by deny.toml: {wrong:#?}");
    Ok(())
}

/// What one of our crates takes in any version there is; those of the workspace have
/// no other.
fn wildcards(package: &Value) -> anyhow::Result<Vec<String>> {
    let name = text(package, "name")?;
    let dependencies = list(package, "dependencies")?.iter();
    let any = dependencies
        .filter(|dependency| dependency["req"] == "*" && !dependency["path"].is_string());
    any.map(|dependency| Ok(format!("{name} takes any {}", text(dependency, "name")?)))
        .collect()
}

/// Names of the crates that a crate of this name is built into. `cargo metadata` also
/// has those that could use it and have it turned off.
fn users_of(name: &str, target: &str) -> anyhow::Result<Vec<String>> {
    let output = tests::cargo()
        .args(["tree", "--workspace", "--locked", "--target", target])
        .args(["--invert", name, "--depth", "1", "--prefix", "none"])
        .args(["--format", "{p}"])
        .output()
        .context("cargo cannot be run")?;
    let told = String::from_utf8_lossy(&output.stderr);
    // Not even for another target.
    if told.contains("did not match any packages") {
        return Ok(Vec::new());
    }
    ensure!(output.status.success(), "cargo tree: {told}");
    let text = String::from_utf8(output.stdout)?;
    // The first line is the crate itself; a name is followed by its version.
    let users = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(' ').next());
    let users = users.filter(|user| !user.is_empty() && !user.starts_with('['));
    Ok(users.map(str::to_owned).collect())
}
