//! The keys of personal data, for those roles and tools that seal or open it.

use infra::{
    config::Config,
    postgres,
    sealing::{MasterKey, Sealing},
};

/// Connections to the ops database: one query at a time for keys to be read,
/// one for keys to be made.
const CONNECTIONS: u32 = 2;

/// Fails at the start of a role, not at its first event, where there is no
/// master key.
pub fn sealing(config: &Config) -> anyhow::Result<Sealing> {
    let master = MasterKey::from_config(config)?;
    tracing::info!(master_key = master.id(), "sealing.ready");
    let ops = postgres::pool(&config.ops_url, CONNECTIONS)?;
    Ok(Sealing::new(ops, master))
}
