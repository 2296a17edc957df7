//! Every connection to the databases is broken off by the server, again and
//! again, while commands come.

use super::{number, system::System};
use anyhow::{Result, ensure};
use infra::postgres;
use tests::TestEnv;

/// Times, unless `ORDERLOG_CHAOS_TERMINATIONS` says otherwise.
const TIMES: usize = 30;

const TERMINATE: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
      WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// No role ends, no command fails for good, and what was answered is stored
/// and published once.
pub async fn every_backend_is_terminated_again_and_again(env: &TestEnv) -> Result<()> {
    let times = number("ORDERLOG_CHAOS_TERMINATIONS", TIMES)?;
    let mut system = System::start(env).await?;
    let databases = [
        postgres::pool(&env.config.events_url, 1)?,
        postgres::pool(&env.config.ops_url, 1)?,
    ];
    let mut terminated = 0_i64;
    for _ in 0..times {
        system.clients.are_answered(10).await?;
        for database in &databases {
            let ended: i64 = sqlx::query_scalar(TERMINATE).fetch_one(database).await?;
            terminated += ended;
        }
    }
    let report = system.found_whole().await?;
    println!("{terminated} backends terminated in {times} rounds: {report}");
    ensure!(terminated >= i64::try_from(times)?, "{terminated} backends");
    Ok(())
}
