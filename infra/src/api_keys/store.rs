//! Keys in the ops database.

use super::{ApiKey, Scopes};
use sqlx::{PgPool, Row as _, postgres::PgRow};

const COLUMNS: &str = "id, name, prefix, scopes, created_at, revoked_at";

/// Stores a key; false where the prefix is taken.
pub async fn insert(
    ops: &PgPool,
    (id, name): (&str, &str),
    scopes: &Scopes,
    (prefix, hash): (&str, &[u8]),
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO api_keys (id, name, prefix, hash, scopes) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (prefix) DO NOTHING",
    )
    .bind(id)
    .bind(name)
    .bind(prefix)
    .bind(hash)
    .bind(scopes.named())
    .execute(ops)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The key of this prefix with its hash.
pub async fn find(ops: &PgPool, prefix: &str) -> Result<Option<(ApiKey, Vec<u8>)>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS}, hash FROM api_keys WHERE prefix = $1");
    let row = sqlx::query(&sql).bind(prefix).fetch_optional(ops).await?;
    row.map(|row| Ok((api_key(&row)?, row.try_get("hash")?)))
        .transpose()
}

/// Every key, oldest first.
pub async fn list(ops: &PgPool) -> Result<Vec<ApiKey>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys ORDER BY created_at, id");
    let rows = sqlx::query(&sql).fetch_all(ops).await?;
    rows.iter().map(api_key).collect()
}

/// Revokes a key; false where there is none to revoke.
pub async fn revoke(ops: &PgPool, id: &str) -> Result<bool, sqlx::Error> {
    let revoked =
        sqlx::query("UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL")
            .bind(id)
            .execute(ops)
            .await?;
    Ok(revoked.rows_affected() == 1)
}

fn api_key(row: &PgRow) -> Result<ApiKey, sqlx::Error> {
    Ok(ApiKey {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        prefix: row.try_get("prefix")?,
        scopes: Scopes::new(row.try_get("scopes")?),
        created_at: row.try_get("created_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}
