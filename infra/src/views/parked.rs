//! Parked orders, as people and tools see them (`docs/ARCHITECTURE.md`,
//! invariant 12). Nothing here drives anything: a tool leaves a mark, and the
//! projector that owns the partition does the rest.

use super::REDRIVE_CHANNEL;
use contracts::{partition::partition_of, topics::TopicSpec};
use serde::Serialize;
use sqlx::{PgConnection, PgPool, Row as _, postgres::PgRow};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// An order, or a record that names none, that waits for a cause to be
/// removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Parked {
    /// Place in the list: it rises.
    pub number: i64,
    /// Which projection it is parked in.
    pub projection: String,
    /// The order's id; of a record that names no order, its place.
    #[schema(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: String,
    /// Partition of its records.
    pub partition: i32,
    /// Version of the order that is served meanwhile; 0: none is.
    pub version: i64,
    /// Why it waits, as of the last attempt.
    pub reason: String,
    /// Since when it waits.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub parked_at: OffsetDateTime,
    /// How many records wait.
    pub waiting: i64,
    /// How often it was driven again in vain.
    pub attempts: i32,
    /// When that was, the last time.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub attempted_at: Option<OffsetDateTime>,
    /// Since when it is to be driven again; null: nobody has asked.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub redrive_requested_at: Option<OffsetDateTime>,
}

/// A record that waits, as it stood on Kafka. What is not UTF-8 is shown with
/// replacement characters; it is kept as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitingRecord {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Version of the order after it; null where that cannot be read.
    pub version: Option<i64>,
    /// Its key.
    pub key: Option<String>,
    /// Its headers.
    pub headers: BTreeMap<String, Option<String>>,
    /// Its value, personal data sealed.
    pub value: Option<String>,
}

const PARKED: &str = "SELECT p.number, p.projection, p.id, p.\"partition\", p.version, p.reason, \
        p.parked_at, p.attempts, p.attempted_at, r.requested_at, \
        (SELECT count(*) FROM parked_events e WHERE e.projection = p.projection AND e.id = p.id) \
            AS waiting \
   FROM parked_orders p LEFT JOIN redrives r ON r.projection = p.projection AND r.id = p.id ";

/// Up to `limit` of what was parked after `number`, in that order.
pub async fn list(
    views: &PgPool,
    projection: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Parked>, sqlx::Error> {
    let sql =
        format!("{PARKED} WHERE p.projection = $1 AND p.number > $2 ORDER BY p.number LIMIT $3");
    let rows = sqlx::query(&sql)
        .bind(projection)
        .bind(after)
        .bind(limit)
        .fetch_all(views)
        .await?;
    rows.iter().map(parked).collect()
}

/// How many wait in each projection, by its name; those in which nothing waits are
/// left out.
pub async fn counts(views: &PgPool) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let rows = sqlx::query("SELECT projection, count(*) AS parked FROM parked_orders GROUP BY 1")
        .fetch_all(views)
        .await?;
    let counts = rows
        .iter()
        .map(|row| Ok((row.try_get("projection")?, row.try_get("parked")?)));
    counts.collect()
}

/// One of them.
pub async fn find(
    views: &PgPool,
    projection: &str,
    id: &str,
) -> Result<Option<Parked>, sqlx::Error> {
    let sql = format!("{PARKED} WHERE p.projection = $1 AND p.id = $2");
    let row = sqlx::query(&sql)
        .bind(projection)
        .bind(id)
        .fetch_optional(views)
        .await?;
    row.as_ref().map(parked).transpose()
}

/// The first `limit` records that wait with it.
pub async fn waiting(
    views: &PgPool,
    projection: &str,
    id: &str,
    limit: i64,
) -> Result<Vec<WaitingRecord>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT \"partition\", \"offset\", version, key, header_names, header_values, value \
           FROM parked_events WHERE projection = $1 AND id = $2 ORDER BY build, \"offset\" LIMIT $3",
    )
    .bind(projection)
    .bind(id)
    .bind(limit)
    .fetch_all(views)
    .await?;
    rows.iter().map(record).collect()
}

/// Whether an order is parked.
pub async fn is_parked(views: &PgPool, projection: &str, order: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM parked_orders WHERE projection = $1 AND id = $2)",
    )
    .bind(projection)
    .bind(order.to_string())
    .fetch_one(views)
    .await
}

/// Asks that a parked order be driven again, or all of them; how many are.
pub async fn request_redrive(
    views: &PgPool,
    projection: &str,
    id: Option<&str>,
) -> Result<u64, sqlx::Error> {
    let mut transaction = views.begin().await?;
    let marked = sqlx::query(
        "INSERT INTO redrives (projection, id, \"partition\") \
         SELECT projection, id, \"partition\" FROM parked_orders \
          WHERE projection = $1 AND ($2::text IS NULL OR id = $2) ORDER BY id \
         ON CONFLICT (projection, id) DO UPDATE SET requested_at = now()",
    )
    .bind(projection)
    .bind(id)
    .execute(&mut *transaction)
    .await?
    .rows_affected();
    wake(&mut transaction).await?;
    transaction.commit().await?;
    Ok(marked)
}

/// Asks that these orders, parked or not, be folded anew from the log: what
/// repairs rows that differ from it.
pub async fn request_refold(
    views: &PgPool,
    projection: &str,
    topic: &TopicSpec,
    orders: &[Uuid],
) -> Result<(), sqlx::Error> {
    let ids: Vec<String> = orders.iter().map(Uuid::to_string).collect();
    let partitions = ids
        .iter()
        .map(|id| partition_of(id.as_bytes(), topic.partitions));
    let partitions: Vec<i32> = partitions.collect();
    let mut transaction = views.begin().await?;
    sqlx::query(
        "INSERT INTO redrives (projection, id, \"partition\") \
         SELECT DISTINCT $1, o.id, o.\"partition\" \
           FROM unnest($2::text[], $3::int[]) AS o (id, \"partition\") ORDER BY o.id \
         ON CONFLICT (projection, id) DO UPDATE SET requested_at = now()",
    )
    .bind(projection)
    .bind(ids)
    .bind(partitions)
    .execute(&mut *transaction)
    .await?;
    wake(&mut transaction).await?;
    transaction.commit().await
}

async fn wake(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify($1, '')")
        .bind(REDRIVE_CHANNEL)
        .execute(connection)
        .await?;
    Ok(())
}

fn parked(row: &PgRow) -> Result<Parked, sqlx::Error> {
    Ok(Parked {
        number: row.try_get("number")?,
        projection: row.try_get("projection")?,
        id: row.try_get("id")?,
        partition: row.try_get("partition")?,
        version: row.try_get("version")?,
        reason: row.try_get("reason")?,
        parked_at: row.try_get("parked_at")?,
        waiting: row.try_get("waiting")?,
        attempts: row.try_get("attempts")?,
        attempted_at: row.try_get("attempted_at")?,
        redrive_requested_at: row.try_get("requested_at")?,
    })
}

fn record(row: &PgRow) -> Result<WaitingRecord, sqlx::Error> {
    let names: Vec<String> = row.try_get("header_names")?;
    let values: Vec<Option<Vec<u8>>> = row.try_get("header_values")?;
    Ok(WaitingRecord {
        partition: row.try_get("partition")?,
        offset: row.try_get("offset")?,
        version: row.try_get("version")?,
        key: text(row.try_get("key")?),
        headers: names
            .into_iter()
            .zip(values.into_iter().map(text))
            .collect(),
        value: text(row.try_get("value")?),
    })
}

fn text(bytes: Option<Vec<u8>>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
