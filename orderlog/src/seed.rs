//! `orderlog seed`.

use crate::client::{api_key, told};
use anyhow::Context as _;
use jobs::seed::{
    Arguments, DEFAULT_CONCURRENCY, MOST_DAYS, MOST_ORDERS, ProgressStyle, RetryPolicy, Settings,
    seed,
};
use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode};
use time::{Date, macros::format_description};
use tokio_util::sync::CancellationToken;

/// Makes a believable shop of any size in a running system.
///
/// Five platforms, a catalogue, shipping, customers, and orders: most of them as
/// imports of what happened over the days before `--until`, the last ones step
/// by step. Everything is sent to POST /v1/bulk, with the API key of
/// `ORDERLOG_API_KEY` or of a file. The same arguments make the same lines, byte
/// for byte, so that a second run changes nothing, and one that was stopped by
/// Ctrl-C goes on; other arguments make other orders beside them. Nobody in it
/// exists. Ends with 0 when everything was taken.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    orderlog seed --orders 1000 --api-key-file .orderlog/dev-api-key\n  \
    orderlog seed --orders 1000000 --products 2000 --days 1095 --until 2026-01-01\n  \
    orderlog seed --orders 500 --seed 7 --url https://orders.example\n  \
    orderlog seed --orders 500 --json | jq .by_op")]
pub struct SeedArgs {
    /// How many orders
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_ORDERS))]
    pub orders: u64,
    /// Products in the catalogue; a twentieth of the orders, 40 to 5,000, unless told
    #[arg(long, value_name = "N")]
    pub products: Option<u64>,
    /// Customers with an account; a third of the orders unless told
    #[arg(long, value_name = "N")]
    pub customers: Option<u64>,
    /// Which of all shops that could be
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// The first day on which nothing happens any more (YYYY-MM-DD); today unless told
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub until: Option<Date>,
    /// Over how many days before it orders are spread; 60 to 730 by their number, unless told
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_DAYS)))]
    pub days: Option<u32>,
    /// Where the system answers
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// File with the API key; `ORDERLOG_API_KEY` where it is not given
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Most orders in flight at once
    #[arg(long, default_value_t = NonZeroUsize::new(DEFAULT_CONCURRENCY).unwrap_or(NonZeroUsize::MIN))]
    pub concurrency: NonZeroUsize,
    /// Print the result as one JSON document instead of a table
    #[arg(long)]
    pub json: bool,
}

fn date(text: &str) -> anyhow::Result<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .context("a date is expected, such as 2026-01-31")
}

impl SeedArgs {
    /// The shop that is asked for, today.
    fn arguments(&self, today: Date) -> Arguments {
        let of = Arguments::of(self.orders, self.until.unwrap_or(today));
        Arguments {
            products: self.products.unwrap_or(of.products),
            customers: self.customers.unwrap_or(of.customers),
            days: self.days.unwrap_or(of.days),
            seed: self.seed,
            ..of
        }
    }
}

/// Makes the shop until its end or until `stop` is cancelled, and prints the
/// result on standard output.
///
/// # Errors
/// When it could not begin.
pub async fn run(args: SeedArgs, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let settings = Settings {
        arguments: args.arguments(infra::clock::now().date()),
        api_key: api_key(args.api_key_file.as_deref())?,
        url: args.url,
        concurrency: args.concurrency.get(),
        retry: RetryPolicy::default(),
        progress: ProgressStyle::Auto,
    };
    let summary = seed(&settings, stop).await?;
    told(&summary, args.json, summary.succeeded())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::web::Bytes;
    use command_api::BulkLines;
    use infra::{
        http::Line,
        operations::{Checked, LineCheck as _, SentFor},
    };
    use jobs::seed::{Generator, Story};
    use time::macros::date;

    /// By those who read them: their shapes, and the limits of each member.
    #[test]
    fn every_line_is_one_that_the_command_api_takes() {
        let arguments = Arguments {
            products: 400,
            ..Arguments::of(2_000, date!(2026 - 01 - 01))
        };
        let generator = Generator::new(arguments).expect("a shop");
        let alone = generator.foundations().expect("lines").into_iter().map(Ok);
        let alone = alone.chain(generator.products()).chain(generator.past());
        let stories = alone.map(|line| line.map(Story::from));
        let sent_for = SentFor {
            trace_id: String::new(),
            causation_id: "test".to_owned(),
            erasure: false,
        };
        let mut lines = 0;
        for story in stories.chain(generator.lived()) {
            let story = story.expect("a story");
            for line in std::iter::once(story.first).chain(story.then) {
                lines += 1;
                let text = Bytes::copy_from_slice(line.text());
                let line = Line::Whole(text.clone());
                let mut key = |own: Option<&str>| own.unwrap_or_default().to_owned();
                let checked = BulkLines.check(&sent_for, (lines, line), &mut key);
                assert!(
                    matches!(checked, Checked::Valid { .. }),
                    "{checked:?}: {}",
                    String::from_utf8_lossy(&text)
                );
            }
        }
        assert!(lines > 2_400, "{lines}");
    }
}
