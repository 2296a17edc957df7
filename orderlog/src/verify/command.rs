//! `orderlog verify`.

use super::{Options, Report, verify};
use crate::keys::sealing;
use indicatif::ProgressBar;
use infra::config::Config;
use std::{io::IsTerminal as _, process::ExitCode, time::Duration};

/// Compares the log, Kafka, the read models and the statistics.
///
/// Takes the present end of the log, waits until Kafka and the views have
/// reached it, and compares the last version of each order in all three, its
/// document in the views with what the log makes of it, and the statistics
/// with a sum over the orders. May run beside a system at work.
/// Ends with 1 on any difference.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    orderlog verify\n  \
    orderlog verify --wait 5m --json | jq .orders_differing")]
pub struct VerifyArgs {
    /// How long Kafka and the views may take to catch up: 500ms, 60s, 5m.
    #[arg(long, default_value = "60s", value_parser = duration)]
    pub wait: Duration,
    /// How many differences to show; all are counted.
    #[arg(long, default_value_t = 20)]
    pub examples: usize,
    /// Print the report as one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// Runs the comparison and prints its report on standard output.
///
/// # Errors
/// When there could be no comparison.
pub async fn run(args: &VerifyArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let options = Options {
        wait: args.wait,
        examples: args.examples,
    };
    let report = told(config, options).await?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if report.differences() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Tells each step: a spinner on a terminal, a line otherwise.
async fn told(config: &Config, options: Options) -> anyhow::Result<Report> {
    let sealing = sealing(config)?;
    if !std::io::stderr().is_terminal() {
        let step = |what: &str| eprintln!("verify: {what}");
        return Ok(verify(config, &sealing, options, &step).await?);
    }
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(100));
    let step = |what: &str| spinner.set_message(what.to_owned());
    let report = verify(config, &sealing, options, &step).await;
    spinner.finish_and_clear();
    Ok(report?)
}

/// A whole number with its unit: `ms`, `s` or `m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits
        .parse()
        .map_err(|_| "not a number with a unit".to_owned())?;
    match &text[digits.len()..] {
        "ms" => Ok(Duration::from_millis(number)),
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        unit => Err(format!("{unit:?} is not one of ms, s, m")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert!(duration("soon").is_err() && duration("5h").is_err() && duration("").is_err());
    }
}
