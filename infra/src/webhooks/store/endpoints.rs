//! Endpoints.

use crate::{
    sealing::{CryptoError, MasterKey},
    webhooks::{
        endpoint::{DisabledBy, Endpoint, EndpointState, Target, Terms},
        secret::WebhookSecret,
    },
};
use sqlx::{Error, PgConnection, PgExecutor, PgPool, Row as _, postgres::PgRow};
use std::time::Duration;
use uuid::Uuid;

pub(super) const COLUMNS: &str = "id, url, description, event_types, platform, ordered, imported, \
    concurrency, state, disabled_by, disabled_at, \
    CASE WHEN old_secret_until > statement_timestamp() THEN old_secret_until END \
        AS old_secret_until, \
    failures, failing_since, rests_until, last_success_at, created_at, updated_at";

/// What came of a request that gives an endpoint a secret.
#[derive(Debug)]
pub enum Granted {
    /// It has it now.
    New(Endpoint),
    /// The same request has given it this secret before, and it still has it.
    Again(Endpoint, WebhookSecret),
    /// The same request has given it another secret than it has now, or the
    /// endpoint was deleted since: there is nothing to answer once more.
    Spent,
    /// Another request was made under the same key.
    Other,
    /// There are as many endpoints as there may be.
    TooMany,
}

/// Most endpoints: each batch of events is held against all of them.
pub const MOST_ENDPOINTS: i64 = 1_000;

/// A new endpoint, once for each id.
pub async fn create(
    ops: &PgPool,
    (id, request_hash): (Uuid, &[u8]),
    terms: &Terms,
    (key, secret): (&MasterKey, &WebhookSecret),
) -> Result<Granted, StoreError> {
    let sql = format!(
        "INSERT INTO webhook_endpoints (id, url, description, event_types, platform, ordered, \
                                        imported, concurrency, master_key, secret, request_hash) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 \
          WHERE (SELECT count(*) FROM webhook_endpoints WHERE deleted_at IS NULL) < $12 \
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
        .bind(MOST_ENDPOINTS)
        .fetch_optional(ops)
        .await?;
    if let Some(row) = row {
        return Ok(Granted::New(endpoint(&row)?));
    }
    let sql = format!(
        "SELECT {COLUMNS}, request_hash, master_key, secret, \
                deleted_at IS NOT NULL OR rotated_by IS NOT NULL AS is_spent \
           FROM webhook_endpoints WHERE id = $1"
    );
    let row = sqlx::query(&sql).bind(id).fetch_optional(ops).await?;
    let Some(row) = row else {
        return Ok(Granted::TooMany);
    };
    again(&row, request_hash, (key, id))
}

/// What a repeated request is answered.
fn again(
    row: &PgRow,
    request_hash: &[u8],
    (key, id): (&MasterKey, Uuid),
) -> Result<Granted, StoreError> {
    let hash: Option<Vec<u8>> = row.try_get("request_hash")?;
    if hash.as_deref() != Some(request_hash) {
        return Ok(Granted::Other);
    }
    if row.try_get("is_spent")? {
        return Ok(Granted::Spent);
    }
    let secret = present_secret(row, key, id)?;
    Ok(Granted::Again(endpoint(row)?, secret))
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

/// Every endpoint, the oldest first. No row is locked: what is written for one that
/// is disabled or deleted in the same moment is skipped by its job.
pub async fn list(ops: impl PgExecutor<'_>) -> Result<Vec<Endpoint>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_endpoints WHERE deleted_at IS NULL ORDER BY created_at, id"
    );
    let rows = sqlx::query(&sql).fetch_all(ops).await?;
    rows.iter().map(endpoint).collect()
}

/// Endpoints in the order of their ids, those after one of them.
pub async fn list_endpoints(
    ops: &PgPool,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Endpoint>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_endpoints \
          WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2"
    );
    let rows = sqlx::query(&sql).bind(after).bind(limit);
    let rows = rows.fetch_all(ops).await?;
    rows.iter().map(endpoint).collect()
}

/// One endpoint.
pub async fn find(ops: &PgPool, id: Uuid) -> Result<Option<Endpoint>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM webhook_endpoints WHERE id = $1 AND deleted_at IS NULL");
    let row = sqlx::query(&sql).bind(id).fetch_optional(ops).await?;
    row.as_ref().map(endpoint).transpose()
}

/// One endpoint with what its requests are signed with; none where it is to be told
/// nothing any more. Where somebody could not open its secret before, that is
/// forgotten: it opens.
pub async fn target(ops: &PgPool, key: &MasterKey, id: Uuid) -> Result<Option<Target>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, master_key, secret, sealed_since IS NOT NULL AS was_sealed, \
                CASE WHEN old_secret_until > statement_timestamp() THEN old_secret END AS old_secret \
           FROM webhook_endpoints WHERE id = $1 AND deleted_at IS NULL AND state = 'enabled'"
    );
    let Some(row) = sqlx::query(&sql).bind(id).fetch_optional(ops).await? else {
        return Ok(None);
    };
    let before: Option<Vec<u8>> = row.try_get("old_secret")?;
    // The one before may be of a master key that is gone.
    let before = before.and_then(|sealed| WebhookSecret::open(key, id, &sealed));
    let secrets = [Some(present_secret(&row, key, id)?), before];
    if row.try_get("was_sealed")? {
        let opens = sqlx::query("UPDATE webhook_endpoints SET sealed_since = NULL WHERE id = $1");
        opens.bind(id).execute(ops).await?;
    }
    Ok(Some(Target {
        endpoint: endpoint(&row)?,
        secrets: secrets.into_iter().flatten().collect(),
    }))
}

/// One endpoint, locked until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<Option<Endpoint>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_endpoints WHERE id = $1 AND deleted_at IS NULL \
            FOR NO KEY UPDATE"
    );
    let row = sqlx::query(&sql)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(endpoint).transpose()
}

/// Changes what somebody may say of an endpoint; `enabled` where that is said.
/// Enabled again, or at another URL, it begins with a clean record. The caller has
/// locked it.
pub async fn change(
    connection: &mut PgConnection,
    id: Uuid,
    terms: &Terms,
    enabled: Option<bool>,
) -> Result<Endpoint, Error> {
    let sql = format!(
        "UPDATE webhook_endpoints \
            SET url = $2, description = $3, event_types = $4, platform = $5, ordered = $6, \
                imported = $7, concurrency = $8, \
                failures = CASE WHEN $9 AND state = 'disabled' OR url <> $2 THEN 0 \
                                ELSE failures END, \
                failing_since = CASE WHEN $9 AND state = 'disabled' OR url <> $2 THEN NULL \
                                     ELSE failing_since END, \
                rests_until = CASE WHEN $9 AND state = 'disabled' OR url <> $2 THEN NULL \
                                   ELSE rests_until END, \
                sealed_since = CASE WHEN $9 AND state = 'disabled' THEN NULL \
                                    ELSE sealed_since END, \
                state = CASE WHEN $9 THEN 'enabled' WHEN NOT $9 THEN 'disabled' ELSE state END, \
                disabled_by = CASE WHEN $9 THEN NULL \
                                   WHEN NOT $9 THEN coalesce(disabled_by, 'request') \
                                   ELSE disabled_by END, \
                disabled_at = CASE WHEN $9 THEN NULL \
                                   WHEN NOT $9 THEN coalesce(disabled_at, statement_timestamp()) \
                                   ELSE disabled_at END, \
                updated_at = statement_timestamp() \
          WHERE id = $1 RETURNING {COLUMNS}"
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
        .fetch_one(connection)
        .await?;
    endpoint(&row)
}

/// A new secret; the one before signs beside it for a while. A request does so
/// once. None where there is no such endpoint.
pub async fn rotate(
    ops: &PgPool,
    id: Uuid,
    (request, request_hash): (Uuid, &[u8]),
    (key, secret): (&MasterKey, &WebhookSecret),
    overlap: Duration,
) -> Result<Option<Granted>, StoreError> {
    let mut transaction = ops.begin().await?;
    let noted = sqlx::query(
        "INSERT INTO webhook_rotations (request, endpoint_id, request_hash) \
         SELECT $1, id, $3 FROM webhook_endpoints WHERE id = $2 AND deleted_at IS NULL \
         ON CONFLICT (request) DO NOTHING",
    );
    let noted = noted.bind(request).bind(id).bind(request_hash);
    if noted.execute(&mut *transaction).await?.rows_affected() == 0 {
        let sql = format!(
            "SELECT {COLUMNS}, master_key, secret, rotated_by IS DISTINCT FROM $2 AS is_spent, \
                    (SELECT r.request_hash FROM webhook_rotations r \
                      WHERE r.request = $2 AND r.endpoint_id = $1) AS request_hash \
               FROM webhook_endpoints WHERE id = $1 AND deleted_at IS NULL"
        );
        let row = sqlx::query(&sql).bind(id).bind(request);
        let row = row.fetch_optional(&mut *transaction).await?;
        return row
            .map(|row| again(&row, request_hash, (key, id)))
            .transpose();
    }
    // The endpoint may rest because the secret before did not open, whatever key it was
    // sealed with. The rest ends in any case: one whose receiver fails is tried with one
    // request, as after a ping, and its failures still count.
    let sql = format!(
        "UPDATE webhook_endpoints \
            SET old_secret = secret, \
                old_secret_until = statement_timestamp() + $4 * interval '1 second', \
                secret = $3, master_key = $2, rotated_by = $5, \
                sealed_since = NULL, \
                rests_until = CASE WHEN rests_until > statement_timestamp() \
                                   THEN statement_timestamp() ELSE rests_until END, \
                updated_at = statement_timestamp() \
          WHERE id = $1 RETURNING {COLUMNS}"
    );
    let row = sqlx::query(&sql)
        .bind(id)
        .bind(key.id())
        .bind(secret.seal(key, id)?)
        .bind(overlap.as_secs_f64())
        .bind(request)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(Granted::New(endpoint(&row)?)))
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
