//! `orderlog verify`.

use super::{Options, Report, Sample, verify};
use crate::{keys::sealing, mapping::Mapping};
use indicatif::ProgressBar;
use infra::config::Config;
use std::{io::IsTerminal as _, process::ExitCode, sync::Arc, time::Duration};

/// Compares the log, Kafka and every projection, and repairs the projections.
///
/// Takes the present end of the log, waits until Kafka and the projections have
/// reached it, and compares every event with its record, every row with what
/// the log makes of its order, every published document with the served one, and
/// what orders share with the rows. May run beside a system at work, in bounded
/// memory.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Ends with 0 where nothing differs, or nothing does any more; with 1 on any \
    difference, and where nothing could be compared: then there is no report.\n\n\
    Examples:\n  \
    orderlog verify\n  \
    orderlog verify --sample 1% --seed 7\n  \
    orderlog verify --repair\n  \
    orderlog verify --wait 5m --json | jq .differences"
)]
pub struct VerifyArgs {
    /// How long Kafka and the views may take to catch up: 500ms, 60s, 5m.
    #[arg(long, default_value = "60s", value_parser = duration)]
    pub wait: Duration,
    /// Compare the rows of so many orders only, or of such a part: 10000, 2.5%.
    /// Neither the events on Kafka nor what orders share is compared then.
    #[arg(long, value_name = "ORDERS")]
    pub sample: Option<Sample>,
    /// Which orders the sample consists of: the same ones for the same number.
    #[arg(long, default_value_t = 1, requires = "sample")]
    pub seed: u64,
    /// Have running projectors make the orders that differ anew from the log, and
    /// publish documents that differ again; then set right what orders share.
    #[arg(long)]
    pub repair: bool,
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
        sample: args.sample.map(|sample| (sample, args.seed)),
        repair: args.repair,
    };
    let report = Box::pin(told(config, options)).await?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if report.differences == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Tells each step: a spinner on a terminal, a line otherwise.
async fn told(config: &Config, options: Options) -> anyhow::Result<Report> {
    let sealing = sealing(config)?;
    let mapping = Arc::new(Mapping);
    if !std::io::stderr().is_terminal() {
        let step = |what: &str| eprintln!("verify: {what}");
        return Ok(Box::pin(verify(config, (mapping, &sealing), options, &step)).await?);
    }
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(100));
    let step = |what: &str| spinner.set_message(what.to_owned());
    let report = Box::pin(verify(config, (mapping, &sealing), options, &step)).await;
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
