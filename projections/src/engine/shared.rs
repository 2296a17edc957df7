//! What the projections of a role share: each of them needs its connections only
//! now and then.

use super::listen;
use crate::SpawnError;
use infra::{
    config::Config,
    lifecycle::{Lifecycle, RoleError},
    postgres::{self, Database},
    redis::Redis,
    views::REDRIVE_CHANNEL,
};
use sqlx::PgPool;
use tokio::sync::watch;

/// Connections, and who hears of marks.
pub struct Shared {
    pub(crate) views: PgPool,
    pub(crate) redis: Redis,
    /// Changes when there may be something to be driven again.
    pub(super) marks: watch::Receiver<()>,
}

impl Shared {
    /// For so many projections with so many workers in all.
    ///
    /// # Errors
    /// When a URL cannot be read.
    pub fn begin(
        config: &Config,
        (projections, workers): (usize, usize),
        lifecycle: &Lifecycle,
    ) -> Result<Self, SpawnError> {
        // One connection per worker, one per projection for waking readers, one
        // for asking whether the database is there, one to look for builds with,
        // two to publish with.
        let size = workers.saturating_add(projections).saturating_add(4);
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let views = postgres::pool(&config.views_url, size).map_err(SpawnError::Views)?;
        lifecycle.pools.add(Database::Views, &views);
        let redis = Redis::new(config).map_err(|error| SpawnError::Redis(error.into()))?;
        let (look, marks) = watch::channel(());
        let sessions = Database::Views.session_url(config).to_owned();
        let watching = listen::watch(sessions, REDRIVE_CHANNEL, look);
        let shutdown = lifecycle.shutdown.clone();
        lifecycle.spawn("projector marks watch", async move {
            let watched = shutdown.run_until_cancelled(watching).await;
            watched.unwrap_or(Ok(())).map_err(RoleError::from)
        });
        Ok(Self {
            views,
            redis,
            marks,
        })
    }
}
