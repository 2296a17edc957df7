//! `orderlog api-key`: keys of the API.

use clap::Subcommand;
use domain::text::{InvalidText, Slug};
use infra::{
    api_keys::{self, ApiKey, ApiKeys, Rights, Scopes},
    clock,
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
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Make a key and print it: it is never shown again
    Create {
        /// What it is for
        #[arg(long, default_value = "unnamed")]
        name: String,
        /// What it may do, once for each (docs/OPERATIONS.md has them all); everything,
        /// if none is given
        #[arg(long = "scope", value_parser = scope)]
        scopes: Vec<String>,
        /// The only platform that it has to do with
        #[arg(long, value_parser = platform)]
        platform: Option<Slug>,
        /// When it ends, as `2027-12-31T00:00:00Z` or `2027-12-31`
        #[arg(long, value_parser = end)]
        expires_at: Option<OffsetDateTime>,
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

fn scope(text: &str) -> Result<String, String> {
    if Scopes::is_known(text) {
        return Ok(text.to_owned());
    }
    let known: Vec<_> = Scopes::KNOWN.iter().map(|scope| scope.name).collect();
    let known = known.join(", ");
    Err(format!("there is no such scope; there are {known}"))
}

fn platform(text: &str) -> Result<Slug, InvalidText> {
    Slug::try_from(text)
}

fn end(text: &str) -> Result<OffsetDateTime, String> {
    let wrong = "is no time, such as 2027-12-31T00:00:00Z or 2027-12-31";
    let text = if text.len() == "2027-12-31".len() {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    let end = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| wrong)?;
    if end <= clock::now() {
        return Err("is over already".to_owned());
    }
    Ok(end)
}

/// Does it.
pub async fn run(config: &Config, command: ApiKeyCommand) -> anyhow::Result<ExitCode> {
    let ops = Databases::new(config)?.ops;
    match command {
        ApiKeyCommand::Create {
            name,
            scopes,
            platform,
            expires_at,
            json,
        } => {
            let rights = Rights {
                scopes: Scopes::new((!scopes.is_empty()).then_some(scopes)),
                platform: platform.map(|platform| platform.to_string()),
                expires_at,
            };
            let key = api_keys::create_for(&ops, &name, &rights).await?;
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
                    println!("{}", line(&key));
                }
            }
        }
        ApiKeyCommand::Revoke { id } => {
            if !api_keys::revoke(&ops, &id, None).await? {
                anyhow::bail!("there is no active key {id}");
            }
            println!("revoked: {id}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A key as it is listed for people.
fn line(key: &ApiKey) -> String {
    let state = if key.revoked_at.is_some() {
        "revoked"
    } else if key.is_valid(clock::now()) {
        "active"
    } else {
        "ended"
    };
    let scopes = key.scopes.named();
    let scopes = scopes.map_or_else(|| "everything".to_owned(), |scopes| scopes.join(" "));
    let platform = key.platform.as_deref().unwrap_or("all platforms");
    format!(
        "{}  {}…  {state}  {}  ({scopes}; {platform})",
        key.id, key.prefix, key.name
    )
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
