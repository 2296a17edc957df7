//! The `orderlog` program: one subcommand per role, and the tools around
//! them. `dev` runs every role in one process beside local servers.

mod api_key;
mod cli;
mod dev;
mod documents;
mod mapping;
mod migrate;
mod rebuild;
mod roles;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("orderlog")
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(cli.run()),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("orderlog: {error:#}");
            ExitCode::FAILURE
        }
    }
}
