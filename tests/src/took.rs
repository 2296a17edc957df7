//! How long trials took.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The time of each trial that has ended, with all its tries.
static TOOK: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());

/// Runs of no more trials than this are looked through without a table.
const MANY: usize = 50;
/// The slowest, which are told one by one.
const SLOWEST: usize = 25;
/// Sums of modules in a line.
const IN_A_LINE: usize = 5;

/// Remembers how long a trial took, waits for its turn left out.
pub(crate) fn note(trial: &str, took: Duration) {
    let mut all = TOOK.lock().unwrap_or_else(PoisonError::into_inner);
    all.push((trial.to_owned(), took));
}

/// What a long run ends with: the slowest trials, and where the time went; none
/// of a short one.
pub(crate) fn table() -> Option<String> {
    let mut all = TOOK.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (all.len() > MANY).then(|| table_of(&mut all))
}

fn table_of(all: &mut [(String, Duration)]) -> String {
    all.sort_by_key(|(_, took)| Reverse(*took));
    let mut text = format!("the slowest of {} trials, in seconds:\n", all.len());
    for (trial, took) in all.iter().take(SLOWEST) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:7.1}  {trial}", took.as_secs_f64());
    }
    let whole: Duration = all.iter().map(|(_, took)| *took).sum();
    let _ = writeln!(text, "{:7.1}  all, by module:", whole.as_secs_f64());
    for line in sums(all).chunks(IN_A_LINE) {
        let _ = writeln!(text, "         {}", line.join(", "));
    }
    text
}

/// `MODULE SECONDS`, the longest first.
fn sums(all: &[(String, Duration)]) -> Vec<String> {
    let mut sums: BTreeMap<&str, Duration> = BTreeMap::new();
    for (trial, took) in all {
        let module = trial.split("::").next().unwrap_or(trial);
        *sums.entry(module).or_default() += *took;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| Reverse(*sum));
    let texts = sums.into_iter();
    texts
        .map(|(module, sum)| format!("{module} {:.0}", sum.as_secs_f64()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_come_first_and_modules_are_summed() {
        let mut all: Vec<_> = [("a::x", 2), ("b::y", 3), ("a::z", 4)]
            .map(|(trial, took)| (trial.to_owned(), Duration::from_secs(took)))
            .into();
        let expected = "the slowest of 3 trials, in seconds:\n    \
                        4.0  a::z\n    \
                        3.0  b::y\n    \
                        2.0  a::x\n    \
                        9.0  all, by module:\n         \
                        a 6, b 3\n";
        assert_eq!(table_of(&mut all), expected);
    }
}
