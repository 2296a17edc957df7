//! Registering and running tests.

use crate::{PrivateServers, TestEnv, live, servers, skipped, took, turns};
use futures_util::FutureExt as _;
use infra::local_servers::Server;
use libtest_mimic::{Arguments, Failed, Trial};
use std::{
    any::Any,
    env,
    panic::AssertUnwindSafe,
    process::ExitCode,
    sync::OnceLock,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// No test takes this long, unless it says so; one that hangs ends here with its
/// logs.
const TIMEOUT: Duration = Duration::from_mins(10);

/// How often a test that failed is run again before it counts as failed: 0
/// where this is not set. One that passes then is told of as flaky.
const RETRIES: &str = "ORDERLOG_TEST_RETRIES";

/// A test that needs no servers.
pub fn plain(name: &str, test: fn() -> anyhow::Result<()>) -> Trial {
    trial(name, move || test().map_err(failed))
}

/// A test that needs time and a runtime, but none of the shared servers.
pub fn alone<F>(name: &str, test: F) -> Trial
where
    F: AsyncFn() -> anyhow::Result<()> + Send + Sync + 'static,
{
    trial(name, move || {
        runtime()?.block_on(async { Ok(guarded(TIMEOUT, test()).await?) })
    })
}

/// A test that starts its servers itself.
pub fn on_own_servers<F>(name: &str, test: F) -> Trial
where
    F: AsyncFn() -> anyhow::Result<()> + Send + Sync + 'static,
{
    turns::starts_a_set(name);
    alone(name, test)
}

/// A test on the shared servers, with databases of its own.
pub fn on_servers<F>(name: &str, test: F) -> Trial
where
    F: AsyncFn(&TestEnv) -> anyhow::Result<()> + Send + Sync + 'static,
{
    let title = name.to_owned();
    trial(name, move || {
        runtime()?.block_on(async {
            let servers = servers::shared().await.map_err(failed)?;
            let env = TestEnv::create(&title, servers).await.map_err(failed)?;
            let result = guarded(TIMEOUT, test(&env)).await;
            finish(env, result).await
        })
    })
}

/// A test that may kill, stop and restart its servers.
pub fn on_private_servers<F>(name: &str, test: F) -> Trial
where
    F: AsyncFn(&TestEnv, &PrivateServers) -> anyhow::Result<()> + Send + Sync + 'static,
{
    on_private_servers_for(name, Duration::ZERO, test)
}

/// The same for a test that lasts by intention: it has that time beside what every
/// test has.
pub fn on_private_servers_for<F>(name: &str, lasts: Duration, test: F) -> Trial
where
    F: AsyncFn(&TestEnv, &PrivateServers) -> anyhow::Result<()> + Send + Sync + 'static,
{
    on_servers_with(name, &[], TIMEOUT + lasts, test)
}

/// The same, of which one is a replica of the read models.
pub fn on_replicated_servers<F>(name: &str, test: F) -> Trial
where
    F: AsyncFn(&TestEnv, &PrivateServers) -> anyhow::Result<()> + Send + Sync + 'static,
{
    on_servers_with(name, &[Server::Standby], TIMEOUT, test)
}

fn on_servers_with<F>(name: &str, more: &'static [Server], limit: Duration, test: F) -> Trial
where
    F: AsyncFn(&TestEnv, &PrivateServers) -> anyhow::Result<()> + Send + Sync + 'static,
{
    let title = name.to_owned();
    turns::starts_a_set(name);
    trial(name, move || {
        runtime()?.block_on(async {
            let servers = PrivateServers::start(more).await.map_err(failed)?;
            let result = on_a_private_set(&title, &servers, limit, &test).await;
            servers.stop().await;
            result
        })
    })
}

async fn on_a_private_set<F>(
    title: &str,
    servers: &PrivateServers,
    limit: Duration,
    test: &F,
) -> Result<(), Failed>
where
    F: AsyncFn(&TestEnv, &PrivateServers) -> anyhow::Result<()>,
{
    let env = TestEnv::create(title, servers.config())
        .await
        .map_err(failed)?;
    match guarded(limit, test(&env, servers)).await {
        Ok(()) => {
            env.forget_logs();
            Ok(())
        }
        Err(message) => Err(format!("{message}{}", env.log_tails()).into()),
    }
}

/// A test that is run again where [`RETRIES`] says so.
fn trial(name: &str, test: impl Fn() -> Result<(), Failed> + Send + 'static) -> Trial {
    let title = name.to_owned();
    Trial::test(name, move || {
        let retries = retries()?;
        let turn = runtime()?.block_on(turns::take(&title));
        let _turn = turn.map_err(|error| failed(error.into()))?;
        let began = Instant::now();
        let result = tried(&title, retries, &test);
        took::note(&title, began.elapsed());
        result
    })
}

fn tried(
    title: &str,
    mut retries: u32,
    test: &impl Fn() -> Result<(), Failed>,
) -> Result<(), Failed> {
    loop {
        let Err(failure) = test() else { return Ok(()) };
        if retries == 0 {
            return Err(failure);
        }
        retries -= 1;
        let message = failure.message().unwrap_or_default();
        eprintln!("!!! FLAKY: {title} failed and is run again\n{message}\n");
    }
}

fn retries() -> Result<u32, Failed> {
    let Some(text) = env::var_os(RETRIES) else {
        return Ok(0);
    };
    let retries = text.to_str().and_then(|text| text.parse().ok());
    retries.ok_or_else(|| format!("{RETRIES} is no number: {}", text.display()).into())
}

/// Runs the tests that the command line asks for, stops the servers whatever
/// came of it, and prints the counts, what took long, and what was skipped.
/// `timed` are the trials, or modules of them, that have fewer others beside them.
pub fn run(trials: Vec<Trial>, timed: &'static [&'static str]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    if arguments.list {
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    let Ok(runtime) = runtime() else {
        eprintln!("no runtime can be started");
        return ExitCode::FAILURE;
    };
    let trials = match turns::arrange(&mut arguments, trials, timed) {
        Ok(trials) => trials,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.spawn(live::end_on_signals());
    let conclusion = libtest_mimic::run(&arguments, trials);
    runtime.block_on(servers::stop_shared());
    if let Some(table) = took::table() {
        eprintln!("{table}");
    }
    if let Some(line) = skipped::last_line() {
        eprintln!("{line}\n");
    }
    conclusion.exit_code()
}

/// Cleans up after a test and, where it failed, adds what may explain it. It keeps its
/// place among those that run meanwhile: to drop databases is work, and holds up what
/// the log shows.
async fn finish(env: TestEnv, result: Result<(), String>) -> Result<(), Failed> {
    let result = match result {
        Ok(()) => {
            env.forget_logs();
            Ok(())
        }
        Err(message) => {
            let death = servers::shared_death().await.unwrap_or_default();
            Err(format!("{message}\n{death}{}", env.log_tails()).into())
        }
    };
    env.remove().await;
    result
}

/// A test to its end, panic or time-out.
async fn guarded(
    limit: Duration,
    test: impl Future<Output = anyhow::Result<()>>,
) -> Result<(), String> {
    let test = AssertUnwindSafe(test).catch_unwind();
    match tokio::time::timeout(limit, test).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error))) => Err(format!("{error:#}")),
        Ok(Err(panic)) => Err(format!("it panicked: {}", message_of(&*panic))),
        Err(_) => Err(format!("not done after {} s", limit.as_secs())),
    }
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("with something that is no text")
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the argument of map_err is a value"
)]
fn failed(error: anyhow::Error) -> Failed {
    format!("{error:#}").into()
}

fn runtime() -> Result<&'static Runtime, Failed> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(Runtime::new)
        .as_ref()
        .map_err(|error| error.to_string().into())
}
