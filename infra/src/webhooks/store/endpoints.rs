//! Endpoints.

use crate::{
    sealing::{CryptoError, MasterKey},
    webhooks::{
        endpoint::{DisabledBy, Endpoint, EndpointState, Target, Terms},
        secret::WebhookSecret,
    },
};
use sqlx::{Error, PgConnection, PgPool, Row as _, postgres::PgRow};
use std::time::Duration;
use uuid::Uuid;

pub(super) const COLUMNS: &str = "id, url, description, event_types, platform, ordered, imported, \
    concurrency, state, disabled_by, disabled_at, \
    CASE WHEN old_secret_until > statement_timestamp() THEN old_secret_until END \
        AS old_secret_until, \
    failures, failing_since, rests_until, last_success_at, created_at, updated_at";

/// What came of a request for a new endpoint.
#[derive(Debug)]
pub enum Created {
    /// It is new.
    New(Endpoint),
    /// The same request has made it before, with this secret.
    Again(Endpoint, WebhookSecret),
    /// Another request has made one under the same key.
    Other,
}

/// A new endpoint, once for each id.
pub async fn create(
    ops: &PgPool,
    (id, request_hash): (Uuid, &[u8]),
    terms: &Terms,
    (key, secret): (&MasterKey, &WebhookSecret),
) -> Result<Created, StoreError> {
    let sql = format!(
        "INSERT INTO webhook_endpoints (id, url, description, event_types, platform, ordered, \
                                        imported, concurrency, master_key, secret, request_hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (id) DO NOTHING RETURNING {COLUMNS}"
    );
    let row = sqlx::query(&sql)
        .bind(id)
        .bind(&terms.url)
        .bind(&terms.description)
        .bind(&terms.event_types)
        .bind(&terms.platform)
        .bind(terms.ordered)
        .bind(terms.imported)
        .bind(terms.concurrency)
        .bind(key.id())
        .bind(secret.seal(key, id)?)
        .bind(request_hash)
        .fetch_optional(ops)
        .await?;
    if let Some(row) = row {
        return Ok(Created::New(endpoint(&row)?));
    }
    let sql = format!(
        "SELECT {COLUMNS}, request_hash, master_key, secret FROM webhook_endpoints WHERE id = $1"
    );
    let row = sqlx::query(&sql).bind(id).fetch_one(ops).await?;
    let hash: Vec<u8> = row.try_get("request_hash")?;
    if hash != request_hash {
        return Ok(Created::Other);
    }
    let secret = present_secret(&row, key, id)?;
    Ok(Created::Again(endpoint(&row)?, secret))
}

fn present_secret(row: &PgRow, key: &MasterKey, id: Uuid) -> Result<WebhookSecret, StoreError> {
    let sealed: Vec<u8> = row.try_get("secret")?;
    if let Some(secret) = WebhookSecret::open(key, id, &sealed) {
        return Ok(secret);
    }
    Err(StoreError::Sealed {
        endpoint: id,
        ours: key.id().to_owned(),
        sealed: row.try_get("master_key")?,
    })
}

/// Why something could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] Error),
    /// The secret could not be sealed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The secret cannot be opened.
    #[error(
        "the secret of endpoint {endpoint} cannot be opened with master key {ours}; it was sealed with {sealed}"
    )]
    Sealed {
        /// Which.
        endpoint: Uuid,
        /// Name of the key that this process has.
        ours: String,
        /// Name of the one that it was sealed with.
        sealed: String,
    },
}

/// Every endpoint, the oldest first.
pub async fn list(ops: &PgPool) -> Result<Vec<Endpoint>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_endpoints WHERE deleted_at IS NULL ORDER BY created_at, id"
    );
    let rows = sqlx::query(&sql).fetch_all(ops).await?;
    rows.iter().map(endpoint).collect()
}

/// The same, for whoever writes deliveries. No row is locked: what is written for
/// one that is disabled or deleted in the same moment is skipped by its job.
pub async fn told(connection: &mut PgConnection) -> Result<Vec<Endpoint>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_endpoints WHERE deleted_at IS NULL ORDER BY created_at, id"
    );
    let rows = sqlx::query(&sql).fetch_all(connection).await?;
    rows.iter().map(endpoint).collect()
}

/// One endpoint.
pub async fn find(ops: &PgPool, id: Uuid) -> Result<Option<Endpoint>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM webhook_endpoints WHERE id = $1 AND deleted_at IS NULL");
    let row = sqlx::query(&sql).bind(id).fetch_optional(ops).await?;
    row.as_ref().map(endpoint).transpose()
}

/// One endpoint with what its requests are signed with.
pub async fn target(ops: &PgPool, key: &MasterKey, id: Uuid) -> Result<Option<Target>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, master_key, secret, \
                CASE WHEN old_secret_until > statement_timestamp() THEN old_secret END AS old_secret \
           FROM webhook_endpoints WHERE id = $1 AND deleted_at IS NULL"
    );
    let Some(row) = sqlx::query(&sql).bind(id).fetch_optional(ops).await? else {
        return Ok(None);
    };
    let before: Option<Vec<u8>> = row.try_get("old_secret")?;
    // The one before may be of a master key that is gone.
    let before = before.and_then(|sealed| WebhookSecret::open(key, id, &sealed));
    let secrets = [Some(present_secret(&row, key, id)?), before];
    Ok(Some(Target {
        endpoint: endpoint(&row)?,
        secrets: secrets.into_iter().flatten().collect(),
    }))
}

/// Changes what somebody may say of an endpoint; `enabled` where that is said.
/// Enabled again, it begins with a clean record. None where there is no such
/// endpoint.
pub async fn change(
    ops: &PgPool,
    id: Uuid,
    terms: &Terms,
    enabled: Option<bool>,
) -> Result<Option<Endpoint>, Error> {
    let sql = format!(
        "UPDATE webhook_endpoints \
            SET url = $2, description = $3, event_types = $4, platform = $5, ordered = $6, \
                imported = $7, concurrency = $8, \
                failures = CASE WHEN $9 AND state = 'disabled' THEN 0 ELSE failures END, \
                failing_since = CASE WHEN $9 AND state = 'disabled' THEN NULL \
                                     ELSE failing_since END, \
                rests_until = CASE WHEN $9 AND state = 'disabled' OR url <> $2 THEN NULL \
                                   ELSE rests_until END, \
                state = CASE WHEN $9 THEN 'enabled' WHEN NOT $9 THEN 'disabled' ELSE state END, \
                disabled_by = CASE WHEN $9 THEN NULL \
                                   WHEN NOT $9 THEN coalesce(disabled_by, 'request') \
                                   ELSE disabled_by END, \
                disabled_at = CASE WHEN $9 THEN NULL \
                                   WHEN NOT $9 THEN coalesce(disabled_at, statement_timestamp()) \
                                   ELSE disabled_at END, \
                updated_at = statement_timestamp() \
          WHERE id = $1 AND deleted_at IS NULL RETURNING {COLUMNS}"
    );
    let row = sqlx::query(&sql)
        .bind(id)
        .bind(&terms.url)
        .bind(&terms.description)
        .bind(&terms.event_types)
        .bind(&terms.platform)
        .bind(terms.ordered)
        .bind(terms.imported)
        .bind(terms.concurrency)
        .bind(enabled)
        .fetch_optional(ops)
        .await?;
    row.as_ref().map(endpoint).transpose()
}

/// An endpoint and the secret that a request has given it.
#[derive(Debug)]
pub struct Rotated {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its secret.
    pub secret: WebhookSecret,
}

/// A new secret; the one before signs beside it for a while. The same request
/// (`asked`) does so once. None where there is no such endpoint.
pub async fn rotate(
    ops: &PgPool,
    (id, asked): (Uuid, Uuid),
    (key, secret): (&MasterKey, &WebhookSecret),
    overlap: Duration,
) -> Result<Option<Rotated>, StoreError> {
    sqlx::query(
        "UPDATE webhook_endpoints \
            SET old_secret = secret, \
                old_secret_until = statement_timestamp() + $4 * interval '1 second', \
                secret = $3, master_key = $2, rotated_by = $5, \
                updated_at = statement_timestamp() \
          WHERE id = $1 AND deleted_at IS NULL AND rotated_by IS DISTINCT FROM $5",
    )
    .bind(id)
    .bind(key.id())
    .bind(secret.seal(key, id)?)
    .bind(overlap.as_secs_f64())
    .bind(asked)
    .execute(ops)
    .await?;
    let sql = format!(
        "SELECT {COLUMNS}, master_key, secret FROM webhook_endpoints \
          WHERE id = $1 AND deleted_at IS NULL"
    );
    let Some(row) = sqlx::query(&sql).bind(id).fetch_optional(ops).await? else {
        return Ok(None);
    };
    Ok(Some(Rotated {
        secret: present_secret(&row, key, id)?,
        endpoint: endpoint(&row)?,
    }))
}

/// Deletes an endpoint. What is still to be sent to it is skipped by its job. False
/// where there is none.
pub async fn delete(ops: &PgPool, id: Uuid) -> Result<bool, Error> {
    let deleted = sqlx::query(
        "UPDATE webhook_endpoints SET deleted_at = statement_timestamp() \
          WHERE id = $1 AND deleted_at IS NULL",
    );
    let deleted = deleted.bind(id).execute(ops).await?;
    Ok(deleted.rows_affected() == 1)
}

pub(super) fn endpoint(row: &PgRow) -> Result<Endpoint, Error> {
    let disabled_by: Option<String> = row.try_get("disabled_by")?;
    let state: String = row.try_get("state")?;
    Ok(Endpoint {
        id: row.try_get("id")?,
        url: row.try_get("url")?,
        description: row.try_get("description")?,
        event_types: row.try_get("event_types")?,
        platform: row.try_get("platform")?,
        ordered: row.try_get("ordered")?,
        imported: row.try_get("imported")?,
        concurrency: row.try_get("concurrency")?,
        state: if state == "enabled" {
            EndpointState::Enabled
        } else {
            EndpointState::Disabled
        },
        disabled_by: disabled_by
            .and_then(|name| DisabledBy::ALL.into_iter().find(|by| by.name() == name)),
        disabled_at: row.try_get("disabled_at")?,
        old_secret_until: row.try_get("old_secret_until")?,
        failures: row.try_get("failures")?,
        failing_since: row.try_get("failing_since")?,
        rests_until: row.try_get("rests_until")?,
        last_success_at: row.try_get("last_success_at")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
