//! What each process took, from its start to its end.

use super::{
    Plan,
    fleet::{Fleet, Sample},
    tally::median,
};
use anyhow::{Context as _, Result, ensure};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Duration,
};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// A process that is younger still fills its caches and pools.
const YOUNG: Duration = Duration::from_mins(1);
/// Runs that are as long as this have to tell of every role.
const LONG: Duration = Duration::from_mins(10);
/// What a process may take more, beside a quarter of what it took.
const MORE_KIB: u64 = 16 << 10;

/// Looks until it is over: every second, every five in a run that is long.
pub async fn watch(
    fleet: &Fleet<'_>,
    plan: &Plan,
    over: &CancellationToken,
) -> Result<Vec<Sample>> {
    let seconds = if plan.lasts > Duration::from_mins(5) {
        5
    } else {
        1
    };
    let mut ticks = interval(Duration::from_secs(seconds));
    let mut samples = Vec::new();
    while over.run_until_cancelled(ticks.tick()).await.is_some() {
        samples.extend(fleet.samples()?);
    }
    Ok(samples)
}

/// What was seen, by instance.
pub struct Memory {
    pub instances: Vec<Instance>,
}

/// An instance and its processes, one after the other.
pub struct Instance {
    pub name: String,
    pub processes: Vec<Vec<Sample>>,
}

impl Memory {
    /// Of instances with these names.
    pub fn of(samples: Vec<Sample>, names: Vec<String>) -> Self {
        let mut processes = BTreeMap::<(usize, usize), Vec<Sample>>::new();
        for sample in samples {
            let process = processes.entry((sample.instance, sample.process));
            process.or_default().push(sample);
        }
        let mut instances: Vec<Instance> = names
            .into_iter()
            .map(|name| Instance {
                name,
                processes: Vec::new(),
            })
            .collect();
        for ((instance, _), samples) in processes {
            instances[instance].processes.push(samples);
        }
        Self { instances }
    }

    /// A process is flat where what it took in the last quarter of its samples is, in
    /// the middle, at most a quarter and 16 MiB above what it took in the second one:
    /// the first is when it fills its caches. Asked of those that have lived for a
    /// third of the run, and for a minute; in a run of ten minutes and more there has to
    /// be one of each role.
    pub fn is_flat(&self, lasts: Duration) -> Result<()> {
        let mut looked_at = BTreeSet::new();
        for Instance { name, processes } in &self.instances {
            for samples in processes {
                let old = samples
                    .last()
                    .is_some_and(|last| last.age >= lasts / 3 && last.age >= YOUNG);
                if !old {
                    continue;
                }
                let quarter = samples.len() / 4;
                let before = middle(&samples[quarter..2 * quarter])?;
                let after = middle(&samples[3 * quarter..])?;
                ensure!(
                    after <= before + before / 4 + MORE_KIB,
                    "{name} grows: {before} KiB in its second quarter, {after} KiB in its last"
                );
                looked_at.insert(role(name));
            }
        }
        for Instance { name, .. } in &self.instances {
            ensure!(
                lasts < LONG || looked_at.contains(role(name)),
                "no process of {} lived long enough to tell whether it grows",
                role(name)
            );
        }
        Ok(())
    }

    /// First, last and most of each instance.
    pub fn table(&self) -> String {
        let mut table = "| process | started | first MiB | last MiB | most MiB |\n\
                         |---|---|---|---|---|\n"
            .to_owned();
        for Instance { name, processes } in &self.instances {
            let mut kib = processes.iter().flatten().map(|sample| sample.resident_kib);
            let first = kib.next().unwrap_or_default();
            let last = kib.clone().next_back().unwrap_or(first);
            let most = kib.max().unwrap_or(first).max(first);
            let _ = writeln!(
                table,
                "| {name} | {} | {} | {} | {} |",
                processes.len(),
                first >> 10,
                last >> 10,
                most >> 10
            );
        }
        table
    }
}

/// Instances are called by their role and a number.
fn role(instance: &str) -> &str {
    instance.split(' ').next().unwrap_or(instance)
}

/// Of two instances one may always be new, and both in a short run; in a long one
/// somebody has to have lived, and not to have grown.
pub fn a_long_run_tells_of_every_role() -> Result<()> {
    let verdict = |lives: [u64; 2], lasts: Duration, grows_kib: u64| {
        let mut samples = Vec::new();
        for (instance, life) in lives.into_iter().enumerate() {
            for second in (0..lasts.as_secs()).step_by(5) {
                samples.push(Sample {
                    instance,
                    process: usize::try_from(second / life)?,
                    at: Duration::from_secs(second),
                    age: Duration::from_secs(second % life),
                    resident_kib: 40_000 + second * grows_kib,
                });
            }
        }
        let names = ["relay 1", "relay 2"].map(str::to_owned);
        Memory::of(samples, names.to_vec()).is_flat(lasts)
    };
    verdict([LONG.as_secs(), 100], LONG, 0)?;
    verdict([100, 100], Duration::from_mins(5), 0)?;
    for (lives, grows_kib, why) in [
        ([100, 100], 0, "no process of relay lived"),
        ([LONG.as_secs(), 100], 200, "relay 1 grows"),
    ] {
        let refused = verdict(lives, LONG, grows_kib).err();
        let said = refused.context("it is taken for flat")?.to_string();
        ensure!(said.starts_with(why), "{said}");
    }
    Ok(())
}

fn middle(samples: &[Sample]) -> Result<u64> {
    let kib = samples.iter().map(|sample| sample.resident_kib);
    median(kib).context("a process was hardly looked at")
}
