//! Reading what the log added to stored events.

use super::Stamp;
use contracts::LogPosition;
use sqlx::{Row as _, postgres::PgRow};

/// Reads `sequence, epoch, xid, position, recorded_at`.
pub(super) fn stamp(row: &PgRow) -> Result<Stamp, sqlx::Error> {
    Ok(Stamp {
        sequence: row.try_get("sequence")?,
        at: LogPosition {
            epoch: row.try_get("epoch")?,
            xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
            position: row.try_get("position")?,
        },
        recorded_at: row.try_get("recorded_at")?,
    })
}
