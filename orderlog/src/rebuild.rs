//! `orderlog rebuild`: a projection, or all of them, made again from the log
//! beside what is served.

use crate::{keys::sealing, mapping::Mapping};
use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use infra::{
    config::Config,
    epoch,
    log::LogReader,
    postgres,
    views::builds::{self, Build, BuildPhase},
};
use projections::{
    Progress, Sources,
    registry::{self, Registered},
};
use std::{
    fmt::Write as _,
    io::IsTerminal as _,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How many of the last builds are listed.
const LISTED: i64 = 20;
/// Where there is no terminal, a line as often.
const LINE: Duration = Duration::from_secs(2);

/// Which projection, and what is to be done.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    orderlog rebuild orders --dir .orderlog\n  \
    orderlog rebuild orders --workers 4 --json | jq .took_seconds\n  \
    orderlog rebuild --all\n  \
    orderlog rebuild orders --cancel\n  \
    orderlog rebuild orders --accept-parked\n  \
    orderlog rebuild --list")]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct RebuildArgs {
    /// Its name
    #[arg(required_unless_present_any = ["list", "all"])]
    projection: Option<String>,
    /// Every projection, one after the other
    #[arg(long, conflicts_with_all = ["projection", "cancel", "list"])]
    all: bool,
    /// How many write at the same time; as many as there are processors unless told otherwise
    #[arg(long, value_name = "N", conflicts_with_all = ["cancel", "list"])]
    workers: Option<usize>,
    /// Give the open build up: what there is of it is dropped
    #[arg(long, conflicts_with = "list")]
    cancel: bool,
    /// Switch to the build however many orders it parks that are not parked now
    #[arg(long, conflicts_with_all = ["cancel", "list"])]
    accept_parked: bool,
    /// Show the last builds, of one projection or of all
    #[arg(long)]
    list: bool,
    /// Print JSON, one document for each build
    #[arg(long)]
    json: bool,
}

/// Makes a build, gives one up or lists them. A signal ends this process, not
/// the build: whoever comes next goes on with it.
pub async fn run(
    config: Config,
    args: &RebuildArgs,
    stopped: &CancellationToken,
) -> anyhow::Result<ExitCode> {
    let name = args.projection.as_deref();
    if args.list {
        return list(&config, name, args.json).await;
    }
    let projections = match name {
        Some(name) => vec![named(name)?],
        None => registry::ALL.to_vec(),
    };
    let sources = Sources {
        log: LogReader::new(epoch::pool(&config.events_url, 2)?),
        mapping: Arc::new(Mapping),
        sealing: sealing(&config)?,
        config,
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = args.workers.unwrap_or(processors);
    for projection in projections {
        let sources = sources.clone();
        if args.cancel {
            cancel(projection, sources, args.json).await?;
            continue;
        }
        if args.accept_parked {
            accept(projection, &sources.config).await?;
        }
        let made = build(projection, sources, workers, args.json);
        match stopped.run_until_cancelled(made).await {
            Some(made) => made?,
            None => bail!(
                "stopped; the build is as far as it came. `orderlog rebuild {name}` or a running \
                 projector goes on with it, `orderlog rebuild {name} --cancel` drops it",
                name = projection.name()
            ),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Accepts what the open build parks, or the one that is begun now.
async fn accept(projection: &dyn Registered, config: &Config) -> anyhow::Result<()> {
    let views = postgres::pool(&config.views_url, 1)?;
    builds::request(&views, projection.name()).await?;
    builds::accept_parked(&views, projection.name()).await?;
    Ok(())
}

fn named(name: &str) -> anyhow::Result<&'static dyn Registered> {
    registry::find(name).with_context(|| {
        let known: Vec<_> = registry::ALL.iter().map(|known| known.name()).collect();
        format!("there is no projection {name:?}, but {}", known.join(", "))
    })
}

async fn build(
    projection: &'static dyn Registered,
    sources: Sources,
    workers: usize,
    json: bool,
) -> anyhow::Result<()> {
    let teller = Teller::new();
    let tell = |progress: Progress| teller.tell(progress);
    let made = projection.rebuild(sources, workers, &tell).await;
    teller.finish();
    let report = made?;
    if json {
        let told = serde_json::json!({
            "projection": projection.name(),
            "build": report.build,
            "epoch": report.epoch,
            "aggregates": report.progress.aggregates,
            "events": report.progress.events,
            "took_seconds": report.took.as_secs_f64(),
        });
        println!("{told}");
    } else {
        println!("{} {report}", projection.name());
    }
    Ok(())
}

async fn cancel(
    projection: &'static dyn Registered,
    sources: Sources,
    json: bool,
) -> anyhow::Result<()> {
    let cancelled = projection.cancel(sources).await?;
    if json {
        let name = projection.name();
        println!(
            "{}",
            serde_json::json!({"projection": name, "cancelled": cancelled})
        );
    } else {
        match cancelled {
            Some(build) => println!("build {build} was cancelled"),
            None => println!("no build is open"),
        }
    }
    Ok(())
}

async fn list(config: &Config, projection: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
    let views = postgres::pool(&config.views_url, 1)?;
    let builds = builds::list(&views, projection, LISTED).await?;
    if json {
        println!("{}", serde_json::to_string(&builds)?);
    } else {
        for build in &builds {
            println!("{}", line(build)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `orders 7  running, filling  requested  12000 of about 50000 events, 40s left`
fn line(build: &Build) -> anyhow::Result<String> {
    let mut line = format!(
        "{} {}  {}",
        build.projection,
        build.build,
        build.state.as_str()
    );
    if let Some(phase) = build.phase {
        write!(line, ", {}", phase_name(phase))?;
    }
    write!(line, "  {}  {} events", build.reason, build.events)?;
    if build.state.is_open() {
        write!(line, " of about {}", build.estimate.unwrap_or_default())?;
    }
    if let Some(seconds) = build.seconds_left {
        write!(line, ", {seconds}s left")?;
    }
    if let Some(error) = &build.error {
        write!(line, "  {error}")?;
    }
    Ok(line)
}

const fn phase_name(phase: BuildPhase) -> &'static str {
    match phase {
        BuildPhase::Filling => "filling",
        BuildPhase::Indexing => "indexing",
        BuildPhase::CatchingUp => "catching up",
        BuildPhase::Held => "held",
    }
}

/// Tells how far a build is: a bar on a terminal, a line now and then
/// otherwise.
struct Teller {
    bar: Option<ProgressBar>,
    told: Mutex<Option<std::time::Instant>>,
}

impl Teller {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{msg:>11} {wide_bar} {human_pos} of about {human_len} events  {prefix}",
            );
            let bar = ProgressBar::new(0);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self {
            bar,
            told: Mutex::default(),
        }
    }

    fn tell(&self, progress: Progress) {
        let phase = progress.phase.map_or("waiting", phase_name);
        let left = progress
            .left
            .map(|left| format!("{}s left", left.as_secs()));
        let left = left.unwrap_or_default();
        if let Some(bar) = &self.bar {
            bar.set_length(progress.estimate);
            bar.set_position(progress.events);
            bar.set_message(phase);
            bar.set_prefix(left);
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= LINE) {
            *told = Some(std::time::Instant::now());
            let of = progress.estimate;
            eprintln!("{phase}: {} of about {of} events {left}", progress.events);
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
