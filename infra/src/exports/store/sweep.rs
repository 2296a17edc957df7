//! What is thrown away, and when.

use crate::exports::FOLDER;
use sqlx::{Error, PgPool};
use std::time::Duration;
use uuid::Uuid;

/// An export whose file has been kept for long enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// Which.
    pub id: Uuid,
    /// Its file.
    pub object: String,
}

/// Writes down how exports have ended whose jobs came to another end than a file,
/// before those are thrown away; how many.
pub async fn settle(ops: &PgPool, limit: i64) -> Result<u64, Error> {
    let settled = sqlx::query(
        "WITH ended AS MATERIALIZED ( \
             SELECT e.id, j.state, j.finished_at \
               FROM exports e LEFT JOIN jobs j ON j.id = e.job_id \
              WHERE e.outcome IS NULL AND coalesce(j.state, '') NOT IN ('pending', 'running') \
              LIMIT $1 FOR UPDATE OF e SKIP LOCKED) \
         UPDATE exports e \
            SET outcome = CASE ended.state WHEN 'cancelled' THEN 'cancelled' ELSE 'failed' END, \
                finished_at = coalesce(ended.finished_at, statement_timestamp()) \
           FROM ended WHERE e.id = ended.id",
    );
    Ok(settled.bind(limit).execute(ops).await?.rows_affected())
}

/// Exports whose files are due to be thrown away.
pub async fn expired(ops: &PgPool, limit: i64) -> Result<Vec<Expired>, Error> {
    let found: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, object FROM exports \
          WHERE object IS NOT NULL AND expires_at <= statement_timestamp() \
          ORDER BY expires_at LIMIT $1",
    )
    .bind(limit)
    .fetch_all(ops)
    .await?;
    let found = found.into_iter();
    Ok(found.map(|(id, object)| Expired { id, object }).collect())
}

/// The files of these exports are gone; how many.
pub async fn without_file(ops: &PgPool, gone: &[Expired]) -> Result<u64, Error> {
    let (ids, objects): (Vec<Uuid>, Vec<&str>) = gone
        .iter()
        .map(|Expired { id, object }| (*id, object.as_str()))
        .unzip();
    let done = sqlx::query(
        "UPDATE exports e SET object = NULL \
           FROM unnest($1::uuid[], $2::text[]) gone (id, object) \
          WHERE e.id = gone.id AND e.object = gone.object",
    );
    let done = done.bind(ids).bind(objects).execute(ops).await?;
    Ok(done.rows_affected())
}

/// Of these objects those that no export has, nor ever will: of another attempt than
/// the one that its export has ended with, or of an export that nobody knows.
pub async fn orphans(ops: &PgPool, objects: &[String]) -> Result<Vec<String>, Error> {
    let (mut ids, mut ours) = (Vec::new(), Vec::new());
    for object in objects {
        if let Some(id) = export_of(object) {
            ids.push(id);
            ours.push(object.as_str());
        }
    }
    sqlx::query_scalar(
        "SELECT o.name FROM unnest($1::uuid[], $2::text[]) o (id, name) \
          WHERE NOT EXISTS ( \
              SELECT FROM exports e \
               WHERE e.id = o.id AND e.deleted_at IS NULL \
                 AND (e.outcome IS NULL OR e.object = o.name))",
    )
    .bind(ids)
    .bind(ours)
    .fetch_all(ops)
    .await
}

/// The export in the name of an object.
fn export_of(object: &str) -> Option<Uuid> {
    let (folder, rest) = object.split_once('/')?;
    let (id, _) = rest.split_once('/')?;
    (folder == FOLDER).then(|| id.parse().ok())?
}

/// A deleted export leaves nothing.
pub async fn forget(ops: &PgPool, id: Uuid) -> Result<(), Error> {
    let forgotten = "DELETE FROM exports WHERE id = $1 AND deleted_at IS NOT NULL";
    sqlx::query(forgotten).bind(id).execute(ops).await?;
    Ok(())
}

/// Throws away at most `limit` exports without a file that ended longer ago than
/// `kept`; how many.
pub async fn forget_old(ops: &PgPool, kept: Duration, limit: i64) -> Result<u64, Error> {
    let forgotten = sqlx::query(
        "DELETE FROM exports WHERE id IN ( \
             SELECT id FROM exports \
              WHERE object IS NULL AND finished_at < statement_timestamp() - $1 * interval '1 second' \
              ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(kept.as_secs_f64())
    .bind(limit)
    .execute(ops)
    .await?;
    Ok(forgotten.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exports::object_prefix;

    #[test]
    fn an_object_names_its_export() {
        let id = Uuid::from_u128(7);
        let name = format!("{}/1.csv", object_prefix(id));
        assert_eq!(export_of(&name), Some(id));
        for other in [
            "exports/x/1.csv",
            "operations/1/2",
            "exports",
            "",
            &object_prefix(id),
        ] {
            assert_eq!(export_of(other), None, "{other}");
        }
    }
}
