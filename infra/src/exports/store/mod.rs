//! The SQL of exports. Times are those of the database.

mod file;
mod people;
mod sweep;
mod work;

pub use file::{StoredFile, file};
pub use people::{Created, Filter, NewExport, cancel, create, delete, find, list};
pub use sweep::{Expired, expired, forget, forget_old, orphans, settle, without_file};
pub use work::{Finished, begin, finish, note_problem};

use super::{
    record::{Export, ExportProgress, ExportState},
    wanted::{ExportCompression, ExportFormat, ExportKind, Wanted},
};
use crate::hex::hex;
use sqlx::{Error, Row as _, postgres::PgRow, types::Json};

/// Where an export `e` is, whose job is `j`.
const STATE: &str = "CASE \
    WHEN e.outcome = 'done' AND (e.object IS NULL OR e.expires_at <= statement_timestamp()) \
        THEN 'expired' \
    WHEN e.outcome IS NOT NULL THEN e.outcome \
    WHEN j.state IN ('pending', 'running', 'cancelled') THEN j.state \
    ELSE 'failed' END";

/// Columns of a record, but for its state.
const COLUMNS: &str = "e.id, e.kind, e.format, e.compression, e.filters, e.fields, e.problem, \
    e.rows, e.bytes, e.sha256, e.\"position\", e.as_of, e.created_by, e.created_at, e.expires_at, \
    e.outcome IS NULL AND coalesce(j.cancel_requested, false) AS cancel_requested, \
    CASE WHEN e.outcome IS NULL THEN j.progress END AS progress, j.started_at, \
    coalesce(e.finished_at, j.finished_at) AS finished_at";

/// Exports that somebody sees, with their jobs.
const FROM: &str = "exports e LEFT JOIN jobs j ON j.id = e.job_id";

fn export(row: &PgRow) -> Result<Export, Error> {
    let Wanted {
        kind,
        format,
        compression,
        filters,
        fields,
    } = wanted(row)?;
    let state: String = row.try_get("state")?;
    let state = ExportState::named(&state).ok_or_else(|| unknown(&state))?;
    let progress: Option<Json<Noted>> = row.try_get("progress")?;
    let progress = progress.filter(|_| state == ExportState::Running);
    let sha256: Option<Vec<u8>> = row.try_get("sha256")?;
    Ok(Export {
        id: row.try_get("id")?,
        kind,
        format,
        compression,
        filters,
        fields,
        state,
        cancel_requested: row.try_get("cancel_requested")?,
        progress: progress.map(|Json(noted)| ExportProgress {
            rows: noted.done,
            expected_rows: noted.total,
        }),
        problem: row.try_get("problem")?,
        rows: row.try_get("rows")?,
        bytes: row.try_get("bytes")?,
        sha256: sha256.map(|hash| hex(&hash)),
        position: row.try_get("position")?,
        as_of: row.try_get("as_of")?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        expires_at: row.try_get("expires_at")?,
    })
}

/// What of a job's progress is told.
#[derive(serde::Deserialize)]
struct Noted {
    done: i64,
    total: Option<i64>,
}

fn wanted(row: &PgRow) -> Result<Wanted, Error> {
    let named = |column: &str| row.try_get::<String, _>(column);
    let (kind, format) = (named("kind")?, named("format")?);
    let compression = named("compression")?;
    let mut kinds = ExportKind::ALL.into_iter();
    let mut formats = ExportFormat::ALL.into_iter();
    let mut compressions = ExportCompression::ALL.into_iter();
    let Json(filters) = row.try_get("filters")?;
    Ok(Wanted {
        kind: kinds
            .find(|known| known.name() == kind)
            .ok_or_else(|| unknown(&kind))?,
        format: formats
            .find(|known| known.extension() == format)
            .ok_or_else(|| unknown(&format))?,
        compression: compressions
            .find(|known| known.name() == compression)
            .ok_or_else(|| unknown(&compression))?,
        filters,
        fields: row.try_get("fields")?,
    })
}

fn unknown(name: &str) -> Error {
    Error::Decode(format!("exports have no {name:?}").into())
}
