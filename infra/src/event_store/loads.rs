//! Loads of many streams in one query.

use super::{Cause, Snapshot, sessions::sessions};
use crate::{
    joined::Joined,
    log::{StoredEvent, stored_event},
    postgres::is_connection_error,
};
use sqlx::{PgPool, Row as _, postgres::PgRow};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::sleep;

/// Queries under way at a time: a long stream keeps not everybody waiting.
const QUERIES: usize = 3;
/// A connection for each.
const CONNECTIONS: u32 = 3;
/// A read is tried again when its connection turns out to be dead.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(20);

/// Each wanted stream ($1 type, $2 id, $3 schema version of snapshots that can
/// be read, 0 for none): its snapshot, as a row of its own, and the events
/// after it. The fences (OFFSET 0) keep it one index look-up per stream and
/// table, whatever the planner thinks of them.
const STREAMS: &str = "WITH wanted AS MATERIALIZED ( \
         SELECT w.aggregate_type, w.aggregate_id, s.version, s.state \
           FROM unnest($1::text[], $2::text[], $3::integer[]) \
                  AS w (aggregate_type, aggregate_id, schema_version) \
           LEFT JOIN LATERAL ( \
               SELECT s.version, s.state FROM aggregate_snapshots s \
                WHERE s.aggregate_type = w.aggregate_type AND s.aggregate_id = w.aggregate_id \
                  AND s.schema_version = w.schema_version OFFSET 0) s ON true) \
     SELECT true AS is_snapshot, aggregate_type, aggregate_id, version AS sequence, \
            '' AS event_type, '' AS event_version, state AS payload, \
            '{\"actor\":\"\",\"after\":\"\"}'::json AS metadata, 0 AS epoch, 0::bigint AS xid, \
            0::bigint AS position, now() AS recorded_at \
       FROM wanted WHERE version IS NOT NULL \
     UNION ALL \
     SELECT false, e.* FROM wanted w CROSS JOIN LATERAL ( \
         SELECT aggregate_type, aggregate_id, sequence, event_type, event_version, \
                payload::text, metadata, epoch, transaction_id::text::bigint AS xid, position, \
                recorded_at \
           FROM events e \
          WHERE e.aggregate_type = w.aggregate_type AND e.aggregate_id = w.aggregate_id \
            AND e.sequence > coalesce(w.version, 0) \
          ORDER BY e.sequence OFFSET 0) e";

/// What a load answers.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    /// Where the events begin; from the first on if none.
    pub snapshot: Option<Snapshot>,
    /// In the order of their sequences.
    pub events: Vec<StoredEvent>,
}

/// Type, id, schema version.
type Wanted = (&'static str, String, i32);
type Streams = Result<Arc<HashMap<(String, String), Stream>>, Cause>;

/// Joins loads.
pub(super) struct Loads(Joined<Wanted, Streams>);

impl Loads {
    pub fn start(pool: &PgPool) -> Self {
        let sessions = sessions(pool, CONNECTIONS, &[]);
        Self(Joined::start(QUERIES, move |wanted| {
            let pool = sessions.clone();
            async move {
                patient(&pool, &wanted)
                    .await
                    .map(Arc::new)
                    .map_err(Cause::new)
            }
        }))
    }

    pub async fn load(
        &self,
        aggregate_type: &'static str,
        aggregate_id: &str,
        snapshots: Option<i32>,
    ) -> Result<Stream, Cause> {
        let wanted = (
            aggregate_type,
            aggregate_id.to_owned(),
            snapshots.unwrap_or(0),
        );
        let stopped = || Cause::new("the loader of streams has stopped");
        let streams = self.0.ask(vec![wanted]).await.ok_or_else(stopped)??;
        let stream = streams.get(&(aggregate_type.to_owned(), aggregate_id.to_owned()));
        Ok(stream.cloned().unwrap_or_default())
    }
}

async fn patient(
    pool: &PgPool,
    wanted: &[Wanted],
) -> Result<HashMap<(String, String), Stream>, sqlx::Error> {
    let mut tries = 1;
    loop {
        match streams(pool, wanted).await {
            Err(sqlx::Error::PoolTimedOut) => return Err(sqlx::Error::PoolTimedOut),
            Err(error) if tries < TRIES && is_connection_error(&error) => {
                tracing::debug!(%error, "event_store.load_again");
                tries += 1;
                sleep(PAUSE).await;
            }
            answer => return answer,
        }
    }
}

async fn streams(
    pool: &PgPool,
    wanted: &[Wanted],
) -> Result<HashMap<(String, String), Stream>, sqlx::Error> {
    let types: Vec<&str> = wanted.iter().map(|w| w.0).collect();
    let ids: Vec<&str> = wanted.iter().map(|w| w.1.as_str()).collect();
    let versions: Vec<i32> = wanted.iter().map(|w| w.2).collect();
    let rows = sqlx::query(STREAMS)
        .bind(types)
        .bind(ids)
        .bind(versions)
        .fetch_all(pool)
        .await?;
    let mut streams: HashMap<_, Stream> = HashMap::with_capacity(wanted.len());
    for row in &rows {
        add(&mut streams, row)?;
    }
    for stream in streams.values_mut() {
        stream.events.sort_unstable_by_key(|event| event.sequence);
    }
    Ok(streams)
}

fn add(streams: &mut HashMap<(String, String), Stream>, row: &PgRow) -> Result<(), sqlx::Error> {
    let event = stored_event(row)?;
    let of = (event.aggregate_type.clone(), event.aggregate_id.clone());
    let stream = streams.entry(of).or_default();
    if row.try_get("is_snapshot")? {
        let (version, state) = (event.sequence, event.payload);
        stream.snapshot = Some(Snapshot { version, state });
    } else {
        stream.events.push(event);
    }
    Ok(())
}
