//! What was asked how often, and how long it took.

use anyhow::{Context as _, Result};
use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

/// How a request came to its answer.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// How often it was sent.
    pub tries: usize,
    /// From the first try to the answer: what somebody has waited.
    pub took: Duration,
}

/// Requests by kind.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<&'static str, Vec<Answered>>);

impl Tally {
    pub fn note(&mut self, kind: &'static str, answered: Answered) {
        self.0.entry(kind).or_default().push(answered);
    }

    /// A line for each kind.
    pub fn table(&self) -> Result<String> {
        let mut table = "| request | answered | came again | p50 ms | p99 ms |\n\
                         |---|---|---|---|---|\n"
            .to_owned();
        for (kind, all) in &self.0 {
            let again = all.iter().filter(|one| one.tries > 1).count();
            let mut took: Vec<Duration> = all.iter().map(|one| one.took).collect();
            took.sort_unstable();
            let (half, most) = (share(&took, 50)?, share(&took, 99)?);
            writeln!(
                table,
                "| {kind} | {} | {again} | {} | {} |",
                all.len(),
                half.as_millis(),
                most.as_millis()
            )?;
        }
        Ok(table)
    }
}

/// What so many of a hundred are not above, of values that are in order.
fn share<T: Copy>(sorted: &[T], percent: usize) -> Result<T> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().context("nothing was counted")
}

/// The one in the middle, of values in any order.
pub fn median(values: impl IntoIterator<Item = u64>) -> Result<u64> {
    let mut sorted: Vec<u64> = values.into_iter().collect();
    sorted.sort_unstable();
    share(&sorted, 50)
}
