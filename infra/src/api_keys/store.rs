//! Keys in the ops database.

use super::{ApiKey, Rights, Scopes};
use sqlx::{PgPool, Row as _, postgres::PgRow};

const COLUMNS: &str = "id, name, prefix, scopes, platform, created_at, created_by, expires_at, \
                       last_used_at, revoked_at, revoked_by";

/// A key as it is stored.
pub struct NewRow<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub rights: &'a Rights,
    pub created_by: Option<&'a str>,
    pub prefix: &'a str,
    pub hash: &'a [u8],
}

/// Stores a key; false where its id or its prefix is taken.
pub async fn insert(ops: &PgPool, row: &NewRow<'_>) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO api_keys (id, name, prefix, hash, scopes, platform, expires_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
    )
    .bind(row.id)
    .bind(row.name)
    .bind(row.prefix)
    .bind(row.hash)
    .bind(row.rights.scopes.named())
    .bind(&row.rights.platform)
    .bind(row.rights.expires_at)
    .bind(row.created_by)
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

/// The key of this id.
pub async fn by_id(ops: &PgPool, id: &str) -> Result<Option<ApiKey>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE id = $1");
    let row = sqlx::query(&sql).bind(id).fetch_optional(ops).await?;
    row.as_ref().map(api_key).transpose()
}

/// Every key, oldest first.
pub async fn list(ops: &PgPool) -> Result<Vec<ApiKey>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys ORDER BY created_at, id");
    let rows = sqlx::query(&sql).fetch_all(ops).await?;
    rows.iter().map(api_key).collect()
}

/// Revokes a key; false where there is none to revoke.
pub async fn revoke(ops: &PgPool, id: &str, by: Option<&str>) -> Result<bool, sqlx::Error> {
    let revoked = sqlx::query(
        "UPDATE api_keys SET revoked_at = now(), revoked_by = $2 \
          WHERE id = $1 AND revoked_at IS NULL",
    )
    .bind(id)
    .bind(by)
    .execute(ops)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Notes that a key was used now, unless somebody else has just done so.
pub async fn note_use(ops: &PgPool, id: &str) -> Result<(), sqlx::Error> {
    let note = sqlx::query(
        "UPDATE api_keys SET last_used_at = now() WHERE id = $1 \
            AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
    );
    note.bind(id).execute(ops).await?;
    Ok(())
}

fn api_key(row: &PgRow) -> Result<ApiKey, sqlx::Error> {
    Ok(ApiKey {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        prefix: row.try_get("prefix")?,
        scopes: Scopes::new(row.try_get("scopes")?),
        platform: row.try_get("platform")?,
        created_at: row.try_get("created_at")?,
        created_by: row.try_get("created_by")?,
        expires_at: row.try_get("expires_at")?,
        last_used_at: row.try_get("last_used_at")?,
        revoked_at: row.try_get("revoked_at")?,
        revoked_by: row.try_get("revoked_by")?,
    })
}
