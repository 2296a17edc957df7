//! `orderlog api-key`: keys of the API.

use clap::Subcommand;
use infra::{api_keys, config::Config, postgres::Databases};
use std::process::ExitCode;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Make a key and print it: it is never shown again
    Create {
        /// What it is for
        #[arg(long, default_value = "unnamed")]
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the keys, without their secrets
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key
    Revoke {
        /// Its id
        id: String,
    },
}

/// Does it.
pub async fn run(config: &Config, command: ApiKeyCommand) -> anyhow::Result<ExitCode> {
    let ops = Databases::new(config)?.ops;
    match command {
        ApiKeyCommand::Create { name, json } => {
            let key = api_keys::create(&ops, &name).await?;
            if json {
                println!(
                    "{}",
                    serde_json::json!({"id": key.id, "secret": key.secret})
                );
            } else {
                println!("{}", key.secret);
                eprintln!("id: {} (the key above is not shown again)", key.id);
            }
        }
        ApiKeyCommand::List { json } => {
            for key in api_keys::list(&ops).await? {
                if json {
                    println!("{}", serde_json::to_string(&key)?);
                } else {
                    let state = if key.revoked_at.is_some() {
                        "revoked"
                    } else {
                        "active"
                    };
                    println!("{}  {}…  {state}  {}", key.id, key.prefix, key.name);
                }
            }
        }
        ApiKeyCommand::Revoke { id } => {
            if !api_keys::revoke(&ops, &id).await? {
                anyhow::bail!("there is no active key {id}");
            }
            println!("revoked: {id}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
