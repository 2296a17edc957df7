//! Which crate may depend on which (docs/ARCHITECTURE.md).

use super::{list, metadata, text};
use anyhow::{Context as _, ensure};
use std::collections::BTreeMap;

/// A crate and the crates of ours it may name. Data moves one way, and so do
/// the edges: a projection cannot see the domain, nothing in infra knows what
/// an order is. A crate may also name what its neighbours bring along.
const ALLOWED: &[(&str, &[&str])] = &[
    ("contracts", &[]),
    ("domain", &["contracts"]),
    ("infra", &["contracts"]),
    ("command-api", &["contracts", "domain", "infra"]),
    ("projections", &["contracts", "infra", "histories"]),
    (
        "documents",
        &["contracts", "domain", "histories", "pdf-text"],
    ),
    ("pdf-text", &[]),
    ("s3-server", &[]),
    ("read-api", &["contracts", "infra", "domain", "documents"]),
    ("jobs", &["contracts", "domain", "infra"]),
    ("console", &["contracts", "infra"]),
    ("orderlog", ALL),
    ("tests", ALL),
    ("bench", ALL),
    ("histories", &["contracts"]),
];

const ALL: &[&str] = &[
    "contracts",
    "domain",
    "infra",
    "command-api",
    "projections",
    "documents",
    "pdf-text",
    "s3-server",
    "read-api",
    "jobs",
    "console",
    "orderlog",
    "tests",
    "bench",
    "histories",
];

/// Normal, build and development dependencies alike.
pub fn hold() -> anyhow::Result<()> {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let metadata = metadata(&["--no-deps"])?;
    let crates = list(&metadata, "packages")?;
    let mut forbidden = Vec::new();
    for package in crates {
        let name = text(package, "name")?;
        let may = allowed
            .get(name)
            .with_context(|| format!("the table of allowed edges has no crate {name:?}"))?;
        for dependency in list(package, "dependencies")? {
            let other = text(dependency, "name")?;
            if allowed.contains_key(other) && !may.contains(&other) {
                forbidden.push(format!("{name} -> {other}"));
            }
        }
    }
    ensure!(
        crates.len() == ALLOWED.len(),
        "a crate of the table is gone"
    );
    ensure!(
        forbidden.is_empty(),
        "edges that must not be: {forbidden:?}"
    );
    Ok(())
}
