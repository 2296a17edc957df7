//! Every crate that is built into Orderlog has a permissive licence: the list
//! of deny.toml, without cargo-deny, whose build takes minutes.

use super::{list, metadata, text};
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};
use std::fs;

#[derive(Deserialize)]
struct Deny {
    graph: Graph,
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

pub fn hold() -> anyhow::Result<()> {
    let deny: Deny = toml::from_str(&fs::read_to_string(tests::root().join("deny.toml"))?)?;
    let allowed = deny
        .licenses
        .allow
        .iter()
        .map(|licence| Licensee::parse(licence).with_context(|| licence.clone()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(
        !permits(&allowed, "GPL-3.0-only AND MIT")? && permits(&allowed, "GPL-3.0-only OR MIT")?,
        "deny.toml allows what it must not, or too little"
    );
    let mut refused = Vec::new();
    for target in &deny.graph.targets {
        for package in list(&metadata(&["--filter-platform", target])?, "packages")? {
            let (name, version) = (text(package, "name")?, text(package, "version")?);
            // `null` where a crate has a licence file only.
            let licence = package["license"].as_str().unwrap_or("(none)");
            if !permits(&allowed, licence).unwrap_or(false) {
                refused.push(format!("{name} {version}: {licence}"));
            }
        }
    }
    refused.sort();
    refused.dedup();
    ensure!(
        refused.is_empty(),
        "licences not in deny.toml: {refused:#?}"
    );
    Ok(())
}

/// Whether the allowed licences satisfy an SPDX expression, in which old crates
/// write `/` for `OR`.
fn permits(allowed: &[Licensee], expression: &str) -> anyhow::Result<bool> {
    let expression = Expression::parse_mode(expression, ParseMode::LAX)
        .map_err(|error| anyhow::Error::msg(error.to_string()))?;
    Ok(expression.evaluate(|wanted| allowed.iter().any(|licence| licence.satisfies(wanted))))
}
