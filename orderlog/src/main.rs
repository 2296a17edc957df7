//! The `orderlog` program.

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let ending = infra::telemetry::Ending::begin();
    let cli = orderlog::cli::Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("orderlog")
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(cli.run()),
        Err(error) => Err(error.into()),
    };
    drop(ending);
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("orderlog: {error:#}");
            ExitCode::FAILURE
        }
    }
}
