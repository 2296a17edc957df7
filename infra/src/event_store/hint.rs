//! A hint to the relay that there is something to read. Sent outside the
//! append transactions (a NOTIFY inside serialises commits) and coalesced;
//! readers poll anyway, so a lost hint costs milliseconds and nothing else.

use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The channel of `LISTEN` and `NOTIFY`.
pub const CHANNEL: &str = "orderlog_events";

/// Shortest time between two hints.
const PAUSE: Duration = Duration::from_millis(2);

/// Tells the relay about appends.
#[derive(Clone, Default)]
pub struct LogHint(Arc<Notify>);

impl LogHint {
    /// Starts sending hints through `pool` until `shutdown`.
    pub fn start(pool: PgPool, shutdown: CancellationToken) -> Self {
        let hint = Self::default();
        let appended = Arc::clone(&hint.0);
        tokio::spawn(async move {
            let send = async {
                loop {
                    appended.notified().await;
                    let sent = sqlx::query("SELECT pg_notify($1, '')")
                        .bind(CHANNEL)
                        .execute(&pool)
                        .await;
                    if let Err(error) = sent {
                        tracing::debug!(%error, "log.hint_lost");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            };
            shutdown.run_until_cancelled(send).await;
        });
        hint
    }

    /// Says that something was appended.
    pub fn appended(&self) {
        self.0.notify_one();
    }
}
