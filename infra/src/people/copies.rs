//! Readable copies outside of the log that an erasure takes back, or waits for.

use crate::views::ORDERS;
use sqlx::{Error, Executor as _, PgPool};
use time::OffsetDateTime;

/// Orders that wait for somebody to drive them again, and show until then what was to
/// be erased.
pub async fn waiting(views: &PgPool) -> Result<i64, Error> {
    sqlx::query_scalar(
        "SELECT count(DISTINCT id) FROM parked_events \
          WHERE projection = $1 AND 'order.personal_data_erased'::bytea = ANY(header_values)",
    )
    .bind(ORDERS)
    .fetch_one(views)
    .await
}

/// Samples the tables anew that hold personal data: the planner keeps some of their
/// values.
pub async fn gather_anew(views: &PgPool) -> Result<(), Error> {
    let sql = "ANALYZE orders, order_events, order_customers, order_search, order_words";
    views.execute(sql).await?;
    Ok(())
}

/// Ends the time of the files of exports that were asked for before this moment, unless
/// they are of other channels only, and forgets the words that they were searched by.
/// How many are still being written: what they hold is from before, too.
pub async fn expire_exports(
    ops: &PgPool,
    before: OffsetDateTime,
    platform: Option<&str>,
) -> Result<i64, Error> {
    let mut transaction = ops.begin().await?;
    sqlx::query(
        "UPDATE exports SET expires_at = statement_timestamp() \
          WHERE object IS NOT NULL AND created_at < $1 AND expires_at > statement_timestamp() \
            AND ($2::text IS NULL OR NOT filters ? 'platform' OR filters -> 'platform' ? $2)",
    )
    .bind(before)
    .bind(platform)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "UPDATE exports SET filters = jsonb_set(filters, '{q}', '\"[erased]\"') \
          WHERE filters ? 'q' AND created_at < $1 AND outcome IS NOT NULL",
    )
    .bind(before)
    .execute(&mut *transaction)
    .await?;
    let open = sqlx::query_scalar(
        "SELECT count(*) FROM exports e JOIN jobs j ON j.id = e.job_id \
          WHERE e.outcome IS NULL AND e.deleted_at IS NULL AND e.created_at < $1 \
            AND j.state = 'running'",
    )
    .bind(before)
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(open)
}

/// Forgets the questions with words that somebody has searched for.
pub async fn forget_questions(ops: &PgPool) -> Result<(), Error> {
    sqlx::query("DELETE FROM asked_questions WHERE form ~ '[?&]q='")
        .execute(ops)
        .await?;
    Ok(())
}
