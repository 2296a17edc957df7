//! Readable copies outside of the log that an erasure takes back, or waits for.

use sqlx::{Error, Executor as _, PgPool};
use time::OffsetDateTime;

/// Tables that hold personal data.
const TABLES: [&str; 5] = [
    "orders",
    "order_events",
    "order_customers",
    "order_search",
    "order_words",
];

/// Samples the tables anew that hold personal data: the planner keeps some of their
/// values. Takes its time.
pub async fn gather_anew(views: &PgPool) -> Result<(), Error> {
    for table in TABLES {
        let mut transaction = views.begin().await?;
        transaction
            .execute("SET LOCAL statement_timeout = 0")
            .await?;
        transaction
            .execute(format!("ANALYZE {table}").as_str())
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Drops tables that a build has taken the place of and that nobody could drop then:
/// no projector writes to them any more.
pub async fn drop_replaced(views: &PgPool) -> Result<(), Error> {
    let schemas: Vec<String> = sqlx::query_scalar(
        "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^retired_orders_[0-9]+$'",
    )
    .fetch_all(views)
    .await?;
    for schema in schemas {
        let mut transaction = views.begin().await?;
        transaction.execute("SET LOCAL lock_timeout = '1s'").await?;
        let drop = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
        transaction.execute(drop.as_str()).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// How many exports are being written that were asked for before this moment: what they
/// hold may be from before, too.
pub async fn open_exports(ops: &PgPool, before: OffsetDateTime) -> Result<i64, Error> {
    sqlx::query_scalar(
        "SELECT count(*) FROM exports e JOIN jobs j ON j.id = e.job_id \
          WHERE e.outcome IS NULL AND e.deleted_at IS NULL AND e.created_at < $1 \
            AND j.state = 'running'",
    )
    .bind(before)
    .fetch_one(ops)
    .await
}

/// Ends the time of the files of exports that were asked for before this moment, unless
/// they are of other channels only, and forgets the words that they were searched by.
pub async fn expire_exports(
    ops: &PgPool,
    before: OffsetDateTime,
    platform: Option<&str>,
) -> Result<(), Error> {
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
    transaction.commit().await
}

/// Forgets the questions with words that somebody has searched for.
pub async fn forget_questions(ops: &PgPool) -> Result<(), Error> {
    sqlx::query("DELETE FROM asked_questions WHERE form ~ '[?&]q='")
        .execute(ops)
        .await?;
    Ok(())
}
