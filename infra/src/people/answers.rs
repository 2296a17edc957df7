//! What receivers of webhooks have answered: they are told ids and figures only, but may
//! know the names, and say them.

use contracts::personal::ERASED;
use sqlx::{Error, PgPool};
use uuid::Uuid;

/// From here on nothing is kept of what anybody answers about these orders.
pub async fn keep_no_answers(ops: &PgPool, orders: &[Uuid]) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO erased_orders (order_id) SELECT unnest($1::uuid[]) \
         ON CONFLICT (order_id) DO NOTHING",
    )
    .bind(orders)
    .execute(ops)
    .await?;
    Ok(())
}

/// Takes back what was answered about these orders before; of how many requests.
pub async fn erase_answers(ops: &PgPool, orders: &[Uuid]) -> Result<u64, Error> {
    let erased = sqlx::query(
        "UPDATE webhook_attempts a SET answer = $2 FROM webhook_deliveries d \
          WHERE d.order_id = ANY($1) AND a.delivery_id = d.id AND a.answer <> $2",
    )
    .bind(orders)
    .bind(ERASED)
    .execute(ops)
    .await?;
    Ok(erased.rows_affected())
}
