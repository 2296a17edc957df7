//! Readable copies outside of the log that an erasure takes back; those of exports are in
//! `exports.rs`.

use sqlx::{Error, Executor as _, PgPool};

/// Tables of the views that hold personal data.
const OF_VIEWS: &[&str] = &[
    "orders",
    "order_events",
    "order_customers",
    "order_search",
    "order_words",
];
/// Tables of the ops database that did, or may have.
const OF_OPS: &[&str] = &[
    "asked_questions",
    "exports",
    "operations",
    "webhook_attempts",
];

/// Samples the tables anew that hold personal data: the planner keeps some of their
/// values. Takes its time.
pub async fn gather_anew(views: &PgPool, ops: &PgPool) -> Result<(), Error> {
    for (database, tables) in [(views, OF_VIEWS), (ops, OF_OPS)] {
        for table in tables {
            let mut transaction = database.begin().await?;
            transaction
                .execute("SET LOCAL statement_timeout = 0")
                .await?;
            transaction
                .execute(format!("ANALYZE {table}").as_str())
                .await?;
            transaction.commit().await?;
        }
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

/// Forgets the questions that may name somebody: by words, or by ids.
pub async fn forget_questions(ops: &PgPool) -> Result<(), Error> {
    sqlx::query("DELETE FROM asked_questions WHERE form ~ '[?&](q|customer|external_id)='")
        .execute(ops)
        .await?;
    Ok(())
}
