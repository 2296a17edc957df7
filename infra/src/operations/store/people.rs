//! What people look at, and what they set going.

use crate::{
    api_keys::Scopes,
    jobs::{self, NewJob},
    operations::{
        import::ImportTerms,
        job::{RunAboutSomebody, RunImport, RunOperation},
        record::{
            About, OnInvalid, Operation, OperationError, OperationKind, OperationPhase,
            OperationProgress, OperationState,
        },
    },
};
use sqlx::{Error, PgPool, Row as _, postgres::PgRow, types::Json};
use uuid::Uuid;

/// An operation whose job will not go on by itself has come to its end, whatever
/// its row says: it is dead, or an operator has cancelled it.
const SHOWN: &str = "SELECT o.id, o.import, o.about, o.phase, \
    CASE WHEN o.import IS NULL THEN o.kind ELSE 'import' END AS kind, o.dry_run, o.on_invalid, o.cancel_requested, o.lines, \
    o.invalid, o.done, o.succeeded, o.replayed, o.failed, o.lines_per_second, o.created_at, \
    o.started_at, o.finished_at, o.expires_at, \
    CASE WHEN o.finished_at IS NOT NULL THEN o.state \
         WHEN j.state = 'cancelled' THEN 'cancelled' \
         WHEN j.state IS NULL OR j.state = 'dead' THEN 'failed' ELSE o.state END AS state, \
    CASE WHEN o.finished_at IS NULL AND (j.state IS NULL OR j.state = 'dead') \
         THEN 'gave_up' ELSE o.error_code END AS error_code, \
    CASE WHEN o.finished_at IS NULL AND (j.state IS NULL OR j.state = 'dead') \
         THEN coalesce(j.last_error, 'its job is gone') ELSE o.error_detail END AS error_detail \
    FROM operations o LEFT JOIN jobs j ON j.id = o.job_id";

/// An operation before it is there; lines that were uploaded are an object already.
#[derive(Debug, Clone)]
pub struct NewOperation {
    /// Its id.
    pub id: Uuid,
    /// What is done.
    pub kind: OperationKind,
    /// About whom, where it finds its orders by itself.
    pub about: Option<About>,
    /// How its file is read, of an import.
    pub import: Option<ImportTerms>,
    /// Whose it is, and by which key.
    pub principal: String,
    /// What its lines may do.
    pub scopes: Scopes,
    /// Under which a repeat is one.
    pub idempotency_key: Option<String>,
    /// Of the lines and of how they are to be treated.
    pub request_hash: [u8; 32],
    /// How large they are.
    pub input_bytes: i64,
    /// Whether nothing is to be stored.
    pub dry_run: bool,
    /// What a line that cannot be read means for the others.
    pub on_invalid: OnInvalid,
    /// W3C trace context of the request, and what ties together all that it
    /// leads to.
    pub cause: (Option<String>, Option<String>),
}

impl NewOperation {
    /// The customer that it is to erase.
    fn erased(&self) -> Option<Uuid> {
        let about = self.about.as_ref();
        about
            .filter(|_| self.kind == OperationKind::Erasure)?
            .customer()
    }
}

/// What came of a request for an operation.
#[derive(Debug)]
pub enum Created {
    /// It is new.
    New(Operation),
    /// The same request has made it before.
    Again(Operation),
    /// Another request has made one under the same key.
    Other,
}

/// Why there is no operation.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The database.
    #[error(transparent)]
    Database(#[from] Error),
    /// Never: ids have a JSON form.
    #[error(transparent)]
    Payload(#[from] serde_json::Error),
}

/// A new operation with its job, once for each key.
pub async fn create(ops: &PgPool, new: &NewOperation) -> Result<Created, CreateError> {
    let (traceparent, correlation) = new.cause.clone();
    let operation = new.id;
    let job = match new.kind {
        OperationKind::Bulk => NewJob::of(&RunOperation { operation })?,
        OperationKind::Import => NewJob::of(&RunImport { operation })?,
        OperationKind::GuestOrders | OperationKind::Erasure => {
            NewJob::of(&RunAboutSomebody { operation })?
        }
    };
    let job = job.caused_by(traceparent, correlation);
    let mut transaction = ops.begin().await?;
    let inserted = sqlx::query(
        "INSERT INTO operations (id, principal, idempotency_key, request_hash, dry_run, \
                                 on_invalid, job_id, input_bytes, kind, about, prepared, scopes, \
                                 import) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
                 $10::jsonb IS NULL AND $12::jsonb IS NULL, $11, $12) \
         ON CONFLICT (principal, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING",
    )
    .bind(new.id)
    .bind(&new.principal)
    .bind(&new.idempotency_key)
    .bind(&new.request_hash[..])
    .bind(new.dry_run)
    .bind(new.on_invalid.name())
    .bind(job.id())
    .bind(new.input_bytes)
    .bind(stored_as(new.kind).name())
    .bind(new.about.as_ref().map(Json))
    .bind(new.scopes.named())
    .bind(new.import.as_ref().map(Json))
    .execute(&mut *transaction)
    .await?;
    if inserted.rows_affected() == 0 {
        drop(transaction);
        return Ok(again(ops, new).await?);
    }
    if let Some(subject) = new.erased() {
        // At once: what is ordered from here on is under another key.
        sqlx::query(
            "WITH gone AS (DELETE FROM subject_keys WHERE subject = $2) \
             UPDATE operations SET keys_deleted_at = statement_timestamp() WHERE id = $1",
        )
        .bind(new.id)
        .bind(subject)
        .execute(&mut *transaction)
        .await?;
    }
    // Nobody announces it: it begins within a second or so.
    let _ = jobs::enqueue(&mut transaction, &[job]).await?;
    transaction.commit().await?;
    let found = find(ops, new.id).await?;
    Ok(Created::New(found.ok_or(Error::RowNotFound)?))
}

/// As what it is stored: releases from before know no imports, and `import` tells
/// them apart.
const fn stored_as(kind: OperationKind) -> OperationKind {
    match kind {
        OperationKind::Import => OperationKind::Bulk,
        kind => kind,
    }
}

async fn again(ops: &PgPool, new: &NewOperation) -> Result<Created, Error> {
    let sql =
        "SELECT id, request_hash FROM operations WHERE principal = $1 AND idempotency_key = $2";
    let before: (Uuid, Vec<u8>) = sqlx::query_as(sql)
        .bind(&new.principal)
        .bind(&new.idempotency_key)
        .fetch_one(ops)
        .await?;
    if before.1 != new.request_hash {
        return Ok(Created::Other);
    }
    let found = find(ops, before.0).await?;
    Ok(Created::Again(found.ok_or(Error::RowNotFound)?))
}

/// One operation.
pub async fn find(ops: &PgPool, id: Uuid) -> Result<Option<Operation>, Error> {
    let sql = format!("{SHOWN} WHERE o.id = $1");
    let row = sqlx::query(&sql).bind(id).fetch_optional(ops).await?;
    row.as_ref().map(operation).transpose()
}

/// Which operations; each that is none leaves all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// What becomes of them.
    pub state: Option<OperationState>,
    /// Only those that were asked for before this one.
    pub before: Option<Uuid>,
}

/// Operations, the newest first.
pub async fn list(ops: &PgPool, filter: &Filter, limit: i64) -> Result<Vec<Operation>, Error> {
    let sql = format!(
        "SELECT * FROM ({SHOWN}) shown \
          WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR id < $2) \
          ORDER BY id DESC LIMIT $3"
    );
    let rows = sqlx::query(&sql)
        .bind(filter.state.map(OperationState::name))
        .bind(filter.before)
        .bind(limit)
        .fetch_all(ops)
        .await?;
    rows.iter().map(operation).collect()
}

/// What came of a request to cancel.
#[derive(Debug)]
pub enum Cancelled {
    /// It will end, or has been cancelled before.
    Told(Box<Operation>),
    /// It has come to another end.
    Finished,
    /// It is of a kind that is brought to its end: half an erasure is none.
    NotOffered,
    /// There is none.
    Unknown,
}

/// Tells an operation to end.
pub async fn cancel(ops: &PgPool, id: Uuid) -> Result<Cancelled, Error> {
    // One that nobody works on any more has failed, and stays so if its job is
    // retried.
    sqlx::query(
        "UPDATE operations o SET cancel_requested = true \
           FROM jobs j WHERE o.id = $1 AND o.finished_at IS NULL AND j.id = o.job_id \
            AND o.kind <> 'erasure' \
            AND j.state IN ('pending', 'running')",
    )
    .bind(id)
    .execute(ops)
    .await?;
    Ok(match find(ops, id).await? {
        None => Cancelled::Unknown,
        Some(operation) => match operation.state {
            OperationState::Succeeded | OperationState::Failed => Cancelled::Finished,
            _ if operation.kind == OperationKind::Erasure => Cancelled::NotOffered,
            _ => Cancelled::Told(Box::new(operation)),
        },
    })
}

/// The objects that hold the results, the first first.
pub async fn parts(ops: &PgPool, id: Uuid) -> Result<Vec<String>, Error> {
    let sql = "SELECT object FROM operation_parts WHERE operation_id = $1 ORDER BY number";
    sqlx::query_scalar(sql).bind(id).fetch_all(ops).await
}

fn operation(row: &PgRow) -> Result<Operation, Error> {
    let id: Uuid = row.try_get("id")?;
    let state = named(row, "state", OperationState::named)?;
    let error: Option<String> = row.try_get("error_code")?;
    let detail: Option<String> = row.try_get("error_detail")?;
    let about: Option<Json<About>> = row.try_get("about")?;
    let import: Option<Json<ImportTerms>> = row.try_get("import")?;
    let progress = OperationProgress {
        lines: row.try_get("lines")?,
        valid: None,
        invalid: row.try_get("invalid")?,
        done: row.try_get("done")?,
        succeeded: row.try_get("succeeded")?,
        replayed: row.try_get("replayed")?,
        failed: row.try_get("failed")?,
        percent: None,
        lines_per_second: row.try_get("lines_per_second")?,
        seconds_left: None,
    };
    Ok(Operation {
        id,
        kind: named(row, "kind", OperationKind::named)?,
        about: about.map(|about| about.0.told()),
        import: import.map(|import| import.0),
        state,
        phase: if state.is_end() {
            OperationPhase::Finished
        } else {
            named(row, "phase", OperationPhase::named)?
        },
        dry_run: row.try_get("dry_run")?,
        on_invalid: named(row, "on_invalid", OnInvalid::named)?,
        cancel_requested: row.try_get("cancel_requested")?,
        progress: progress.derived(state == OperationState::Running),
        error: error.map(|code| OperationError {
            code,
            detail: detail.unwrap_or_default(),
        }),
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        expires_at: row.try_get("expires_at")?,
        results: state
            .is_end()
            .then(|| format!("/v1/operations/{id}/results")),
    })
}

pub(super) fn named<T>(
    row: &PgRow,
    column: &str,
    of: impl Fn(&str) -> Option<T>,
) -> Result<T, Error> {
    let name: String = row.try_get(column)?;
    of(&name).ok_or_else(|| Error::Decode(format!("{name:?} is no {column}").into()))
}

/// Who has asked for each of these, where they are operations that are still kept:
/// their key, or the subject of their token.
pub async fn askers(ops: &PgPool, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>, Error> {
    let askers = sqlx::query_as("SELECT id, principal FROM operations WHERE id = ANY ($1)");
    askers.bind(ids).fetch_all(ops).await
}
