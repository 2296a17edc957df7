//! What is thrown away.

use sqlx::{Error, PgPool};
use uuid::Uuid;

/// Gives operations an end whose jobs will not go on, a day after that: until
/// then an operator may have them go on. Which.
pub async fn settle(ops: &PgPool, days: f64) -> Result<Vec<Uuid>, Error> {
    sqlx::query_scalar(
        "UPDATE operations o \
            SET state = CASE WHEN old.state = 'cancelled' THEN 'cancelled' ELSE 'failed' END, \
                error_code = CASE WHEN old.state = 'cancelled' THEN NULL ELSE 'gave_up' END, \
                error_detail = CASE WHEN old.state = 'cancelled' THEN NULL \
                                    ELSE coalesce(old.last_error, 'its job is gone') END, \
                phase = 'finished', about = about - 'email', finished_at = statement_timestamp(), \
                expires_at = statement_timestamp() + $1 * interval '1 day' \
           FROM (SELECT o.id, j.state, j.last_error \
                   FROM operations o LEFT JOIN jobs j ON j.id = o.job_id \
                  WHERE o.finished_at IS NULL \
                    AND (j.id IS NULL OR j.finished_at < statement_timestamp() - interval '1 day')) old \
          WHERE o.id = old.id AND o.finished_at IS NULL \
         RETURNING o.id",
    )
    .bind(days)
    .fetch_all(ops)
    .await
}

/// Operations that are not to be kept any longer, at most `limit`.
pub async fn expired(ops: &PgPool, limit: i64) -> Result<Vec<Uuid>, Error> {
    let sql = "SELECT id FROM operations WHERE expires_at < statement_timestamp() \
                ORDER BY expires_at LIMIT $1";
    sqlx::query_scalar(sql).bind(limit).fetch_all(ops).await
}

/// Forgets an operation that is not to be kept any longer.
pub async fn delete(ops: &PgPool, id: Uuid) -> Result<u64, Error> {
    let sql = "DELETE FROM operations WHERE id = $1 AND expires_at < statement_timestamp()";
    Ok(sqlx::query(sql)
        .bind(id)
        .execute(ops)
        .await?
        .rows_affected())
}

/// Which of these there are, and whether they have come to their end.
pub async fn known(ops: &PgPool, ids: &[Uuid]) -> Result<Vec<(Uuid, bool)>, Error> {
    let sql = "SELECT id, finished_at IS NOT NULL FROM operations WHERE id = ANY($1)";
    sqlx::query_as(sql).bind(ids).fetch_all(ops).await
}
