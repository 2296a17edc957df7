//! Row `cost`: what an order costs each role and each server, in processor time and in
//! bytes, when it is placed and read once at a steady rate. What they cost idle is taken
//! off. From this follows how large a deployment has to be.

use crate::{process::Process, readable::open_loop, row::Figure, whole::Whole};
use anyhow::Context as _;
use infra::config::Config;
use sqlx::PgPool;
use std::{collections::BTreeMap, fs, path::Path, time::Duration};
use tokio::time::sleep;

/// Of the kernel's clock ticks, in which processes are accounted (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;
/// Who there is, and what its command line holds.
const PARTS: [(&str, &str); 9] = [
    ("command-api", "orderlog\0command-api"),
    ("relay", "orderlog\0relay"),
    ("projector", "orderlog\0projector"),
    ("read-api", "orderlog\0read-api"),
    ("worker", "orderlog\0worker"),
    ("PostgreSQL, log", "cluster_name=postgres-events"),
    ("PostgreSQL, views and ops", "cluster_name=postgres-views"),
    ("Kafka", "kafka.Kafka"),
    ("Redis", "redis-server"),
];

/// Milliseconds of one core by a thousand orders, at each rate, and bytes by order.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let whole = Whole::start(config, folder).await?;
    let mut of_worker = config.clone();
    of_worker.command_url = format!("http://{}", whole.commands.address);
    of_worker.read_url = format!("http://{}", whole.reads.address);
    of_worker.api_key = infra::secret::Secret::new(&*whole.key);
    let _worker = Process::start(&of_worker, "worker", folder).await?;
    let (rates, time): (&[f64], _) = if quick {
        (&[50.0], Duration::from_secs(2))
    } else {
        (&[50.0, 100.0, 300.0], Duration::from_secs(40))
    };
    // So that nothing is read for the first time.
    open_loop(&whole, rates[0], time / 4).await?;
    sleep(time / 12).await;
    let idle = spent_during(folder, sleep(time / 4)).await?;
    let before = Stored::now(config, folder).await?;
    let mut figures = Vec::new();
    for (part, _) in PARTS {
        let spent = idle.get(part).copied().unwrap_or(0.0) / (time / 4).as_secs_f64();
        let case = format!("{part}, a second of doing nothing");
        figures.push(Figure::time("cost", case, spent * 1e3));
    }
    let mut all = 0.0;
    for &rate in rates {
        let mut orders = 0;
        let busy = spent_during(folder, async {
            orders = open_loop(&whole, rate, time)
                .await
                .map_or(0, |times| times.len());
            // What is behind them: publishing, checkpoints.
            sleep(time / 12).await;
        })
        .await?;
        anyhow::ensure!(orders > 0, "no orders could be placed");
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let thousands = orders as f64 / 1e3;
        all += thousands;
        let length = (time + time / 12).as_secs_f64();
        for (part, _) in PARTS {
            let of = |spent: &BTreeMap<&str, f64>| spent.get(part).copied().unwrap_or(0.0);
            let idle = of(&idle) / (time / 4).as_secs_f64();
            let own = (of(&busy) - idle * length).max(0.0);
            let case = format!("{part}, by 1,000 orders placed and read, {rate} a second");
            figures.push(Figure::time("cost", case, own * 1e3 / thousands));
        }
    }
    let after = Stored::now(config, folder).await?;
    for ((part, after), (_, before)) in after.0.into_iter().zip(before.0) {
        let case = format!("{part}, by order");
        let grown = (after - before) / 1e6 / all;
        figures.push(Figure::alone("cost", case, "kB", grown));
    }
    Ok(figures)
}

/// Seconds of one core that each part has spent while something went on.
async fn spent_during(
    folder: &Path,
    what: impl Future<Output = ()>,
) -> anyhow::Result<BTreeMap<&'static str, f64>> {
    let before = spent(folder)?;
    what.await;
    let mut after = spent(folder)?;
    for (part, seconds) in &mut after {
        *seconds -= before.get(part).copied().unwrap_or(0.0);
    }
    Ok(after)
}

/// Seconds of one core that each part has spent until now, its children included.
fn spent(folder: &Path) -> anyhow::Result<BTreeMap<&'static str, f64>> {
    let folder = folder.to_str().context("the folder is not UTF-8")?;
    let own = std::process::id();
    let mut processes = BTreeMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // It may have ended in between.
        let read = |file: &str| fs::read_to_string(entry.path().join(file)).ok();
        let (Some(stat), Some(command)) = (read("stat"), read("cmdline")) else {
            continue;
        };
        // The name in parentheses may hold anything.
        let Some((_, fields)) = stat.rsplit_once(") ") else {
            continue;
        };
        let fields: Vec<&str> = fields.split(' ').collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
        let parent = fields.get(1).and_then(|field| field.parse::<u32>().ok());
        // Its own, and those of children that have ended.
        let ticks: f64 = (11..15).filter_map(number).sum();
        processes.insert(
            pid,
            (parent.unwrap_or(0), command, ticks / TICKS_PER_SECOND),
        );
    }
    let part_of = |pid: u32| {
        let (parent, command, _) = processes.get(&pid)?;
        let ours = *parent == own || command.contains(folder);
        let found = PARTS.iter().find(|(_, mark)| command.contains(mark));
        found.filter(|_| ours).map(|(part, _)| *part)
    };
    let mut spent = BTreeMap::new();
    for (pid, (parent, _, seconds)) in &processes {
        if let Some(part) = part_of(*pid).or_else(|| part_of(*parent)) {
            *spent.entry(part).or_insert(0.0) += seconds;
        }
    }
    Ok(spent)
}

/// Bytes that are stored, by where.
struct Stored(Vec<(&'static str, f64)>);

impl Stored {
    async fn now(config: &Config, folder: &Path) -> anyhow::Result<Self> {
        let mut stored = Vec::new();
        for (part, url) in [
            ("log, with its indexes", &config.events_url),
            ("views, with their indexes", &config.views_url),
            ("ops", &config.ops_url),
        ] {
            let pool = infra::postgres::pool(url, 1)?;
            stored.push((part, size(&pool).await?));
        }
        let topics = folder.join("data/kafka");
        stored.push(("Kafka, one copy", bytes_below(&topics)?));
        Ok(Self(stored))
    }
}

async fn size(pool: &PgPool) -> anyhow::Result<f64> {
    let size = sqlx::query_scalar("SELECT pg_database_size(current_database())::float8");
    Ok(size.fetch_one(pool).await?)
}

fn bytes_below(folder: &Path) -> anyhow::Result<f64> {
    let mut bytes = 0.0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // Indexes are made at their full length.
        if path.is_dir() {
            bytes += bytes_below(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "log") {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let length = entry.metadata()?.len() as f64;
            bytes += length;
        }
    }
    Ok(bytes)
}
