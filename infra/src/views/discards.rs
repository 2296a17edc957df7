//! Records that named no order, and that somebody has taken for nobody's: parked
//! no more, and written down for good (the table `parked_discards`).

use super::REDRIVE_CHANNEL;
use serde::Serialize;
use sqlx::{PgExecutor, PgPool, Row as _, postgres::PgRow};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A record that was discarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Discard {
    /// Place in the list: it rises.
    pub number: i64,
    /// Which projection it was parked in.
    pub projection: String,
    /// Its place on Kafka, where it stays: `record-<build>-<partition>-<offset>`.
    #[schema(example = "record-1-3-41")]
    pub id: String,
    /// Its partition.
    pub partition: i32,
    /// Why it was parked.
    pub parked: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub parked_at: OffsetDateTime,
    /// Who has discarded it: the id of an API key, or a user of the command line.
    #[schema(example = "key_01a218d9cb0675ccb10f208f0ff000e6")]
    pub actor: String,
    /// Why.
    #[schema(example = "written by a test of the warehouse")]
    pub reason: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub discarded_at: OffsetDateTime,
}

/// Why nothing was discarded.
#[derive(Debug, thiserror::Error)]
pub enum DiscardError {
    /// Of the views.
    #[error("the views database failed")]
    Views(#[from] sqlx::Error),
    /// Nothing is parked under this id.
    #[error("nothing is parked under this id")]
    NotParked,
    /// What is parked is an order.
    #[error("an order is never discarded: it waits until it can be driven again")]
    AnOrder,
}

/// Lets a record go that names no order. A projector that drives it again just
/// now is waited for, and finds nothing after this.
///
/// # Errors
/// What is parked under the id is an order, or nothing.
pub async fn discard(
    views: &PgPool,
    projection: &str,
    id: &str,
    (actor, reason): (&str, &str),
) -> Result<Discard, DiscardError> {
    let mut transaction = views.begin().await?;
    // The mark first, as whoever acts upon it does.
    sqlx::query("DELETE FROM redrives WHERE projection = $1 AND id = $2 AND id LIKE 'record-%'")
        .bind(projection)
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    let row = sqlx::query(
        "WITH gone AS (DELETE FROM parked_orders \
              WHERE projection = $1 AND id = $2 AND id LIKE 'record-%' \
             RETURNING projection, id, \"partition\", reason, parked_at) \
         INSERT INTO parked_discards \
             (projection, id, \"partition\", parked, parked_at, actor, reason) \
         SELECT projection, id, \"partition\", reason, parked_at, $3, $4 FROM gone RETURNING *",
    )
    .bind(projection)
    .bind(id)
    .bind(actor)
    .bind(reason)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = row else {
        let is_parked = is_parked(&mut *transaction, projection, id).await?;
        return Err(if is_parked {
            DiscardError::AnOrder
        } else {
            DiscardError::NotParked
        });
    };
    // Whoever counts what is parked looks again.
    sqlx::query("SELECT pg_notify($1, '')")
        .bind(REDRIVE_CHANNEL)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let discard = read(&row)?;
    let Discard {
        parked, parked_at, ..
    } = &discard;
    tracing::warn!(projection, id, actor, reason, parked, %parked_at, "parked.discarded");
    Ok(discard)
}

async fn is_parked(
    views: impl PgExecutor<'_>,
    projection: &str,
    id: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM parked_orders WHERE projection = $1 AND id = $2)",
    )
    .bind(projection)
    .bind(id)
    .fetch_one(views)
    .await
}

/// Up to `limit` of what was discarded after `number`, in that order.
pub async fn list(
    views: &PgPool,
    projection: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Discard>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT * FROM parked_discards WHERE projection = $1 AND number > $2 \
          ORDER BY number LIMIT $3",
    )
    .bind(projection)
    .bind(after)
    .bind(limit)
    .fetch_all(views)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<Discard, sqlx::Error> {
    Ok(Discard {
        number: row.try_get("number")?,
        projection: row.try_get("projection")?,
        id: row.try_get("id")?,
        partition: row.try_get("partition")?,
        parked: row.try_get("parked")?,
        parked_at: row.try_get("parked_at")?,
        actor: row.try_get("actor")?,
        reason: row.try_get("reason")?,
        discarded_at: row.try_get("discarded_at")?,
    })
}
