//! Endpoints, and whether all that they are to be told is done with.

use super::PATIENCE;
use anyhow::ensure;
use infra::{
    clock,
    config::Config,
    postgres,
    sealing::MasterKey,
    webhooks::{self, Terms, WebhookSecret},
};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use tokio::time::sleep;
use uuid::Uuid;

/// Requests at once: of an endpoint, and of the yardstick.
pub const AT_ONCE: usize = 64;

/// Makes them in the ops database.
pub struct Endpoints {
    pub ops: PgPool,
    key: MasterKey,
}

impl Endpoints {
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            ops: postgres::pool(&config.ops_url, 4)?,
            key: MasterKey::from_config(config)?,
        })
    }

    /// Another one, which is told of events of this type.
    pub async fn add(&self, url: &str, event_type: &str) -> anyhow::Result<Uuid> {
        let terms = Terms {
            url: url.to_owned(),
            description: None,
            event_types: vec![event_type.to_owned()],
            platform: None,
            ordered: false,
            imported: false,
            concurrency: i32::try_from(AT_ONCE)?,
        };
        let id = clock::new_id();
        let secret = WebhookSecret::random();
        webhooks::create(&self.ops, (id, b""), &terms, (&self.key, &secret)).await?;
        Ok(id)
    }

    /// One is told nothing any more.
    pub async fn remove(&self, endpoint: Uuid) -> anyhow::Result<()> {
        let removed = webhooks::delete(&self.ops, endpoint).await?;
        ensure!(removed, "there is no such endpoint");
        Ok(())
    }

    /// Whether one is left alone.
    pub async fn rest(&self, endpoint: Uuid, rests: bool) -> anyhow::Result<()> {
        sqlx::query(
            "UPDATE webhook_endpoints \
                SET rests_until = CASE WHEN $2 THEN statement_timestamp() + interval '1 hour' END \
              WHERE id = $1",
        )
        .bind(endpoint)
        .bind(rests)
        .execute(&self.ops)
        .await?;
        Ok(())
    }

    /// Waits until nothing is to be sent any more.
    pub async fn settled(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let pending = "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'";
        while sqlx::query_scalar::<_, i64>(pending)
            .fetch_one(&self.ops)
            .await?
            > 0
        {
            ensure!(Instant::now() < deadline, "deliveries stay pending");
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}
