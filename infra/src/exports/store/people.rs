//! What people ask for, look at, and take back.

use super::{COLUMNS, FROM, STATE, export};
use crate::{
    clock,
    exports::{
        jobs::{RemoveExport, WriteExport},
        record::{Export, ExportState},
        wanted::{ExportKind, Wanted},
    },
    jobs::{self, NewJob},
};
use sqlx::{Error, PgExecutor, PgPool, types::Json};
use uuid::Uuid;

/// An export before it is asked for.
#[derive(Debug, Clone)]
pub struct NewExport {
    /// The request, and the hash of what it says: the same request makes one.
    pub request: (Uuid, Vec<u8>),
    /// Id of the key that asks.
    pub created_by: String,
    /// What is wanted.
    pub wanted: Wanted,
    /// W3C trace context of the request.
    pub traceparent: Option<String>,
    /// Ties together everything that it leads to.
    pub correlation_id: Option<String>,
}

/// What came of a request for an export.
#[derive(Debug)]
pub enum Created {
    /// It is new, and so is its job, which begins within a second.
    New(Export),
    /// The same request has made it before.
    Again(Export),
    /// The same request has made one that was deleted.
    Spent,
    /// Another request has made one under the same key.
    Other,
}

/// Which exports; each that is none leaves all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Where they are.
    pub state: Option<ExportState>,
    /// What they are of.
    pub kind: Option<ExportKind>,
    /// Only those that were asked for before this one.
    pub before: Option<Uuid>,
}

/// A new export and its job, in one transaction.
pub async fn create(ops: &PgPool, new: &NewExport) -> Result<Created, Error> {
    let id = clock::new_id();
    let job = NewJob::of(&WriteExport { export: id });
    let job = job.map_err(|error| Error::Encode(error.into()))?;
    let job = job.caused_by(new.traceparent.clone(), new.correlation_id.clone());
    let mut transaction = ops.begin().await?;
    let made = insert(&mut *transaction, id, job.id(), new).await?;
    if made {
        // Sweepers announce it.
        let _ = jobs::enqueue(&mut transaction, &[job]).await?;
        transaction.commit().await?;
        let made = find(ops, id).await?.ok_or(Error::RowNotFound)?;
        return Ok(Created::New(made));
    }
    transaction.rollback().await?;
    let (request, hash) = &new.request;
    let found = "SELECT id, request_hash FROM exports WHERE request_id = $1";
    let found = sqlx::query_as(found).bind(request).fetch_optional(ops);
    let found: Option<(Uuid, Vec<u8>)> = found.await?;
    let Some((id, _)) = found.filter(|(_, stored)| stored == hash) else {
        return Ok(Created::Other);
    };
    let found = find(ops, id).await?;
    Ok(found.map_or(Created::Spent, Created::Again))
}

async fn insert(
    ops: impl PgExecutor<'_>,
    id: Uuid,
    job: Uuid,
    new: &NewExport,
) -> Result<bool, Error> {
    let NewExport {
        request: (request, hash),
        created_by,
        wanted,
        ..
    } = new;
    let inserted = sqlx::query(
        "INSERT INTO exports (id, request_id, request_hash, created_by, kind, format, compression, \
                              filters, fields, job_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (request_id) DO NOTHING",
    )
    .bind(id)
    .bind(request)
    .bind(hash)
    .bind(created_by)
    .bind(wanted.kind.name())
    .bind(wanted.format.extension())
    .bind(wanted.compression.name())
    .bind(Json(&wanted.filters))
    .bind(&wanted.fields)
    .bind(job)
    .execute(ops)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// One export.
pub async fn find(ops: &PgPool, id: Uuid) -> Result<Option<Export>, Error> {
    let sql = format!(
        "SELECT {COLUMNS}, {STATE} AS state FROM {FROM} WHERE e.id = $1 AND e.deleted_at IS NULL"
    );
    let row = sqlx::query(&sql).bind(id).fetch_optional(ops).await?;
    row.as_ref().map(export).transpose()
}

/// Exports, the newest first.
pub async fn list(ops: &PgPool, filter: &Filter, limit: i64) -> Result<Vec<Export>, Error> {
    let sql = format!(
        "SELECT {COLUMNS}, {STATE} AS state FROM {FROM} \
          WHERE e.deleted_at IS NULL AND ($1::text IS NULL OR {STATE} = $1) \
            AND ($2::text IS NULL OR e.kind = $2) AND ($3::uuid IS NULL OR e.id < $3) \
          ORDER BY e.id DESC LIMIT $4"
    );
    let rows = sqlx::query(&sql)
        .bind(filter.state.map(ExportState::name))
        .bind(filter.kind.map(ExportKind::name))
        .bind(filter.before)
        .bind(limit)
        .fetch_all(ops)
        .await?;
    rows.iter().map(export).collect()
}

/// Cancels an export: one that waits at once, one that runs by telling its job so.
/// None where there is no such export that waits or runs.
pub async fn cancel(ops: &PgPool, id: Uuid) -> Result<Option<Export>, Error> {
    let job = "SELECT job_id FROM exports \
                WHERE id = $1 AND outcome IS NULL AND deleted_at IS NULL";
    let job: Option<Uuid> = sqlx::query_scalar(job).bind(id).fetch_optional(ops).await?;
    let Some(job) = job else {
        return Ok(None);
    };
    match jobs::cancel(ops, job).await? {
        Some(_) => find(ops, id).await,
        None => Ok(None),
    }
}

/// Deletes an export: nobody sees it any more, a job throws its files away, and the
/// one that may be writing it is told to end. False where there is no such export.
pub async fn delete(ops: &PgPool, id: Uuid) -> Result<bool, Error> {
    let removal = NewJob::of(&RemoveExport { export: id });
    let removal = removal.map_err(|error| Error::Encode(error.into()))?;
    let mut transaction = ops.begin().await?;
    let deleted = "UPDATE exports SET deleted_at = statement_timestamp() \
                    WHERE id = $1 AND deleted_at IS NULL RETURNING job_id";
    let deleted = sqlx::query_scalar(deleted).bind(id);
    let job: Option<Uuid> = deleted.fetch_optional(&mut *transaction).await?;
    let Some(job) = job else {
        return Ok(false);
    };
    let _ = jobs::enqueue(&mut transaction, &[removal]).await?;
    transaction.commit().await?;
    // Where it is not told: what it writes it takes back itself.
    if let Err(error) = jobs::cancel(ops, job).await {
        tracing::warn!(export.id = %id, %error, "export.job_not_cancelled");
    }
    Ok(true)
}
