//! `orderlog api-key`: keys of the API.

use clap::Subcommand;
use infra::{
    api_keys::{self, ApiKeys, Scopes},
    config::Config,
    postgres::Databases,
};
use sqlx::PgPool;
use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Make a key and print it: it is never shown again
    Create {
        /// What it is for
        #[arg(long, default_value = "unnamed")]
        name: String,
        /// What it may do beyond what every key may, once for each: orders:price (its
        /// prices are taken as they are), customers:erase. Without any the key may do everything; `none`
        /// for a key that may do nothing beyond
        #[arg(long = "scope", value_parser = scope)]
        scopes: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make sure that a file holds a key that works: nothing changes where it
    /// does, else a new key is written to it
    Keep {
        /// What it is for
        #[arg(long)]
        name: String,
        /// The file; nobody else may read it
        #[arg(long)]
        file: PathBuf,
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

/// Stands for no scope at all.
const NO_SCOPE: &str = "none";

fn scope(text: &str) -> Result<String, String> {
    if text == NO_SCOPE || Scopes::KNOWN.contains(&text) {
        return Ok(text.to_owned());
    }
    let known = Scopes::KNOWN.join(", ");
    Err(format!(
        "there is no such scope; there are {known}, and {NO_SCOPE}"
    ))
}

/// Does it.
pub async fn run(config: &Config, command: ApiKeyCommand) -> anyhow::Result<ExitCode> {
    let ops = Databases::new(config)?.ops;
    match command {
        ApiKeyCommand::Create { name, scopes, json } => {
            let named = (!scopes.is_empty()).then(|| {
                let named = scopes.into_iter().filter(|scope| scope != NO_SCOPE);
                named.collect()
            });
            let key = api_keys::create_for(&ops, &name, &Scopes::new(named)).await?;
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
        ApiKeyCommand::Keep { name, file } => {
            keep(&ops, &name, &file).await?;
            println!("{}: holds a key that works", file.display());
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

/// The key that `file` holds, if it still works; else a new one called `name`,
/// which is kept there.
pub async fn keep(ops: &PgPool, name: &str, file: &Path) -> anyhow::Result<String> {
    if let Ok(kept) = fs::read_to_string(file) {
        let kept = kept.trim().to_owned();
        if ApiKeys::new(ops.clone()).verify(&kept).await?.is_some() {
            return Ok(kept);
        }
    }
    let key = api_keys::create(ops, name).await?;
    write_secret(file, &format!("{}\n", key.secret))?;
    Ok(key.secret)
}

/// Writes a file that holds secrets: nobody else may read it.
pub fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}
