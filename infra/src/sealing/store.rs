//! Subject keys in the ops database.

use sqlx::{PgPool, Row as _};
use uuid::Uuid;

/// A stored key.
#[derive(Debug, Clone)]
pub(super) struct StoredKey {
    /// Whose it is.
    pub subject: Uuid,
    /// Id of the master key that wrapped it.
    pub master_key: String,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
}

/// Stores the keys of those subjects that have none yet; how many that were.
/// `keys` are in the order of their subjects, so that two processes with the
/// same subjects wait for each other and never in a circle.
pub(super) async fn insert(
    ops: &PgPool,
    master_key: &str,
    keys: &[(Uuid, Vec<u8>)],
) -> Result<u64, sqlx::Error> {
    let subjects: Vec<Uuid> = keys.iter().map(|(subject, _)| *subject).collect();
    let wrapped: Vec<&[u8]> = keys.iter().map(|(_, wrapped)| &wrapped[..]).collect();
    let inserted = sqlx::query(
        "INSERT INTO subject_keys (subject, master_key, wrapped) \
         SELECT k.subject, $1, k.wrapped FROM unnest($2::uuid[], $3::bytea[]) \
                WITH ORDINALITY AS k (subject, wrapped, place) ORDER BY k.place \
         ON CONFLICT (subject) DO NOTHING",
    )
    .bind(master_key)
    .bind(subjects)
    .bind(wrapped)
    .execute(ops)
    .await?;
    Ok(inserted.rows_affected())
}

/// The keys of these subjects, where they have one.
pub(super) async fn load(ops: &PgPool, subjects: &[Uuid]) -> Result<Vec<StoredKey>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT subject, master_key, wrapped FROM subject_keys WHERE subject = ANY($1)",
    )
    .bind(subjects)
    .fetch_all(ops)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(StoredKey {
                subject: row.try_get("subject")?,
                master_key: row.try_get("master_key")?,
                wrapped: row.try_get("wrapped")?,
            })
        })
        .collect()
}
