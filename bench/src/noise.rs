//! Whether the machine had something else to do while a row was measured: what
//! processes that are not ours have spent of its processors, and what the host
//! has taken for others (`steal`).
//!
//! Ours is everything below this process; the kernel's own threads write what we
//! have written, and are nobody's.

use anyhow::{Context as _, ensure};
use std::{collections::BTreeMap, fmt, fs, thread, time::Instant};

/// Of the kernel's clock ticks, in which all of this is told (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;
/// The share of all processors from which on a row is marked. Both sides of the
/// subtraction are counted in ticks, so a hundredth may be nobody's.
const TOO_MUCH: f64 = 0.05;
/// The kernel's thread that is above its others.
const KERNEL: u32 = 2;

/// Seconds of one processor, since the machine was started.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Spent {
    /// By every process.
    all: f64,
    /// Below this process, and by the kernel's threads.
    known: f64,
    /// By the host, for others.
    stolen: f64,
}

/// What somebody else has spent during a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// How long the row took.
    pub seconds: f64,
    /// By processes that are not ours, as a share of all processors.
    pub others: f64,
    /// By the host, likewise.
    pub stolen: f64,
}

impl Noise {
    /// Whether its figures are to be doubted.
    pub fn is_too_much(&self) -> bool {
        self.others + self.stolen > TOO_MUCH
    }

    fn between(before: Spent, after: Spent, seconds: f64, processors: f64) -> Self {
        let share = |spent: f64| (spent / (seconds * processors)).clamp(0.0, 1.0);
        Self {
            seconds,
            others: share((after.all - before.all) - (after.known - before.known)),
            stolen: share(after.stolen - before.stolen),
        }
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| share * 100.0;
        write!(
            f,
            "{:.0} s, other processes {:.1} %, stolen {:.1} %{}",
            self.seconds,
            percent(self.others),
            percent(self.stolen),
            if self.is_too_much() { ": noisy" } else { "" }
        )
    }
}

/// Looks at the machine from its making to its end.
pub struct Watch {
    before: Spent,
    began: Instant,
}

impl Watch {
    /// Begins.
    pub fn start() -> anyhow::Result<Self> {
        Ok(Self {
            before: spent()?,
            began: Instant::now(),
        })
    }

    /// What there was since.
    pub fn end(self) -> anyhow::Result<Noise> {
        let seconds = self.began.elapsed().as_secs_f64().max(1e-3);
        let processors = thread::available_parallelism()?.get();
        let processors = f64::from(u32::try_from(processors)?);
        Ok(Noise::between(self.before, spent()?, seconds, processors))
    }
}

fn spent() -> anyhow::Result<Spent> {
    let (all, stolen) = of_machine(&fs::read_to_string("/proc/stat")?)?;
    let mut processes = BTreeMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // It may have ended in between.
        let stat = fs::read_to_string(entry.path().join("stat"));
        if let Some(process) = stat.ok().and_then(|stat| Process::read(&stat)) {
            processes.insert(pid, process);
        }
    }
    Ok(Spent {
        all,
        known: known(&processes, std::process::id()),
        stolen,
    })
}

/// Seconds of all processes, and of the host for others, from `/proc/stat`:
/// `cpu user nice system idle iowait irq softirq steal …`. Interrupts are left
/// out: they are of no process.
fn of_machine(stat: &str) -> anyhow::Result<(f64, f64)> {
    let line = stat
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("cpu "));
    let fields = line.context("/proc/stat has no line for all processors")?;
    let fields: Vec<f64> = fields
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    ensure!(fields.len() >= 8, "/proc/stat tells of no steal");
    let all = fields[0] + fields[1] + fields[2];
    Ok((all / TICKS_PER_SECOND, fields[7] / TICKS_PER_SECOND))
}

/// A process, from its `stat`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Process {
    parent: u32,
    /// Seconds, with those of children that have ended.
    spent: f64,
}

impl Process {
    fn read(stat: &str) -> Option<Self> {
        // The name in parentheses may hold anything.
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let parent = fields.get(1)?.parse().ok()?;
        let ticks = fields.get(11..15)?.iter();
        let ticks: f64 = ticks.filter_map(|field| field.parse::<f64>().ok()).sum();
        let spent = ticks / TICKS_PER_SECOND;
        Some(Self { parent, spent })
    }
}

/// Seconds of `own` with everything below it, and of the kernel's threads.
fn known(processes: &BTreeMap<u32, Process>, own: u32) -> f64 {
    // In a container it is a process like any other.
    let kernel = processes.get(&KERNEL);
    let kernel = kernel.filter(|process| process.parent == 0).map(|_| KERNEL);
    let is_known = |pid: u32| {
        let mut at = pid;
        // As deep as no tree is: numbers may be given again while they are read.
        for _ in 0..64 {
            if at == own || Some(at) == kernel {
                return true;
            }
            match processes.get(&at) {
                Some(process) => at = process.parent,
                None => return false,
            }
        }
        false
    };
    let known = processes.iter().filter(|(pid, _)| is_known(**pid));
    known.map(|(_, process)| process.spent).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Spent = Spent {
        all: 100.0,
        known: 40.0,
        stolen: 5.0,
    };

    #[test]
    fn a_row_is_marked_when_other_processes_were_busy_and_not_when_ours_were() {
        let after = |all, known| Spent {
            all,
            known,
            stolen: 5.0,
        };
        // Ten seconds on two processors, all of them ours.
        let ours = Noise::between(BEFORE, after(120.0, 60.0), 10.0, 2.0);
        assert_eq!(ours.others.to_bits(), 0.0_f64.to_bits());
        assert!(!ours.is_too_much());
        // A tenth of them somebody else's.
        let shared = Noise::between(BEFORE, after(120.0, 58.0), 10.0, 2.0);
        assert!((shared.others - 0.1).abs() < 1e-9);
        assert!(shared.is_too_much());
    }

    #[test]
    fn a_row_is_marked_when_the_host_took_its_processors_away() {
        let after = Spent {
            all: 110.0,
            known: 50.0,
            stolen: 7.0,
        };
        let noise = Noise::between(BEFORE, after, 10.0, 2.0);
        assert!((noise.stolen - 0.1).abs() < 1e-9);
        assert!(noise.is_too_much());
    }

    #[test]
    fn what_is_below_us_is_ours_at_any_depth_and_so_are_the_kernels_threads() {
        let process = |parent, spent| Process { parent, spent };
        let processes = BTreeMap::from([
            (1, process(0, 1_000.0)),
            (2, process(0, 1.0)),
            (9, process(2, 2.0)),
            (50, process(1, 4.0)),
            (51, process(50, 8.0)),
            (52, process(51, 16.0)),
            (60, process(1, 500.0)),
        ]);
        assert!((known(&processes, 50) - 31.0).abs() < 1e-9);
    }

    #[test]
    fn a_name_with_parentheses_does_not_move_the_fields() {
        let stat = "7 (a ) (b)) S 3 7 7 0 -1 4194304 1 2 3 4 100 50 25 25 20 0 1 0 9 9 9";
        let read = Process::read(stat);
        let expected = Process {
            parent: 3,
            spent: 2.0,
        };
        assert_eq!(read, Some(expected));
    }

    #[test]
    fn the_machines_line_is_read_without_idle_and_interrupts() -> anyhow::Result<()> {
        let stat = "cpu  100 20 80 1000 50 7 9 300 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        let (all, stolen) = of_machine(stat)?;
        assert!((all - 2.0).abs() < 1e-9 && (stolen - 3.0).abs() < 1e-9);
        Ok(())
    }
}
