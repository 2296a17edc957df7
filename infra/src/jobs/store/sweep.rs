//! What Redis is to be told, and how long jobs have waited.

use super::ANNOUNCED_FOR;
use crate::jobs::{enqueue::Lane, kind::Priority};
use sqlx::{PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

/// Of each lane, as many jobs of these kinds as it has room for that are due
/// and were not announced lately. They count as announced from now on.
pub async fn to_announce(
    ops: &PgPool,
    room: &[(Lane, i64)],
    kinds: &[String],
) -> Result<Vec<(Lane, Uuid)>, sqlx::Error> {
    let rows = sqlx::query(
        "WITH due AS MATERIALIZED ( \
             SELECT job.id \
               FROM unnest($1::text[], $2::smallint[], $3::int8[]) AS lane (queue, priority, room) \
              CROSS JOIN LATERAL ( \
                  SELECT id FROM jobs \
                   WHERE state = 'pending' AND queue = lane.queue AND priority = lane.priority \
                     AND announce_at <= statement_timestamp() AND kind = ANY($5) \
                   ORDER BY announce_at LIMIT lane.room FOR UPDATE SKIP LOCKED) AS job) \
         UPDATE jobs j \
            SET announce_at = statement_timestamp() + $4 * interval '1 second' \
           FROM due WHERE j.id = due.id \
         RETURNING j.id, j.queue, j.priority",
    )
    .bind(
        room.iter()
            .map(|(lane, _)| &*lane.queue)
            .collect::<Vec<_>>(),
    )
    .bind(
        room.iter()
            .map(|(lane, _)| lane.priority.as_number())
            .collect::<Vec<_>>(),
    )
    .bind(room.iter().map(|(_, room)| *room).collect::<Vec<_>>())
    .bind(ANNOUNCED_FOR.as_secs_f64())
    .bind(kinds)
    .fetch_all(ops)
    .await?;
    rows.iter()
        .map(|row| Ok((lane(row)?, row.try_get("id")?)))
        .collect()
}

fn lane(row: &PgRow) -> Result<Lane, sqlx::Error> {
    Ok(Lane {
        queue: row.try_get("queue")?,
        priority: Priority::from_number(row.try_get("priority")?),
    })
}

/// Moves at most `limit` jobs to the queues where their kinds wait in this
/// release; how many. Nobody would look for them where an older one has put
/// them.
pub async fn rehome(ops: &PgPool, homes: &[(&str, &str)], limit: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "WITH moved AS MATERIALIZED ( \
             SELECT j.id, home.queue \
               FROM jobs j JOIN unnest($1::text[], $2::text[]) AS home (kind, queue) \
                 ON home.kind = j.kind AND home.queue <> j.queue \
              WHERE j.state = 'pending' LIMIT $3 FOR UPDATE OF j SKIP LOCKED) \
         UPDATE jobs j \
            SET queue = moved.queue, announce_at = greatest(j.run_at, statement_timestamp()) \
           FROM moved WHERE j.id = moved.id",
    )
    .bind(homes.iter().map(|(kind, _)| *kind).collect::<Vec<_>>())
    .bind(homes.iter().map(|(_, queue)| *queue).collect::<Vec<_>>())
    .bind(limit)
    .execute(ops)
    .await?;
    Ok(done.rows_affected())
}

/// Has jobs announced again: whoever had read of them is gone.
pub async fn unannounce(ops: &PgPool, ids: &[Uuid]) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "WITH those AS MATERIALIZED ( \
             SELECT id FROM jobs WHERE id = ANY($1) AND state = 'pending' \
              ORDER BY id FOR UPDATE) \
         UPDATE jobs j SET announce_at = greatest(j.run_at, statement_timestamp()) \
           FROM those WHERE j.id = those.id",
    )
    .bind(ids)
    .execute(ops)
    .await?;
    Ok(done.rows_affected())
}

/// How long the oldest job of each queue has been due, in seconds. Queues are
/// found by stepping over the index, however many jobs wait.
pub async fn oldest_due(ops: &PgPool) -> Result<Vec<(String, f64)>, sqlx::Error> {
    sqlx::query_as(
        "WITH RECURSIVE lanes AS ( \
             (SELECT queue, priority FROM jobs WHERE state = 'pending' \
               ORDER BY queue, priority LIMIT 1) \
             UNION ALL \
             SELECT next.queue, next.priority FROM lanes \
              CROSS JOIN LATERAL ( \
                  SELECT queue, priority FROM jobs \
                   WHERE state = 'pending' AND (queue, priority) > (lanes.queue, lanes.priority) \
                   ORDER BY queue, priority LIMIT 1) AS next) \
         SELECT lanes.queue, \
                greatest(0, EXTRACT(EPOCH FROM statement_timestamp() - min(first.run_at)))::float8 \
           FROM lanes \
          CROSS JOIN LATERAL ( \
              SELECT run_at FROM jobs \
               WHERE state = 'pending' AND queue = lanes.queue AND priority = lanes.priority \
               ORDER BY run_at LIMIT 1) AS first \
          GROUP BY lanes.queue",
    )
    .fetch_all(ops)
    .await
}
