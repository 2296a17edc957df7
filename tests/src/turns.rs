//! Which trials run beside each other.
//!
//! Most of the time of a trial is spent waiting, for a server or for a process
//! that starts, so one more runs at a time than there are cores. While one runs
//! that holds the system to a time, there are no more than cores; whoever asks for more
//! at a time, by `--test-threads`, has more beside it as well.

use libtest_mimic::{Arguments, Trial};
use std::{
    collections::BTreeSet,
    num::NonZero,
    sync::{Mutex, OnceLock, PoisonError},
    thread,
};
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

/// Sets of servers beside the shared one at a time: each is another 400 MB.
static SETS: Semaphore = Semaphore::const_new(1);

/// The trials that start one.
static WITH_A_SET: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

static SEATS: OnceLock<Seats> = OnceLock::new();

/// As many as lanes times cores. A trial takes as many as there are cores, so that one
/// in each lane finds its seats; a timed one takes as many as there are lanes, so that
/// with one or more of them no more than cores do.
#[derive(Debug)]
struct Seats {
    free: Semaphore,
    timed: &'static [&'static str],
    lanes: u32,
    cores: u32,
}

impl Seats {
    fn new(lanes: usize, cores: usize, timed: &'static [&'static str]) -> Self {
        let cores = cores.min(lanes);
        let few = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            free: Semaphore::new(lanes * cores),
            timed,
            lanes: few(lanes),
            cores: few(cores),
        }
    }

    fn of(&self, trial: &str) -> u32 {
        let is_timed = self.timed.iter().any(|name| is_in(trial, name));
        if is_timed { self.lanes } else { self.cores }
    }
}

/// A trial's place among those that run, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _seats: SemaphorePermit<'static>,
    _set: Option<SemaphorePermit<'static>>,
}

/// Remembers that a trial starts servers of its own.
pub(crate) fn starts_a_set(trial: &str) {
    with_a_set().insert(trial.to_owned());
}

/// Settles how many run at a time, unless the command line says so, and has trials
/// with servers of their own start far from each other: they wait for each other.
///
/// # Errors
/// A name among `timed` that no trial and no module has.
pub(crate) fn arrange(
    arguments: &mut Arguments,
    trials: Vec<Trial>,
    timed: &'static [&'static str],
) -> Result<Vec<Trial>, String> {
    if let Some(name) = timed
        .iter()
        .find(|name| !trials.iter().any(|trial| is_in(trial.name(), name)))
    {
        return Err(format!("{name} is timed, and no trial or module"));
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let lanes = arguments.test_threads.unwrap_or(cores + 1).max(1);
    arguments.test_threads = Some(lanes);
    SEATS.get_or_init(|| Seats::new(lanes, cores, timed));
    let known = with_a_set();
    let (few, many): (Vec<_>, Vec<_>) = trials
        .into_iter()
        .partition(|trial| known.contains(trial.name()));
    Ok(spread(few, many))
}

/// Waits until a trial may run.
pub(crate) async fn take(trial: &str) -> Result<Turn, AcquireError> {
    // The set first: whoever waits for one is to keep no other from its seat.
    let starts_a_set = with_a_set().contains(trial);
    let set = if starts_a_set {
        Some(SETS.acquire().await?)
    } else {
        None
    };
    let seats = SEATS.get_or_init(|| Seats::new(1, 1, &[]));
    Ok(Turn {
        _seats: seats.free.acquire_many(seats.of(trial)).await?,
        _set: set,
    })
}

/// Whether a trial is this one, or one of this module.
fn is_in(trial: &str, name: &str) -> bool {
    trial
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Each of `few` at equal distances among `many`.
fn spread<T>(few: Vec<T>, many: Vec<T>) -> Vec<T> {
    let (parts, all) = (few.len() + 1, many.len());
    let mut order = Vec::with_capacity(few.len() + all);
    let mut many = many.into_iter();
    for (number, one) in few.into_iter().enumerate() {
        let part = all * (number + 1) / parts - all * number / parts;
        order.extend(many.by_ref().take(part));
        order.push(one);
    }
    order.extend(many);
    order
}

fn with_a_set() -> std::sync::MutexGuard<'static, BTreeSet<String>> {
    WITH_A_SET.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_a_timed_trial_no_more_run_than_there_are_cores() {
        for cores in 1..9 {
            let seats = Seats::new(cores + 1, cores, &["timed"]);
            let begin = |trial: &str| seats.free.try_acquire_many(seats.of(trial)).ok();
            for timed in 0..=cores {
                let timed_ones: Vec<_> = (0..timed).map_while(|_| begin("timed::one")).collect();
                let others: Vec<_> = (0..9 + cores).map_while(|_| begin("other")).collect();
                let expected = if timed == 0 { cores + 1 } else { cores };
                assert_eq!(
                    timed_ones.len() + others.len(),
                    expected,
                    "{timed} of {cores}"
                );
            }
        }
    }

    #[test]
    fn lanes_that_are_asked_for_are_all_used() {
        let seats = Seats::new(2, 8, &["timed"]);
        assert_eq!((seats.of("timed"), seats.of("other")), (2, 2));
        assert_eq!(seats.free.available_permits(), 4);
    }

    #[test]
    fn what_waits_for_each_other_is_spread() {
        let order = spread(vec!["A", "B"], vec!["1", "2", "3", "4", "5", "6", "7"]);
        assert_eq!(order.concat(), "12A34B567");
        assert_eq!(spread(vec!["A", "B"], vec!["1"]).concat(), "AB1");
        assert_eq!(spread(vec![], vec!["1", "2"]).concat(), "12");
    }

    #[test]
    fn a_module_names_its_trials_and_no_other() {
        assert!(is_in("hostile::slow::heads", "hostile::slow"));
        assert!(is_in("hostile::slow::heads", "hostile::slow::heads"));
        assert!(!is_in("hostile::slower::heads", "hostile::slow"));
    }
}
