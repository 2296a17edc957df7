//! Who may rebuild: one process at a time, by a lock that dies with it.

use infra::{
    config::Config,
    postgres::{Database, connect_options},
};
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;
use tokio::time::sleep;

/// How often a held lock is asked for again.
const POLL: Duration = Duration::from_millis(250);

/// Time-outs of whoever builds: a statement takes as long as it takes, a
/// transaction waits for the log or for Kafka, but not for ever.
pub(super) const UNHURRIED: [(&str, &str); 3] = [
    ("statement_timeout", "0"),
    ("lock_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "60s"),
];

/// The right to decide about a projection's build, and the connection that
/// holds it: when the connection ends, both its transaction and the right do.
pub(super) struct RebuildLock {
    pub connection: PgConnection,
}

impl RebuildLock {
    /// Waits for the right. Dropping the future gives up.
    pub async fn acquire(config: &Config, projection: &str) -> Result<Self, sqlx::Error> {
        let mut connection = connect(config).await?;
        while !try_lock(&mut connection, projection).await? {
            sleep(POLL).await;
        }
        Ok(Self { connection })
    }

    /// The right, unless somebody else has it.
    pub async fn try_acquire(
        config: &Config,
        projection: &str,
    ) -> Result<Option<Self>, sqlx::Error> {
        let mut connection = connect(config).await?;
        if try_lock(&mut connection, projection).await? {
            return Ok(Some(Self { connection }));
        }
        connection.close().await?;
        Ok(None)
    }

    /// Gives the right back.
    pub async fn release(self) -> Result<(), sqlx::Error> {
        self.connection.close().await
    }
}

async fn connect(config: &Config) -> Result<PgConnection, sqlx::Error> {
    let options = connect_options(Database::Views.session_url(config))?.options(UNHURRIED);
    PgConnection::connect_with(&options).await
}

async fn try_lock(connection: &mut PgConnection, projection: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, 0))")
        .bind(format!("orderlog.rebuild.{projection}"))
        .fetch_one(connection)
        .await
}
