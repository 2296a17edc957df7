//! What those who write files say of them.

use super::wanted;
use crate::exports::wanted::Wanted;
use sqlx::{Error, PgPool};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Its name among the objects.
    pub object: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Everything of the log up to here is in it.
    pub position: String,
    /// When that was.
    pub as_of: OffsetDateTime,
}

/// What is to be written. None where nobody wants it any more, or it is there. One
/// that had come to another end is open again: somebody gave its job a new chance.
pub async fn begin(ops: &PgPool, id: Uuid) -> Result<Option<Wanted>, Error> {
    let row = sqlx::query(
        "UPDATE exports SET outcome = NULL, finished_at = NULL \
          WHERE id = $1 AND deleted_at IS NULL AND outcome IS DISTINCT FROM 'done' \
         RETURNING kind, format, compression, filters, fields",
    );
    let row = row.bind(id).fetch_optional(ops).await?;
    row.as_ref().map(wanted).transpose()
}

/// Its file is whole, and kept for so long. False where somebody else was sooner, or
/// nobody wants it any more.
pub async fn finish(
    ops: &PgPool,
    id: Uuid,
    file: &Finished,
    kept: Duration,
) -> Result<bool, Error> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let finished = sqlx::query(
        "UPDATE exports \
            SET outcome = 'done', problem = NULL, object = $2, rows = $3, bytes = $4, sha256 = $5, \
                \"position\" = $6, as_of = $7, finished_at = statement_timestamp(), \
                expires_at = statement_timestamp() + $8 * interval '1 second' \
          WHERE id = $1 AND outcome IS NULL AND deleted_at IS NULL",
    )
    .bind(id)
    .bind(&file.object)
    .bind(count(file.rows))
    .bind(count(file.bytes))
    .bind(&file.sha256[..])
    .bind(&file.position)
    .bind(file.as_of)
    .bind(kept.as_secs_f64())
    .execute(ops)
    .await?;
    Ok(finished.rows_affected() == 1)
}

/// An attempt failed with this kind of problem.
pub async fn note_problem(ops: &PgPool, id: Uuid, code: &str) -> Result<(), Error> {
    let noted = "UPDATE exports SET problem = $2 WHERE id = $1 AND outcome IS NULL";
    sqlx::query(noted).bind(id).bind(code).execute(ops).await?;
    Ok(())
}
