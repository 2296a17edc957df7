//! A first data set for whoever tries the system out.

use super::{examples, steps::Steps};
use infra::{config::Config, lifecycle::Lifecycle, log::LogReader, postgres::Databases};
use jobs::seed::{Arguments, Ended, ProgressStyle, RetryPolicy, SeedError, Settings, seed};
use std::sync::Arc;

/// Orders in flight: whoever places their first order meanwhile is not to wait.
const CONCURRENCY: usize = 16;

/// What is to be made in a log that has nothing yet: none where so many orders
/// are none, or where there is something.
pub async fn wanted(config: &Config, orders: u64) -> anyhow::Result<Option<Arguments>> {
    if orders == 0 {
        return Ok(None);
    }
    let log = LogReader::new(Databases::new(config)?.events);
    let empty = log.newest().await?.is_none();
    Ok(empty.then(|| Arguments::of(orders, infra::clock::now().date())))
}

/// Makes it in the background, and says in one line what came of it: whatever
/// that is, the system goes on.
pub fn make(
    arguments: Arguments,
    (url, key): (&str, &str),
    steps: &Arc<Steps>,
    lifecycle: &Lifecycle,
) {
    let settings = Settings {
        arguments,
        url: url.to_owned(),
        api_key: key.to_owned(),
        concurrency: CONCURRENCY,
        retry: RetryPolicy::default(),
        progress: ProgressStyle::Hidden,
    };
    let (steps, stop) = (Arc::clone(steps), lifecycle.shutdown.clone());
    lifecycle.spawn("sample data", async move {
        let made = seed(&settings, stop).await;
        // Before it is said that all is there.
        let whole = made.as_ref().is_ok_and(jobs::seed::Summary::succeeded);
        if whole && let Err(error) = examples::make(&settings.url, &settings.api_key).await {
            steps.tell(&format!(
                "examples of integrations: not all of them: {error:#}"
            ));
        }
        steps.tell(&told(arguments, made));
        Ok(())
    });
}

fn told(arguments: Arguments, made: Result<jobs::seed::Summary, SeedError>) -> String {
    let Arguments { orders, until, .. } = arguments;
    let again = format!("orderlog seed --orders {orders} --until {until}");
    match made {
        Ok(summary) if summary.succeeded() => {
            let seconds = summary.elapsed_seconds;
            format!("sample data: {orders} orders, in {seconds:.0} s")
        }
        Ok(summary) => match summary.ended {
            Ended::Complete => format!("sample data: some was refused, and {again} says why"),
            Ended::Stopped => format!("sample data: not all of it; the rest: {again}"),
            Ended::Failed { failure } => format!("sample data: {failure}; the rest: {again}"),
        },
        Err(error) => {
            let error = infra::lifecycle::error_chain(&error);
            format!("sample data: none: {error}")
        }
    }
}
