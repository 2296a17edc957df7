//! Beginning a new epoch.

use super::{
    error::EpochError,
    identity::PRESENT,
    ledger::{self, Epoch},
};
use sqlx::{Connection as _, PgConnection};

/// What a bump came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bumped {
    /// The present epoch.
    pub epoch: Epoch,
    /// Whether it began just now: nothing was wrong with the one before
    /// otherwise.
    pub began: bool,
}

/// Begins a new epoch of the log behind `connection`, where the present one is
/// refused, or where `forced`; with a higher number than `published`, the one
/// that subscribers know: the log may be from before that began. One transaction, which waits until no append is
/// under way: whatever is appended after it has the new epoch, and the older
/// ones are final.
///
/// # Errors
/// When the log has no epoch at all, or does not answer.
pub async fn bump(
    connection: &mut PgConnection,
    reason: Option<&str>,
    published: Option<i32>,
    forced: bool,
) -> Result<Bumped, EpochError> {
    let mut transaction = connection.begin().await?;
    sqlx::query("LOCK TABLE events, log_epochs IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await?;
    let (before, found) = ledger::present(&mut *transaction).await?;
    let before = before.ok_or(EpochError::Unrecorded)?;
    if !forced && before.identity.agrees(&found) && before.contradiction.is_none() {
        return Ok(Bumped {
            epoch: before,
            began: false,
        });
    }
    let next = before.epoch.max(published.unwrap_or(0)) + 1;
    sqlx::query(&format!(
        "INSERT INTO log_epochs (epoch, system_identifier, timeline, database, reason, \
                                 last_epoch, last_xid, last_position, last_recorded_at) \
         SELECT $1, p.system, p.timeline, p.database, $2, e.epoch, e.transaction_id, e.position, \
                e.recorded_at \
           FROM ({PRESENT}) p LEFT JOIN \
                (SELECT epoch, transaction_id, position, recorded_at FROM events \
                  ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1) e ON true"
    ))
    .bind(next)
    .bind(reason)
    .execute(&mut *transaction)
    .await?;
    // No parameters in a definition; it is a number.
    sqlx::query(&format!(
        "ALTER TABLE events ALTER COLUMN epoch SET DEFAULT {next}"
    ))
    .execute(&mut *transaction)
    .await?;
    let (epoch, _) = ledger::present(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Bumped {
        epoch: epoch.ok_or(EpochError::Unrecorded)?,
        began: true,
    })
}
