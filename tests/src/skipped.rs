//! What a machine could not try, for want of something.

use crate::root;
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};
use tokio::process::Command;

static SKIPPED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Says that something was not tried, and why: now, among what trials print, and
/// once more when all have ended.
pub fn skipped(what: impl Into<String>) {
    let what = what.into();
    eprintln!("\n!!! SKIPPED: {what}\n");
    let mut all = SKIPPED.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert(what.split_whitespace().collect::<Vec<_>>().join(" "));
}

/// What runs a program here, as `scripts/find-NAME` says; none where there is none,
/// and `untried` then says what is skipped for want of it.
///
/// # Errors
/// When the script cannot be run.
pub async fn found(name: &str, untried: &str) -> anyhow::Result<Option<PathBuf>> {
    let script = root().join(format!("scripts/find-{name}"));
    let found = Command::new(script).output().await?;
    let path = String::from_utf8(found.stdout)?.trim().to_owned();
    if found.status.success() && !path.is_empty() {
        return Ok(Some(path.into()));
    }
    skipped(untried);
    Ok(None)
}

/// The line that ends a run; none where everything was tried.
pub(crate) fn last_line() -> Option<String> {
    line(&SKIPPED.lock().unwrap_or_else(PoisonError::into_inner))
}

fn line(skipped: &BTreeSet<String>) -> Option<String> {
    let all: Vec<&str> = skipped.iter().map(String::as_str).collect();
    (!all.is_empty()).then(|| format!("!!! SKIPPED ({}): {}", all.len(), all.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_with_all_that_it_has_skipped_in_one_line() {
        assert_eq!(line(&BTreeSet::new()), None);
        let skipped = ["no nginx", "no PgBouncer"].map(str::to_owned);
        let line = line(&BTreeSet::from(skipped));
        let expected = "!!! SKIPPED (2): no PgBouncer; no nginx";
        assert_eq!(line.as_deref(), Some(expected));
    }
}
