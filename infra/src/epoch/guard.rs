//! Asking whether the log is the one that its epoch was recorded in.

use super::{
    error::EpochError,
    ledger::{self, Epoch},
};
use crate::postgres::{connect_options, is_missing_table, pool_options};
use sqlx::{Connection as _, PgConnection, PgPool, postgres::PgConnectOptions};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How often a running role asks.
const EACH: Duration = Duration::from_secs(2);

/// The present epoch of the log behind `pool`. Asks on a connection of its own:
/// the pool's may all be refused ([`pool`]), and the reason is wanted.
///
/// # Errors
/// When the log must not be used, or does not answer.
pub async fn check(pool: &PgPool) -> Result<Epoch, EpochError> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    let epoch = verdict(&mut connection).await;
    // What was asked is answered.
    let _ = connection.close().await;
    epoch
}

/// [`check`] on a connection that is there.
///
/// # Errors
/// When the log must not be used, or does not answer.
pub async fn verdict(connection: &mut PgConnection) -> Result<Epoch, EpochError> {
    let (epoch, found) = ledger::present(connection).await?;
    let epoch = epoch.ok_or(EpochError::Unrecorded)?;
    if !epoch.identity.agrees(&found) {
        return Err(EpochError::Restored {
            epoch: epoch.epoch,
            recorded: epoch.identity,
            found,
        });
    }
    match epoch.contradiction {
        Some(contradiction) => Err(EpochError::FellBack { contradiction }),
        None => Ok(epoch),
    }
}

/// A lazily connected pool of at most `size` connections to a log: none to one
/// that must not be used. Nothing is asked of a database without tables.
pub fn pool(url: &str, size: u32) -> Result<PgPool, sqlx::Error> {
    Ok(pool_of(connect_options(url)?, size))
}

/// The same, of sessions with these options.
pub fn pool_of(options: PgConnectOptions, size: u32) -> PgPool {
    let checked = pool_options(size).after_connect(|connection, _| {
        Box::pin(async move {
            match verdict(connection).await {
                Err(EpochError::Database(error)) if !is_missing_table(&error) => Err(error),
                Err(error) if error.is_verdict() => {
                    Err(sqlx::Error::Configuration(Box::new(error)))
                }
                _ => Ok(()),
            }
        })
    });
    checked.connect_lazy_with(options)
}

/// Remembers whether the log may be used, so that a command need not ask: a
/// look at it is a look at memory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Guard {
    log: PgPool,
    refused: Arc<RwLock<Option<Arc<EpochError>>>>,
}

impl Guard {
    /// Of the log behind `log`; nothing is known until it is asked.
    pub fn new(log: PgPool) -> Self {
        Self {
            log,
            refused: Arc::default(),
        }
    }

    /// Why the log must not be used, if it must not: as of the last time that
    /// somebody asked, at most some seconds ago. The pool itself refuses what
    /// comes in between.
    pub fn refused(&self) -> Option<Arc<EpochError>> {
        self.refused
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Asks now.
    ///
    /// # Errors
    /// When the log must not be used, or does not answer.
    pub async fn check(&self) -> Result<i32, Arc<EpochError>> {
        let checked = check(&self.log).await.map_err(Arc::new);
        match &checked {
            Ok(_) => self.remember(None),
            Err(error) if error.is_verdict() => self.remember(Some(error)),
            // A log that does not answer is not a restored one.
            Err(_) => {}
        }
        checked.map(|epoch| epoch.epoch)
    }

    /// Asks every few seconds, until `shutdown`.
    pub async fn watch(self, shutdown: CancellationToken) {
        loop {
            // Remembered, and logged when it changes.
            let _ = self.check().await;
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(EACH) => {}
            }
        }
    }

    fn remember(&self, refused: Option<&Arc<EpochError>>) {
        let mut kept = self.refused.write().unwrap_or_else(PoisonError::into_inner);
        match (&*kept, refused) {
            (None, Some(error)) => tracing::error!(%error, "log.refused"),
            (Some(_), None) => tracing::info!("log.accepted"),
            _ => {}
        }
        *kept = refused.cloned();
    }
}

/// Returns when the log is no longer in `epoch`: which one it is in.
/// A log that does not answer is waited for.
///
/// # Errors
/// When it must not be used: why.
pub async fn left(log: &PgPool, epoch: i32) -> Result<i32, EpochError> {
    loop {
        sleep(EACH).await;
        match check(log).await {
            Ok(now) if now.epoch == epoch => {}
            Ok(now) => return Ok(now.epoch),
            Err(error) if error.is_verdict() => return Err(error),
            Err(error) => tracing::debug!(%error, "log.epoch_unknown"),
        }
    }
}
