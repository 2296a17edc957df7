//! What the job of an operation reads and writes. Each statement but the first
//! holds only while the operation is where the job has left it, so that a job
//! that lost its lease changes nothing.

use super::people::named;
use crate::{
    api_keys::Scopes,
    operations::{
        import::ImportTerms,
        record::{About, OnInvalid, OperationError, OperationKind, OperationPhase, OperationState},
    },
};
use sqlx::{Error, PgPool, Row as _, types::Json};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// An operation as its job sees it.
#[derive(Debug, Clone)]
pub struct Work {
    /// Which.
    pub id: Uuid,
    /// Whose it is.
    pub principal: String,
    /// What its lines may do.
    pub scopes: Scopes,
    /// Where it is.
    pub phase: OperationPhase,
    /// How large its lines are.
    pub input_bytes: i64,
    /// Whether somebody has told it to end.
    pub cancel_requested: bool,
    /// Whether nothing is to be stored.
    pub dry_run: bool,
    /// What a line that cannot be read means for the others.
    pub on_invalid: OnInvalid,
    /// Lines, once they are counted.
    pub lines: Option<i64>,
    /// Of those that cannot be read.
    pub invalid: Option<i64>,
    /// Lines with a stored result.
    pub done: i64,
    /// Parts that are stored.
    pub parts: i32,
    /// Bytes that were read for them.
    pub read_to: i64,
    /// Number of the last line among those.
    pub last_line: i64,
    /// Number of the last line that may have been sent.
    pub sending_to: i64,
    /// What is done.
    pub kind: OperationKind,
    /// About whom; of bulk requests none.
    pub about: About,
    /// How its file is read; none of what is no import.
    pub import: Option<ImportTerms>,
    /// Whether its lines are there.
    pub prepared: bool,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
}

impl Work {
    /// Whether lines may have been carried out that have no results.
    pub const fn has_open_part(&self) -> bool {
        self.sending_to > self.last_line
    }

    /// Whether no line is carried out, as some cannot be.
    pub fn rejects(&self) -> bool {
        self.on_invalid == OnInvalid::Reject && self.invalid.is_some_and(|invalid| invalid > 0)
    }
}

/// What became of lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Carried out, now or before.
    pub succeeded: i64,
    /// Of those, before.
    pub replayed: i64,
    /// Not carried out.
    pub failed: i64,
}

/// Results that are an object already.
#[derive(Debug, Clone)]
pub struct NewPart {
    /// Its name.
    pub object: String,
    /// What it says.
    pub counts: Counts,
    /// Bytes that were read for it and all before it.
    pub read_to: i64,
    /// Number of the last line among those.
    pub last_line: i64,
    /// How fast it goes.
    pub lines_per_second: f64,
}

/// Begins with an operation, or goes on with it; none where it has come to its
/// end, or is not there.
pub async fn begin(ops: &PgPool, id: Uuid) -> Result<Option<Work>, Error> {
    let row = sqlx::query(
        "UPDATE operations \
            SET state = 'running', started_at = coalesce(started_at, statement_timestamp()), \
                phase = CASE phase WHEN 'waiting' THEN 'validating' ELSE phase END \
          WHERE id = $1 AND finished_at IS NULL \
         RETURNING principal, phase, input_bytes, \
                   cancel_requested AND kind <> 'erasure' AS cancel_requested, dry_run, on_invalid, \
                   lines, invalid, done, parts, read_to, last_line, sending_to, about, import, \
                   CASE WHEN import IS NULL THEN kind ELSE 'import' END AS kind, \
                   prepared, created_at, scopes",
    )
    .bind(id)
    .fetch_optional(ops)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let about: Option<Json<About>> = row.try_get("about")?;
    let import: Option<Json<ImportTerms>> = row.try_get("import")?;
    Ok(Some(Work {
        id,
        principal: row.try_get("principal")?,
        scopes: Scopes::new(row.try_get("scopes")?),
        phase: named(&row, "phase", OperationPhase::named)?,
        input_bytes: row.try_get("input_bytes")?,
        cancel_requested: row.try_get("cancel_requested")?,
        dry_run: row.try_get("dry_run")?,
        on_invalid: named(&row, "on_invalid", OnInvalid::named)?,
        lines: row.try_get("lines")?,
        invalid: row.try_get("invalid")?,
        done: row.try_get("done")?,
        parts: row.try_get("parts")?,
        read_to: row.try_get("read_to")?,
        last_line: row.try_get("last_line")?,
        sending_to: row.try_get("sending_to")?,
        kind: named(&row, "kind", OperationKind::named)?,
        about: about.map(|about| about.0).unwrap_or_default(),
        import: import.map(|import| import.0),
        prepared: row.try_get("prepared")?,
        created_at: row.try_get("created_at")?,
    }))
}

/// Notes the orders that an erasure has found, with those that it had found before, and
/// deletes the keys of these subjects that there were when it was asked for, and of
/// `copies` all: orders that took over somebody's data since. Says how long ago it has
/// deleted any, last: a process may have one in memory for some seconds. What else was
/// sealed since, under a new key, is not what was to be erased.
pub async fn delete_keys(
    ops: &PgPool,
    work: &Work,
    found: &[Uuid],
    (subjects, copies): (&[Uuid], &[Uuid]),
) -> Result<(Vec<Uuid>, Duration), Error> {
    let row = sqlx::query(
        "WITH gone AS (DELETE FROM subject_keys \
                        WHERE (subject = ANY($3) AND created_at <= $5) OR subject = ANY($4) \
                       RETURNING subject) \
         UPDATE operations \
            SET found = ARRAY(SELECT DISTINCT f FROM unnest(found || $2) AS u (f) ORDER BY f), \
                keys_deleted_at = CASE WHEN keys_deleted_at IS NULL OR EXISTS (SELECT FROM gone) \
                                       THEN statement_timestamp() ELSE keys_deleted_at END \
          WHERE id = $1 \
         RETURNING found, \
                   extract(epoch FROM statement_timestamp() - keys_deleted_at)::float8 AS age",
    )
    .bind(work.id)
    .bind(found)
    .bind(subjects)
    .bind(copies)
    .bind(work.created_at)
    .fetch_one(ops)
    .await?;
    let age = Duration::try_from_secs_f64(row.try_get("age")?).unwrap_or_default();
    Ok((row.try_get("found")?, age))
}

/// Those of these subjects that have a key which was made after the erasure was asked
/// for.
pub async fn newer(ops: &PgPool, work: &Work, subjects: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let sql = "SELECT subject FROM subject_keys WHERE subject = ANY($1) AND created_at > $2";
    let query = sqlx::query_scalar(sql).bind(subjects).bind(work.created_at);
    query.fetch_all(ops).await
}

/// Its lines are there, so many bytes of them; whose orders they are about is known by
/// now, and the email that they were found by is forgotten.
pub async fn prepared(
    ops: &PgPool,
    id: Uuid,
    input_bytes: i64,
    found: &[Uuid],
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE operations SET prepared = true, input_bytes = $2, about = about - 'email', found = $3 \
          WHERE id = $1 AND NOT prepared",
    )
    .bind(id)
    .bind(input_bytes)
    .bind(found)
    .execute(ops)
    .await?;
    Ok(())
}

/// Readers no longer show what an erasure was to erase; since when that was noted
/// first, and the orders that it is about.
pub async fn rewritten(ops: &PgPool, id: Uuid) -> Result<(OffsetDateTime, Vec<Uuid>), Error> {
    sqlx::query_as(
        "UPDATE operations SET rewritten_at = coalesce(rewritten_at, statement_timestamp()) \
          WHERE id = $1 RETURNING rewritten_at, found",
    )
    .bind(id)
    .fetch_one(ops)
    .await
}

/// Whether somebody has told it to end.
pub async fn is_cancelled(ops: &PgPool, id: Uuid) -> Result<bool, Error> {
    let sql = "SELECT cancel_requested AND kind <> 'erasure' FROM operations WHERE id = $1";
    let cancelled: Option<bool> = sqlx::query_scalar(sql).bind(id).fetch_optional(ops).await?;
    Ok(cancelled.unwrap_or(true))
}

/// Its lines are counted.
pub async fn validated(ops: &PgPool, id: Uuid, lines: i64, invalid: i64) -> Result<(), Error> {
    sqlx::query(
        "UPDATE operations SET lines = $2, invalid = $3, phase = 'executing' \
          WHERE id = $1 AND phase = 'validating'",
    )
    .bind(id)
    .bind(lines)
    .bind(invalid)
    .execute(ops)
    .await?;
    Ok(())
}

/// The part of this number, up to this line, is about to be sent: whoever goes on
/// after a kill brings it to its end, also where the operation was cancelled
/// meanwhile. False where it was cancelled before, or somebody else carries it out.
pub async fn begin_part(ops: &PgPool, id: Uuid, number: i32, to: i64) -> Result<bool, Error> {
    let begun = sqlx::query(
        "UPDATE operations SET sending_to = $3 \
          WHERE id = $1 AND parts = $2 AND phase = 'executing' \
            AND (NOT cancel_requested OR kind = 'erasure')",
    )
    .bind(id)
    .bind(number)
    .bind(to)
    .execute(ops)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Keeps a part, the one of this number; false where somebody else has got there
/// first.
pub async fn keep(ops: &PgPool, id: Uuid, number: i32, part: &NewPart) -> Result<bool, Error> {
    let Counts {
        succeeded,
        replayed,
        failed,
    } = part.counts;
    let kept = sqlx::query(
        "WITH moved AS ( \
             UPDATE operations \
                SET parts = parts + 1, read_to = $4, last_line = $5, done = done + $6 + $8, \
                    succeeded = succeeded + $6, replayed = replayed + $7, failed = failed + $8, \
                    lines_per_second = $9 \
              WHERE id = $1 AND parts = $2 AND phase = 'executing' RETURNING id) \
         INSERT INTO operation_parts (operation_id, number, object) SELECT id, $2, $3 FROM moved",
    )
    .bind(id)
    .bind(number)
    .bind(&part.object)
    .bind(part.read_to)
    .bind(part.last_line)
    .bind(succeeded)
    .bind(replayed)
    .bind(failed)
    .bind(part.lines_per_second)
    .execute(ops)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Forgets all results: a rehearsal cannot be gone on with. The same operation
/// from its beginning.
pub async fn restart(ops: &PgPool, work: Work) -> Result<Work, Error> {
    let mut transaction = ops.begin().await?;
    let restarted = sqlx::query(
        "UPDATE operations SET parts = 0, read_to = 0, last_line = 0, sending_to = 0, done = 0, \
                               succeeded = 0, replayed = 0, failed = 0 \
          WHERE id = $1 AND finished_at IS NULL",
    )
    .bind(work.id)
    .execute(&mut *transaction)
    .await?;
    // One that somebody else has finished meanwhile keeps its results; nothing is
    // kept of this attempt.
    if restarted.rows_affected() == 1 {
        sqlx::query("DELETE FROM operation_parts WHERE operation_id = $1")
            .bind(work.id)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(Work {
        done: 0,
        parts: 0,
        read_to: 0,
        last_line: 0,
        sending_to: 0,
        ..work
    })
}

/// It has come to its end after so many parts, and is kept for so many days; false
/// where it had before, or somebody else carries it out.
pub async fn finish(
    ops: &PgPool,
    (id, parts): (Uuid, i32),
    (state, error): (OperationState, Option<OperationError>),
    days: f64,
) -> Result<bool, Error> {
    let (code, detail) = error.map(|error| (error.code, error.detail)).unzip();
    let finished = sqlx::query(
        "UPDATE operations \
            SET state = $2, phase = 'finished', error_code = $3, error_detail = $4, \
                about = about - 'email', found = '{}', \
                finished_at = statement_timestamp(), \
                expires_at = statement_timestamp() + $5 * interval '1 day' \
          WHERE id = $1 AND finished_at IS NULL AND parts = $6",
    )
    .bind(id)
    .bind(state.name())
    .bind(code)
    .bind(detail)
    .bind(days)
    .bind(parts)
    .execute(ops)
    .await?;
    Ok(finished.rows_affected() == 1)
}
