//! The table `log_epochs`.

use super::identity::{LogIdentity, PRESENT};
use contracts::LogPosition;
use sqlx::{PgConnection, PgExecutor, Row as _, postgres::PgRow};
use time::OffsetDateTime;

/// One incarnation of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: i32,
    /// The database that it was recorded in.
    pub identity: LogIdentity,
    /// When it began.
    pub began_at: OffsetDateTime,
    /// Why, in an operator's words.
    pub reason: Option<String>,
    /// The last event of the older epochs that the log has; none where it had
    /// none, and in the first epoch.
    pub last: Option<LogPosition>,
    /// When that event was recorded.
    pub last_recorded_at: Option<OffsetDateTime>,
    /// What a relay found missing in it.
    pub contradiction: Option<String>,
}

const COLUMNS: &str = "epoch, system_identifier, timeline, database, began_at, reason, last_epoch, \
     last_xid::text::bigint AS last_xid, last_position, last_recorded_at, contradiction";

/// All epochs, oldest first.
pub async fn epochs(log: impl PgExecutor<'_>) -> Result<Vec<Epoch>, sqlx::Error> {
    let rows = sqlx::query(&format!("SELECT {COLUMNS} FROM log_epochs ORDER BY epoch"))
        .fetch_all(log)
        .await?;
    rows.iter().map(read).collect()
}

/// Whether an event that was published at `at` is still true: the log had it
/// when each later epoch began.
pub fn is_true(epochs: &[Epoch], at: LogPosition) -> bool {
    let mut later = epochs.iter().filter(|epoch| epoch.epoch > at.epoch);
    later.all(|epoch| epoch.last.is_some_and(|last| at <= last))
}

/// Records the present database as that of the epoch that the log is in, where
/// none is recorded yet.
pub async fn record_first(log: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(&format!(
        "INSERT INTO log_epochs (epoch, system_identifier, timeline, database) \
         SELECT coalesce((SELECT epoch FROM events ORDER BY epoch DESC LIMIT 1), 1), \
                p.system, p.timeline, p.database FROM ({PRESENT}) p \
          WHERE NOT EXISTS (SELECT FROM log_epochs) ON CONFLICT DO NOTHING"
    ))
    .execute(log)
    .await?;
    Ok(())
}

/// Writes down that events are missing which were published: from then on the
/// log is refused, until a new epoch begins.
pub async fn contradict(
    log: impl PgExecutor<'_>,
    epoch: i32,
    contradiction: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE log_epochs SET contradiction = $2 WHERE epoch = $1 AND contradiction IS NULL",
    )
    .bind(epoch)
    .bind(contradiction)
    .execute(log)
    .await?;
    Ok(())
}

/// The newest epoch, and what the database is now.
pub(super) async fn present(
    log: impl PgExecutor<'_>,
) -> Result<(Option<Epoch>, LogIdentity), sqlx::Error> {
    let row = sqlx::query(&format!(
        "SELECT p.system AS now_system, p.timeline AS now_timeline, p.database AS now_database, \
                l.* \
           FROM ({PRESENT}) p LEFT JOIN \
                (SELECT {COLUMNS} FROM log_epochs ORDER BY epoch DESC LIMIT 1) l ON true"
    ))
    .fetch_one(log)
    .await?;
    let now = LogIdentity::of(&row, ["now_system", "now_timeline", "now_database"])?;
    let recorded: Option<i32> = row.try_get("epoch")?;
    Ok((recorded.map(|_| read(&row)).transpose()?, now))
}

fn read(row: &PgRow) -> Result<Epoch, sqlx::Error> {
    let last: (Option<i32>, Option<i64>, Option<i64>) = (
        row.try_get("last_epoch")?,
        row.try_get("last_xid")?,
        row.try_get("last_position")?,
    );
    let last = match last {
        (Some(epoch), Some(xid), Some(position)) => Some(LogPosition {
            epoch,
            xid: xid.cast_unsigned(),
            position,
        }),
        _ => None,
    };
    Ok(Epoch {
        epoch: row.try_get("epoch")?,
        identity: LogIdentity::of(row, ["system_identifier", "timeline", "database"])?,
        began_at: row.try_get("began_at")?,
        reason: row.try_get("reason")?,
        last,
        last_recorded_at: row.try_get("last_recorded_at")?,
        contradiction: row.try_get("contradiction")?,
    })
}

#[cfg(test)]
impl Epoch {
    /// One of a number, that began after `last`.
    pub(crate) fn of(number: i32, last: Option<LogPosition>) -> Self {
        Self {
            epoch: number,
            identity: LogIdentity {
                system: "1".into(),
                timeline: None,
                database: 5,
            },
            began_at: OffsetDateTime::UNIX_EPOCH,
            reason: None,
            last,
            last_recorded_at: None,
            contradiction: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(epoch: i32, position: i64) -> LogPosition {
        LogPosition {
            epoch,
            xid: 9,
            position,
        }
    }

    #[test]
    fn what_a_restored_log_lost_is_no_longer_true() {
        let epochs = [Epoch::of(1, None), Epoch::of(3, Some(at(1, 7)))];
        assert!(is_true(&epochs, at(1, 7)) && is_true(&epochs, at(3, 20)));
        assert!(!is_true(&epochs, at(1, 8)));
        assert!(
            !is_true(&epochs, at(2, 9)),
            "of an epoch that was forgotten"
        );
        let emptied = [Epoch::of(1, None), Epoch::of(2, None)];
        assert!(!is_true(&emptied, at(1, 1)));
    }
}
