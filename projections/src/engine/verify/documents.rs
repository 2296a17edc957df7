//! Published documents against those that are served, which are held against
//! the log as rows.
//!
//! ```text
//!  topic ── last record of each key ──> pg_temp: published, strays
//!                                            │ full join, one snapshot
//!  documents as served ──────────────────────┘──> pg_temp: suspects ──> looked at until they rest
//! ```
//!
//! The tables are those of one connection, on disk where they do not fit into the
//! server's memory: the program holds a page. Documents are kept as digests.
//!
//! A document that is not published yet is noted as changed, or all of them are
//! being published. One that is published in the moment that it is looked at is
//! there a moment later. So what differs is suspected only; it is a difference if
//! nothing is noted of it and no other record comes for a while.

use super::store;
use crate::engine::publish::{self, Published};
use infra::config::Config;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, postgres::PgRow};
use std::{fmt, time::Duration};
use uuid::Uuid;

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";

/// A record whose key is the id of an aggregate, in the partition of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Which aggregate.
    pub id: Uuid,
    /// Its offset.
    pub offset: i64,
    /// Epoch and version, as its headers say; none if they do not.
    pub told: Option<(i32, i64)>,
    /// SHA-256 of its value; none takes the aggregate away.
    pub digest: Option<[u8; 32]>,
}

/// Any other record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its key, as text.
    pub key: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Whether it has a value; without one it takes others of its key away.
    pub has_value: bool,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Documents that differ and are yet to be published.
    pub pending: u64,
    /// Others of which something has changed within the last moments.
    pub moving: u64,
    /// All that differ, strays included.
    pub differing: u64,
}

/// A published document that is not the one that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentsDifference {
    /// Whose; none of a stray.
    pub id: Option<Uuid>,
    /// What differs.
    pub what: String,
}

/// The published documents of a projection.
pub struct Documents {
    config: Config,
    projection: &'static str,
    published: Published,
    /// Made when it is first needed.
    views: Option<PgConnection>,
    /// Only those that were chosen are compared.
    sampled: bool,
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Documents").field(&self.projection).finish()
    }
}

impl Documents {
    /// Of this projection; with `sampled` those that are [`chosen`](Self::choose).
    pub fn new(
        config: &Config,
        projection: &'static str,
        published: Published,
        sampled: bool,
    ) -> Self {
        Self {
            config: config.clone(),
            projection,
            published,
            views: None,
            sampled,
        }
    }

    /// Name of the projection.
    pub const fn projection(&self) -> &'static str {
        self.projection
    }

    /// Where they are published.
    pub const fn published(&self) -> &Published {
        &self.published
    }

    /// The connection, with its tables.
    async fn views(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        let views = match self.views.take() {
            Some(views) => views,
            None => prepared(&self.config).await?,
        };
        Ok(self.views.insert(views))
    }

    /// Takes these into the sample.
    pub async fn choose(&mut self, ids: &[Uuid]) -> Result<(), sqlx::Error> {
        self.list("chosen", ids).await
    }

    /// Says nothing about these: their rows differ from the log.
    pub async fn leave_out(&mut self, ids: &[Uuid]) -> Result<(), sqlx::Error> {
        self.list("left_out", ids).await
    }

    async fn list(&mut self, table: &str, ids: &[Uuid]) -> Result<(), sqlx::Error> {
        let sql =
            format!("INSERT INTO pg_temp.{table} SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING");
        let query = sqlx::query(&sql).bind(ids);
        query.execute(self.views().await?).await?;
        Ok(())
    }

    /// Takes records in, in the order of each partition: the last one of a key
    /// counts.
    pub async fn read(&mut self, records: &[Record]) -> Result<(), sqlx::Error> {
        let sampled = self.sampled;
        let column = |of: fn(&Record) -> Option<i64>| records.iter().map(of).collect::<Vec<_>>();
        let digests = records.iter().map(|r| r.digest.map(|d| d.to_vec()));
        sqlx::query(
            "INSERT INTO pg_temp.published AS p (id, \"offset\", epoch, version, digest) \
             SELECT DISTINCT ON (r.id) r.id, r.\"offset\", r.epoch, r.version, r.digest \
               FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) \
                    AS r (id, \"offset\", epoch, version, digest) \
              WHERE NOT $6 OR EXISTS (SELECT FROM pg_temp.chosen c WHERE c.id = r.id) \
              ORDER BY r.id, r.\"offset\" DESC \
             ON CONFLICT (id) DO UPDATE SET \"offset\" = EXCLUDED.\"offset\", \
                 epoch = EXCLUDED.epoch, version = EXCLUDED.version, digest = EXCLUDED.digest",
        )
        .bind(records.iter().map(|r| r.id).collect::<Vec<_>>())
        .bind(column(|r| Some(r.offset)))
        .bind(column(|r| r.told.map(|(epoch, _)| epoch.into())))
        .bind(column(|r| r.told.map(|(_, version)| version)))
        .bind(digests.collect::<Vec<_>>())
        .bind(sampled)
        .execute(self.views().await?)
        .await?;
        Ok(())
    }

    /// The same for a record that is nobody's, and of no sample either.
    pub async fn stray(&mut self, stray: &Stray) -> Result<(), sqlx::Error> {
        if self.sampled {
            return Ok(());
        }
        let sql = if stray.has_value {
            "INSERT INTO pg_temp.strays (key, \"partition\", \"offset\") VALUES ($1, $2, $3) \
             ON CONFLICT (key, \"partition\") DO UPDATE SET \"offset\" = EXCLUDED.\"offset\""
        } else {
            "DELETE FROM pg_temp.strays WHERE key = $1 AND \"partition\" = $2 AND \"offset\" < $3"
        };
        let query = sqlx::query(sql).bind(&stray.key).bind(stray.partition);
        let query = query.bind(stray.offset);
        query.execute(self.views().await?).await?;
        Ok(())
    }

    /// Compares all of them, and remembers whom to suspect; how many there are.
    pub async fn suspect(&mut self) -> Result<u64, sqlx::Error> {
        let (projection, table) = (self.projection, self.published.table);
        let served = if self.sampled {
            format!(
                "(SELECT d.id, d.version, d.document FROM {} d JOIN pg_temp.chosen USING (id))",
                store::served(table)
            )
        } else {
            store::served(table)
        };
        let sql = format!(
            "WITH both_sides AS MATERIALIZED ( \
                 SELECT id, d.version, p.\"offset\", {AGREES} AS agrees \
                   FROM {served} d FULL JOIN pg_temp.published p USING (id) \
                   CROSS JOIN (SELECT epoch FROM projections WHERE name = $1) b), \
             kept AS (INSERT INTO pg_temp.suspects (id, version, \"offset\") \
                 SELECT id, version, \"offset\" FROM both_sides s WHERE NOT agrees \
                    AND NOT EXISTS (SELECT FROM pg_temp.left_out l WHERE l.id = s.id)) \
             SELECT count(*) FROM both_sides"
        );
        let views = self.views().await?;
        let tables = store::tables(views, projection).await?;
        let mut snapshot = views.begin_with(SNAPSHOT).await?;
        store::hold(&mut snapshot, &tables).await?;
        let compared: i64 = sqlx::query_scalar(&sql)
            .bind(projection)
            .fetch_one(&mut *snapshot)
            .await?;
        snapshot.commit().await?;
        Ok(compared.cast_unsigned())
    }

    /// Looks once more at those that are suspected, after what the topic holds by
    /// now was [`read`](Self::read); `topic_id` is that of the topic. What changes
    /// within `rest` is moving.
    pub async fn look(&mut self, topic_id: &str, rest: Duration) -> Result<Look, sqlx::Error> {
        let (projection, table) = (self.projection, store::served(self.published.table));
        let sql = format!(
            "INSERT INTO pg_temp.looked \
             SELECT id, d.version AS served, p.version AS published, p.\"offset\", \
                    {AGREES} AS agrees, \
                    EXISTS (SELECT FROM projection_changes c WHERE c.projection = $1 \
                               AND c.id = s.id AND c.refused IS NULL) \
                 OR NOT EXISTS (SELECT FROM projection_publications w WHERE w.projection = $1 \
                               AND w.build = b.build AND w.topic_id = $2 AND w.complete) AS pending \
               FROM pg_temp.suspects s LEFT JOIN {table} d USING (id) \
               LEFT JOIN pg_temp.published p USING (id) \
              CROSS JOIN (SELECT epoch, build FROM projections WHERE name = $1) b"
        );
        let views = self.views().await?;
        let tables = store::tables(views, projection).await?;
        let mut snapshot = views.begin_with(SNAPSHOT).await?;
        store::hold(&mut snapshot, &tables).await?;
        snapshot.execute("TRUNCATE pg_temp.looked").await?;
        let looked = sqlx::query(&sql).bind(projection).bind(topic_id);
        looked.execute(&mut *snapshot).await?;
        // A later version than was to be published then is as good, while another
        // one is to follow: that is how an order that never rests is published.
        snapshot
            .execute(
                "DELETE FROM pg_temp.suspects s USING pg_temp.looked l WHERE l.id = s.id AND (l.agrees \
                     OR (l.published > s.version AND l.published < l.served)); \
                 UPDATE pg_temp.suspects s SET \"offset\" = l.\"offset\", pending = l.pending, \
                        since = clock_timestamp() FROM pg_temp.looked l \
                  WHERE l.id = s.id AND (s.\"offset\", s.pending) \
                        IS DISTINCT FROM (l.\"offset\", l.pending)",
            )
            .await?;
        let counts = sqlx::query(
            "SELECT count(*) FILTER (WHERE pending) AS pending, \
                    count(*) FILTER (WHERE NOT pending \
                        AND since > clock_timestamp() - make_interval(secs => $1)) AS moving, \
                    count(*) + (SELECT count(*) FROM pg_temp.strays) AS differing \
               FROM pg_temp.suspects",
        )
        .bind(rest.as_secs_f64())
        .fetch_one(&mut *snapshot)
        .await?;
        snapshot.commit().await?;
        let count = |name| Ok::<_, sqlx::Error>(counts.try_get::<i64, _>(name)?.cast_unsigned());
        Ok(Look {
            pending: count("pending")?,
            moving: count("moving")?,
            differing: count("differing")?,
        })
    }

    /// Has all that differ published again as they are served.
    pub async fn note(&mut self) -> Result<(), sqlx::Error> {
        let projection = self.projection;
        let views = self.views().await?;
        publish::note_those(&mut *views, projection, "pg_temp.suspects").await?;
        // They rest only after that: one that is published before the next look
        // is not pending there, and its record may not have been read.
        views
            .execute("UPDATE pg_temp.suspects SET pending = true, since = clock_timestamp()")
            .await?;
        Ok(())
    }

    /// The first `limit` differences.
    pub async fn examples(&mut self, limit: i64) -> Result<Vec<DocumentsDifference>, sqlx::Error> {
        let (projection, table) = (self.projection, store::served(self.published.table));
        let sql = format!(
            "SELECT id, d.version AS served, b.epoch AS serving, p.version AS published, \
                    p.epoch::int AS epoch, p.digest IS NOT NULL AS is_published, \
                    (SELECT max(c.refused) FROM projection_changes c \
                      WHERE c.projection = $1 AND c.id = s.id) AS refused \
               FROM pg_temp.suspects s LEFT JOIN {table} d USING (id) \
               LEFT JOIN pg_temp.published p USING (id) \
              CROSS JOIN (SELECT epoch FROM projections WHERE name = $1) b ORDER BY id LIMIT $2"
        );
        let views = self.views().await?;
        let query = sqlx::query(&sql).bind(projection).bind(limit);
        let suspects = query.fetch_all(&mut *views).await?;
        let strays = sqlx::query(
            "SELECT key, \"partition\", \"offset\" FROM pg_temp.strays ORDER BY 2, 3 LIMIT $1",
        );
        let strays = strays.bind(limit).fetch_all(views).await?;
        let told = suspects.iter().map(of_document);
        let told = told.chain(strays.iter().map(of_stray));
        told.take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect()
    }
}

/// Whether what is published, `p`, is what is served, `d`, by the build `b`.
const AGREES: &str = "CASE WHEN d.id IS NULL THEN p.digest IS NULL \
    ELSE coalesce(p.epoch = b.epoch AND p.version = d.version \
        AND p.digest = sha256(convert_to(d.document, 'UTF8')), false) END";

async fn prepared(config: &Config) -> Result<PgConnection, sqlx::Error> {
    let mut views = super::connect(config).await?;
    views
        .execute(
            "CREATE TEMPORARY TABLE published (id uuid PRIMARY KEY, \"offset\" bigint NOT NULL, \
                 epoch bigint, version bigint, digest bytea); \
             CREATE TEMPORARY TABLE strays (key text, \"partition\" integer, \
                 \"offset\" bigint NOT NULL, PRIMARY KEY (key, \"partition\")); \
             CREATE TEMPORARY TABLE chosen (id uuid PRIMARY KEY); \
             CREATE TEMPORARY TABLE left_out (id uuid PRIMARY KEY); \
             CREATE TEMPORARY TABLE suspects (id uuid PRIMARY KEY, version bigint, \
                 \"offset\" bigint, pending boolean NOT NULL DEFAULT true, \
                 since timestamptz NOT NULL DEFAULT clock_timestamp()); \
             CREATE TEMPORARY TABLE looked (id uuid PRIMARY KEY, served bigint, \
                 published bigint, \"offset\" bigint, agrees boolean, pending boolean)",
        )
        .await?;
    Ok(views)
}

fn of_document(row: &PgRow) -> Result<DocumentsDifference, sqlx::Error> {
    let served: Option<i64> = row.try_get("served")?;
    let serving: i32 = row.try_get("serving")?;
    let (epoch, version) = (row.try_get("epoch")?, row.try_get("published")?);
    let told: Option<(i32, i64)> = Option::zip(epoch, version);
    let refused: Option<String> = row.try_get("refused")?;
    let mut what = match (served, row.try_get("is_published")?, told) {
        (_, false, _) => "no document".to_owned(),
        (None, true, _) => "a document, and there is no such order".to_owned(),
        (Some(_), true, None) => "a record without epoch and version".to_owned(),
        (Some(served), true, Some(told)) if told == (serving, served) => {
            format!("another document of version {served}")
        }
        (Some(served), true, Some((epoch, version))) => {
            format!("version {version} of epoch {epoch}, and {served} of {serving} is served")
        }
    };
    if let Some(why) = refused {
        what = format!("{what}; Kafka does not take it: {why}");
    }
    Ok(DocumentsDifference {
        id: Some(row.try_get("id")?),
        what,
    })
}

fn of_stray(row: &PgRow) -> Result<DocumentsDifference, sqlx::Error> {
    let (key, partition): (String, i32) = (row.try_get("key")?, row.try_get("partition")?);
    let offset: i64 = row.try_get("offset")?;
    Ok(DocumentsDifference {
        id: None,
        what: format!("record {offset} of partition {partition} is nobody's there: key {key:?}"),
    })
}
