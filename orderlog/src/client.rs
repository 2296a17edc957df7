//! What commands that call a running system have in common.

use anyhow::{Context as _, bail};
use serde::Serialize;
use std::{fmt::Display, fs, path::Path, process::ExitCode};

/// Environment variable with the API key. The key itself is no flag: command
/// lines are visible to everybody on the machine.
const API_KEY: &str = "ORDERLOG_API_KEY";

/// The API key: of a file where one is named, else of the environment.
///
/// # Errors
/// When there is none.
pub fn api_key(file: Option<&Path>) -> anyhow::Result<String> {
    let key = match file {
        Some(path) => {
            let named = || format!("the API key in {} cannot be read", path.display());
            fs::read_to_string(path).with_context(named)?
        }
        None => std::env::var(API_KEY).unwrap_or_default(),
    };
    match key.trim() {
        "" => bail!("an API key is needed: set {API_KEY}, or name its file with --api-key-file"),
        key => Ok(key.to_owned()),
    }
}

/// Prints what came of it on standard output, as JSON or for people, and ends with 0
/// where it has succeeded.
///
/// # Errors
/// None in practice: it has a JSON form.
pub fn told(
    summary: &(impl Serialize + Display),
    json: bool,
    succeeded: bool,
) -> anyhow::Result<ExitCode> {
    if json {
        println!("{}", serde_json::to_string(summary)?);
    } else {
        println!("{summary}");
    }
    Ok(if succeeded {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
