//! Holding a builder in the middle of its work.

use super::world::World;
use anyhow::Result;
use sqlx::{Connection as _, PgConnection, PgPool};

/// Any number.
const LOCK: i64 = 4_242;

/// Builders wait when they write down what they have done.
pub struct Stall {
    holder: PgConnection,
}

/// Which of their transactions wait.
#[derive(Debug, Clone, Copy)]
pub enum At {
    /// The first one: nothing is committed yet.
    First,
    /// The second one: something is.
    Second,
}

impl Stall {
    pub async fn put_in(world: &World, at: At) -> Result<Self> {
        Self::put_into(&world.config.views_url, at).await
    }

    /// The same in the views behind this URL.
    pub async fn put_into(views_url: &str, at: At) -> Result<Self> {
        let mut holder = PgConnection::connect(views_url).await?;
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(LOCK)
            .execute(&mut holder)
            .await?;
        let when = match at {
            At::First => "true",
            At::Second => "OLD.last_id <> ''",
        };
        sqlx::raw_sql(&format!(
            "CREATE OR REPLACE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 PERFORM pg_advisory_xact_lock({LOCK}); RETURN NEW; END $$; \
             CREATE OR REPLACE TRIGGER stall BEFORE UPDATE ON projection_build_partitions \
                 FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION stall()"
        ))
        .execute(&mut holder)
        .await?;
        Ok(Self { holder })
    }

    /// Waits until a builder waits.
    pub async fn reached(&self, world: &World) -> Result<()> {
        let waits = async || waits(&world.views).await;
        world.until("builder that waits", waits).await
    }

    /// Lets everybody go on, from here on.
    pub async fn take_out(mut self) -> Result<()> {
        sqlx::query("SELECT pg_advisory_unlock($1)")
            .bind(LOCK)
            .execute(&mut self.holder)
            .await?;
        Ok(self.holder.close().await?)
    }
}

/// Whether a builder waits.
pub async fn waits(views: &PgPool) -> Result<bool> {
    let waiting = sqlx::query(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
            AND objid::bigint = $1 AND database = \
                (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .bind(LOCK)
    .fetch_all(views)
    .await?;
    Ok(!waiting.is_empty())
}
