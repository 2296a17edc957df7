//! The tables `projection_changes` and `projection_publications`, and the
//! documents.

use super::Published;
use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, PgExecutor, PgPool, Row as _, postgres::PgRow};
use time::OffsetDateTime;
use uuid::Uuid;

/// Changes that one page takes, and ids that are noted at once.
pub const PAGE: i64 = 1_000;
/// How many bytes of documents a page holds; the last one may exceed it.
const PAGE_BYTES: usize = 4 << 20;
/// Beyond this many the changes are not counted.
const COUNTED: i64 = 100_000;

/// Something to be published.
#[derive(Debug, Clone)]
pub struct Change {
    pub id: Uuid,
    /// Transactions that have noted it.
    noted_by: Vec<String>,
    /// As of now; none for an aggregate without a row.
    pub document: Option<Document>,
}

/// A document as it is served.
#[derive(Debug, Clone)]
pub struct Document {
    /// Epoch of the log that its build was made from.
    pub epoch: i32,
    pub version: i64,
    pub updated_at: OffsetDateTime,
    /// Byte for byte what is served.
    pub json: String,
}

/// Which documents are, or are being, published as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub topic_id: String,
    pub build: i64,
    pub epoch: i32,
    pub noted_to: Uuid,
    pub prune: bool,
    pub complete: bool,
}

/// How much there is to be published.
#[derive(Debug, Clone, Copy)]
pub struct Backlog {
    /// Changes; at most [`COUNTED`] are.
    pub changes: i64,
    /// Age of the oldest, in seconds.
    pub seconds: f64,
    pub refused: i64,
    /// Whether all documents are being published anew.
    pub incomplete: bool,
}

/// Says that these were written, in the transaction that writes them.
pub async fn note(
    connection: &mut PgConnection,
    projection: &str,
    ids: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO projection_changes (projection, id) SELECT $1, unnest($2::uuid[]) \
         ON CONFLICT DO NOTHING",
    )
    .bind(projection)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// The same of those whose ids are in this table.
pub async fn note_those(
    connection: &mut PgConnection,
    projection: &str,
    table: &str,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "INSERT INTO projection_changes (projection, id) SELECT $1, id FROM {table} \
         ON CONFLICT DO NOTHING"
    );
    sqlx::query(&sql)
        .bind(projection)
        .execute(connection)
        .await?;
    Ok(())
}

/// The oldest changes, each aggregate once, with its document as of now.
pub async fn page(
    views: &PgPool,
    projection: &str,
    published: &Published,
) -> Result<Vec<Change>, sqlx::Error> {
    // One statement, so that documents and epoch are of the same build.
    let sql = format!(
        "SELECT c.id, c.noted_by, p.epoch, d.version, d.updated_at, d.document \
           FROM (SELECT id, array_agg(transaction_id::text) AS noted_by, \
                        min(transaction_id::text::bigint) AS first \
                   FROM (SELECT transaction_id, id FROM projection_changes \
                          WHERE projection = $1 AND refused IS NULL \
                          ORDER BY transaction_id, id LIMIT $2) oldest \
                  GROUP BY id) c \
           JOIN projections p ON p.name = $1 \
           LEFT JOIN {table} d ON d.id = c.id \
          ORDER BY c.first, c.id",
        table = published.table
    );
    let mut rows = sqlx::query(&sql).bind(projection).bind(PAGE).fetch(views);
    let (mut page, mut bytes) = (Vec::new(), 0);
    while bytes < PAGE_BYTES
        && let Some(row) = rows.try_next().await?
    {
        let change = change(&row)?;
        bytes += change.document.as_ref().map_or(0, |d| d.json.len());
        page.push(change);
    }
    Ok(page)
}

fn change(row: &PgRow) -> Result<Change, sqlx::Error> {
    let json: Option<String> = row.try_get("document")?;
    let document = json.map(|json| {
        Ok::<_, sqlx::Error>(Document {
            epoch: row.try_get("epoch")?,
            version: row.try_get("version")?,
            updated_at: row.try_get("updated_at")?,
            json,
        })
    });
    Ok(Change {
        id: row.try_get("id")?,
        noted_by: row.try_get("noted_by")?,
        document: document.transpose()?,
    })
}

/// What a change is in the table, by both parts of its key.
fn keys<'a>(changes: impl IntoIterator<Item = &'a Change>) -> (Vec<&'a str>, Vec<Uuid>) {
    let notes = changes
        .into_iter()
        .flat_map(|change| change.noted_by.iter().map(|by| (by.as_str(), change.id)));
    notes.unzip()
}

/// Forgets changes that are published; those noted meanwhile stay.
pub async fn forget(
    views: &PgPool,
    projection: &str,
    changes: &[Change],
) -> Result<(), sqlx::Error> {
    let (noted_by, ids) = keys(changes);
    sqlx::query(
        "DELETE FROM projection_changes c \
          USING unnest($2::text[], $3::uuid[]) AS k (transaction_id, id) \
          WHERE c.projection = $1 AND c.transaction_id = k.transaction_id::xid8 AND c.id = k.id",
    )
    .bind(projection)
    .bind(noted_by)
    .bind(ids)
    .execute(views)
    .await?;
    Ok(())
}

/// Puts a change aside whose document Kafka does not take.
pub async fn refuse(
    views: &PgPool,
    projection: &str,
    change: &Change,
    reason: &str,
) -> Result<(), sqlx::Error> {
    let (noted_by, ids) = keys([change]);
    sqlx::query(
        "UPDATE projection_changes c SET refused = $4 \
           FROM unnest($2::text[], $3::uuid[]) AS k (transaction_id, id) \
          WHERE c.projection = $1 AND c.transaction_id = k.transaction_id::xid8 AND c.id = k.id",
    )
    .bind(projection)
    .bind(noted_by)
    .bind(ids)
    .bind(reason)
    .execute(views)
    .await?;
    Ok(())
}

/// What was refused is tried once more: the topic may take more by now.
pub async fn readmit(views: &PgPool, projection: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE projection_changes SET refused = NULL \
          WHERE projection = $1 AND refused IS NOT NULL",
    )
    .bind(projection)
    .execute(views)
    .await?;
    Ok(())
}

/// (build, epoch) of what is served, if the projection was ever built.
pub async fn served(views: &PgPool, projection: &str) -> Result<Option<(i64, i32)>, sqlx::Error> {
    let row = sqlx::query("SELECT build, epoch FROM projections WHERE name = $1 AND build > 0")
        .bind(projection)
        .fetch_optional(views)
        .await?;
    row.map(|row| Ok((row.try_get("build")?, row.try_get("epoch")?)))
        .transpose()
}

/// What was begun to be published as a whole.
pub async fn publication(
    views: &PgPool,
    projection: &str,
) -> Result<Option<Publication>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT topic_id, build, epoch, noted_to, prune, complete \
           FROM projection_publications WHERE projection = $1",
    )
    .bind(projection)
    .fetch_optional(views)
    .await?;
    row.map(|row| {
        Ok(Publication {
            topic_id: row.try_get("topic_id")?,
            build: row.try_get("build")?,
            epoch: row.try_get("epoch")?,
            noted_to: row.try_get("noted_to")?,
            prune: row.try_get("prune")?,
            complete: row.try_get("complete")?,
        })
    })
    .transpose()
}

/// Begins with these documents, from the first one.
pub async fn begin(
    views: &PgPool,
    projection: &str,
    begun: &Publication,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO projection_publications \
             (projection, topic_id, build, epoch, noted_to, prune, complete) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (projection) DO UPDATE SET topic_id = EXCLUDED.topic_id, \
             build = EXCLUDED.build, epoch = EXCLUDED.epoch, noted_to = EXCLUDED.noted_to, \
             prune = EXCLUDED.prune, complete = EXCLUDED.complete",
    )
    .bind(projection)
    .bind(&begun.topic_id)
    .bind(begun.build)
    .bind(begun.epoch)
    .bind(begun.noted_to)
    .bind(begun.prune)
    .bind(begun.complete)
    .execute(views)
    .await?;
    Ok(())
}

/// Notes the next page of all documents as changed; how many that are. None
/// also where another build is served by now, or somebody else was faster.
pub async fn note_next(
    views: &PgPool,
    projection: &str,
    table: &str,
    from: &Publication,
) -> Result<u64, sqlx::Error> {
    let sql = format!(
        "WITH page AS (SELECT id FROM {table} WHERE id > $3 ORDER BY id LIMIT $4), \
              moved AS (UPDATE projection_publications \
                           SET noted_to = (SELECT id FROM page ORDER BY id DESC LIMIT 1) \
                         WHERE projection = $1 AND build = $2 AND noted_to = $3 \
                           AND EXISTS (SELECT FROM page) \
                           AND EXISTS (SELECT FROM projections WHERE name = $1 AND build = $2) \
                        RETURNING 1) \
         INSERT INTO projection_changes (projection, id) \
         SELECT $1, id FROM page WHERE EXISTS (SELECT FROM moved) ON CONFLICT DO NOTHING"
    );
    let noted = sqlx::query(&sql)
        .bind(projection)
        .bind(from.build)
        .bind(from.noted_to)
        .bind(PAGE)
        .execute(views)
        .await?;
    Ok(noted.rows_affected())
}

/// Notes those of these aggregates that have no row; how many that are.
pub async fn note_missing(
    views: &PgPool,
    projection: &str,
    table: &str,
    ids: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let sql = format!(
        "INSERT INTO projection_changes (projection, id) \
         SELECT DISTINCT $1, k.id FROM unnest($2::uuid[]) AS k (id) \
          WHERE NOT EXISTS (SELECT FROM {table} d WHERE d.id = k.id) ON CONFLICT DO NOTHING"
    );
    let noted = sqlx::query(&sql).bind(projection).bind(ids).execute(views);
    Ok(noted.await?.rows_affected())
}

/// Everything is noted that belongs to this publication.
pub async fn complete(
    views: &PgPool,
    projection: &str,
    of: &Publication,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE projection_publications SET prune = false, complete = true \
          WHERE projection = $1 AND build = $2 AND topic_id = $3 AND noted_to = $4",
    )
    .bind(projection)
    .bind(of.build)
    .bind(&of.topic_id)
    .bind(of.noted_to)
    .execute(views)
    .await?;
    Ok(())
}

/// How much there is to be published.
pub async fn backlog(
    executor: impl PgExecutor<'_>,
    projection: &str,
) -> Result<Backlog, sqlx::Error> {
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM (SELECT FROM projection_changes \
                  WHERE projection = $1 AND refused IS NULL LIMIT $2) c) AS changes, \
                coalesce((SELECT extract(epoch FROM now() - noted_at) FROM projection_changes \
                  WHERE projection = $1 AND refused IS NULL \
                  ORDER BY transaction_id LIMIT 1), 0)::float8 AS seconds, \
                (SELECT count(*) FROM projection_changes \
                  WHERE projection = $1 AND refused IS NOT NULL) AS refused, \
                EXISTS (SELECT FROM projections p \
                   LEFT JOIN projection_publications c ON c.projection = p.name \
                  WHERE p.name = $1 AND p.build > 0 \
                    AND (c.complete AND c.build = p.build) IS NOT TRUE) AS incomplete",
    )
    .bind(projection)
    .bind(COUNTED)
    .fetch_one(executor)
    .await?;
    Ok(Backlog {
        changes: row.try_get("changes")?,
        seconds: row.try_get("seconds")?,
        refused: row.try_get("refused")?,
        incomplete: row.try_get("incomplete")?,
    })
}
