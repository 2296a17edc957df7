//! Counting orders one by one takes a connection for as long as there are orders:
//! a few of those that there are, so that other queries have theirs.

use super::cached::StatisticsError;
use infra::config::Config;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Of so many connections to a server one may count.
const SHARE: u32 = 4;

/// Who may count. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns {
    free: Arc<Semaphore>,
    /// How long a query waits for its turn.
    patience: Duration,
}

impl Turns {
    /// As many as the pools allow.
    pub fn new(config: &Config) -> Self {
        let most = (config.views_pool_size / SHARE).max(1);
        Self {
            free: Arc::new(Semaphore::new(most as usize)),
            patience: Duration::from_millis(config.views_acquire_timeout_ms),
        }
    }

    /// A turn, which ends with its value.
    ///
    /// # Errors
    /// Where others take too long, as for a connection.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, StatisticsError> {
        let turn = timeout(self.patience, Arc::clone(&self.free).acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok);
        Ok(turn.ok_or(sqlx::Error::PoolTimedOut)?)
    }
}
