//! What a download needs.

use super::wanted;
use crate::{exports::wanted::Wanted, hex::hex};
use sqlx::{Error, PgPool, Row as _};
use time::OffsetDateTime;
use uuid::Uuid;

/// A file that can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// What it is.
    pub wanted: Wanted,
    /// Its name among the objects.
    pub object: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// The moment that it is of.
    pub as_of: OffsetDateTime,
}

impl StoredFile {
    /// Its entity tag, quotes included.
    pub fn tag(&self) -> String {
        format!("\"{}\"", hex(&self.sha256))
    }
}

/// The file of an export, as long as it is kept.
pub async fn file(ops: &PgPool, id: Uuid) -> Result<Option<StoredFile>, Error> {
    let row = sqlx::query(
        "SELECT kind, format, compression, filters, fields, object, bytes, sha256, as_of \
           FROM exports \
          WHERE id = $1 AND deleted_at IS NULL AND object IS NOT NULL \
            AND expires_at > statement_timestamp()",
    );
    let row = row.bind(id).fetch_optional(ops).await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let sha256: Vec<u8> = row.try_get("sha256")?;
    let malformed = |_| Error::Decode("a hash is not 32 bytes long".into());
    Ok(Some(StoredFile {
        wanted: wanted(&row)?,
        object: row.try_get("object")?,
        bytes: row.try_get::<i64, _>("bytes")?.cast_unsigned(),
        sha256: sha256.try_into().map_err(malformed)?,
        as_of: row.try_get("as_of")?,
    }))
}
