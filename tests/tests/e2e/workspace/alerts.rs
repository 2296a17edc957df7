//! deploy/prometheus against the metrics that the sources name.

use anyhow::{Context as _, ensure};
use std::{collections::BTreeSet, fs, path::Path};

const PREFIX: &str = "orderlog_";
/// What histograms add to their name.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];

/// The rules: alerts, and the promises that some of them are about.
const RULES: [&str; 2] = ["alerts.yml", "slo.yml"];

/// Every metric that a rule asks for is one that some crate names.
pub fn agree() -> anyhow::Result<()> {
    let root = tests::root();
    let mut known = BTreeSet::new();
    for member in fs::read_dir(root)? {
        let sources = member?.path().join("src");
        if sources.is_dir() {
            collect(&sources, &mut known)?;
        }
    }
    for file in RULES {
        let rules = fs::read_to_string(root.join("deploy/prometheus").join(file));
        let rules = rules.with_context(|| file.to_owned())?;
        let asked: BTreeSet<_> = names(&rules).collect();
        ensure!(asked.len() > 3, "{file} asks for {asked:?} only");
        for name in asked {
            let plain = SUFFIXES.iter().find_map(|end| name.strip_suffix(end));
            ensure!(
                known.contains(name) || plain.is_some_and(|plain| known.contains(plain)),
                "{file}: no metric is called {name}"
            );
        }
    }
    Ok(())
}

fn collect(folder: &Path, known: &mut BTreeSet<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, known)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path)?;
            // As a whole string of its own: what is only spoken of does not count.
            let whole = source
                .split('"')
                .filter(|text| names(text).next() == Some(text));
            known.extend(whole.map(str::to_owned));
        }
    }
    Ok(())
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(move |c| !word(c))
        .filter(|word| word.starts_with(PREFIX))
}
