//! Single orders and their histories.

use crate::one::Document;
use infra::http::Etag;
use sqlx::{PgPool, Row as _, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// What a list of an order's history goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Version and revision.
    pub etag: Etag,
    /// Whether the order is parked.
    pub parked: bool,
}

/// One entry of an order's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Version of the order after the event.
    pub version: i64,
    /// JSON, to be sent as it is.
    pub json: String,
}

/// Whether order `o` is parked.
const PARKED: &str = "EXISTS (SELECT 1 FROM parked_orders p \
     WHERE p.projection = 'orders' AND p.id = o.id::text) AS parked";

/// The revision that is told of an order: of its row, above all that earlier
/// builds have told.
pub const REVISION: &str = "revision + coalesce((SELECT p.revision_base FROM projections p \
     WHERE p.name = 'orders'), 0) AS revision";

/// The order of this id.
pub async fn order(views: PgPool, id: Uuid) -> Result<Option<Document>, sqlx::Error> {
    let sql =
        format!("SELECT version, {REVISION}, document, {PARKED} FROM orders o WHERE o.id = $1");
    let row = sqlx::query(&sql).bind(id).fetch_optional(&views).await?;
    row.as_ref().map(document).transpose()
}

/// The orders of these ids with their platforms, as far as there are any.
pub async fn orders(
    views: &PgPool,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, (String, Document)>, sqlx::Error> {
    let sql = format!(
        "SELECT id, platform, version, revision, document, {PARKED} FROM orders o WHERE o.id = ANY($1)"
    );
    let rows = sqlx::query(&sql).bind(ids).fetch_all(views).await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.try_get("id")?,
                (row.try_get("platform")?, document(row)?),
            ))
        })
        .collect()
}

/// The order that `platform` calls `external_id`.
pub async fn order_of_external(
    views: PgPool,
    platform: String,
    external_id: String,
) -> Result<Option<Document>, sqlx::Error> {
    let sql = format!(
        "SELECT version, {REVISION}, document, {PARKED} FROM orders o \
          WHERE o.platform = $1 AND o.external_id = $2"
    );
    let row = sqlx::query(&sql)
        .bind(platform)
        .bind(external_id)
        .fetch_optional(&views)
        .await?;
    row.as_ref().map(document).transpose()
}

/// The version and revision of an order, and whether it is parked.
pub async fn head(views: &PgPool, id: Uuid) -> Result<Option<Head>, sqlx::Error> {
    let sql = format!("SELECT version, {REVISION}, {PARKED} FROM orders o WHERE o.id = $1");
    let row = sqlx::query(&sql).bind(id).fetch_optional(views).await?;
    row.map(|row| {
        Ok(Head {
            etag: etag_of(&row)?,
            parked: row.try_get("parked")?,
        })
    })
    .transpose()
}

/// Up to `limit` entries after version `after`, oldest first.
pub async fn history(
    views: &PgPool,
    id: Uuid,
    after: i64,
    limit: i64,
) -> Result<Vec<HistoryEntry>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT version, entry FROM order_events \
          WHERE order_id = $1 AND version > $2 ORDER BY version LIMIT $3",
    )
    .bind(id)
    .bind(after)
    .bind(limit)
    .fetch_all(views)
    .await?;
    let entries = rows.iter().map(|row| {
        Ok(HistoryEntry {
            version: row.try_get("version")?,
            json: row.try_get("entry")?,
        })
    });
    entries.collect()
}

fn document(row: &PgRow) -> Result<Document, sqlx::Error> {
    Ok(Document {
        etag: etag_of(row)?,
        json: row.try_get("document")?,
        parked: row.try_get("parked")?,
    })
}

fn etag_of(row: &PgRow) -> Result<Etag, sqlx::Error> {
    Ok(Etag {
        version: row.try_get("version")?,
        revision: row.try_get("revision")?,
    })
}
