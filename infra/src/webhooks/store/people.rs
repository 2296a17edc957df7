//! Deliveries, as people look at them and set them going again.

use crate::{
    clock,
    webhooks::{
        delivery::{Attempt, Delivery, DeliveryState},
        message_id,
    },
};
use sqlx::{Error, PgConnection, PgPool, QueryBuilder, Row as _, postgres::PgRow};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

const COLUMNS: &str = "id, endpoint_id, message_id, event_type, order_id, order_version, state, \
    attempts, due_at, last_error, finished_at, created_at";

/// Which deliveries; each that is none leaves all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// To whom.
    pub endpoint: Option<Uuid>,
    /// What became of them.
    pub state: Option<DeliveryState>,
    /// Of what.
    pub event_type: Option<String>,
    /// Of which order.
    pub order: Option<Uuid>,
    /// Only those that were made before this one.
    pub before: Option<Uuid>,
}

/// Deliveries, the newest first.
pub async fn list_deliveries(
    ops: &PgPool,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Delivery>, Error> {
    // Only what is asked for: each combination has a plan of its own.
    let mut sql = QueryBuilder::new(format!(
        "SELECT {COLUMNS} FROM webhook_deliveries WHERE true"
    ));
    if let Some(endpoint) = filter.endpoint {
        sql.push(" AND endpoint_id = ").push_bind(endpoint);
    }
    if let Some(state) = filter.state {
        // Not bound: an index has only some of the states.
        sql.push(format!(" AND state = '{}'", state.name()));
    }
    if let Some(event_type) = &filter.event_type {
        sql.push(" AND event_type = ").push_bind(event_type);
    }
    if let Some(order) = filter.order {
        sql.push(" AND order_id = ").push_bind(order);
    }
    if let Some(before) = filter.before {
        sql.push(" AND id < ").push_bind(before);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    let rows = sql.build().fetch_all(ops).await?;
    rows.iter().map(delivery).collect()
}

/// One delivery.
pub async fn find_delivery(ops: &PgPool, id: Uuid) -> Result<Option<Delivery>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_deliveries WHERE id = $1");
    let row = sqlx::query(&sql).bind(id).fetch_optional(ops).await?;
    row.as_ref().map(delivery).transpose()
}

/// The body of every request of a delivery.
pub async fn body(ops: &PgPool, delivery: Uuid) -> Result<String, Error> {
    let body = sqlx::query_scalar(
        "SELECT m.body FROM webhook_deliveries d JOIN webhook_messages m ON m.id = d.message_id \
          WHERE d.id = $1",
    );
    body.bind(delivery).fetch_one(ops).await
}

/// The requests of a delivery, the first first, of many the last ones.
pub async fn attempts(ops: &PgPool, delivery: Uuid, limit: i64) -> Result<Vec<Attempt>, Error> {
    let rows = sqlx::query(
        "SELECT * FROM (SELECT id, at, duration_ms, status, error, answer FROM webhook_attempts \
                         WHERE delivery_id = $1 ORDER BY at DESC, id DESC LIMIT $2) a \
          ORDER BY at, id",
    )
    .bind(delivery)
    .bind(limit)
    .fetch_all(ops)
    .await?;
    let attempt = |row: &PgRow| {
        Ok(Attempt {
            at: row.try_get("at")?,
            duration_ms: row.try_get("duration_ms")?,
            status: row.try_get("status")?,
            error: row.try_get("error")?,
            answer: row.try_get("answer")?,
        })
    };
    rows.iter().map(attempt).collect()
}

/// Sends a delivery once more, whatever became of it, before anything else that
/// is due, and though the endpoint rests. None where there is no such delivery, or
/// its endpoint is gone or disabled.
pub async fn retry(ops: &PgPool, id: Uuid) -> Result<Option<Delivery>, Error> {
    let mut transaction = ops.begin().await?;
    let sql = format!(
        "UPDATE webhook_deliveries \
            SET state = 'pending', attempts = 0, finished_at = NULL, \
                due_at = (SELECT e.created_at FROM webhook_endpoints e WHERE e.id = endpoint_id) \
          WHERE id = $1 AND EXISTS (SELECT FROM webhook_endpoints e \
                WHERE e.id = endpoint_id AND e.state = 'enabled' AND e.deleted_at IS NULL) \
         RETURNING {COLUMNS}"
    );
    let row = sqlx::query(&sql).bind(id);
    let Some(row) = row.fetch_optional(&mut *transaction).await? else {
        return Ok(None);
    };
    let retried = delivery(&row)?;
    wake(&mut transaction, retried.endpoint_id).await?;
    transaction.commit().await?;
    Ok(Some(retried))
}

/// Ends the rest of an endpoint: it is tried once.
async fn wake(connection: &mut PgConnection, endpoint: Uuid) -> Result<(), Error> {
    let woken = sqlx::query(
        "UPDATE webhook_endpoints SET rests_until = statement_timestamp() \
          WHERE id = $1 AND rests_until > statement_timestamp()",
    );
    woken.bind(endpoint).execute(connection).await?;
    Ok(())
}

/// What is sent once more.
#[derive(Debug, Clone, Copy)]
pub enum Replay {
    /// Everything that was made from the first moment on, before the second.
    Range(OffsetDateTime, OffsetDateTime),
    /// What the endpoint has missed.
    Missed,
}

/// What was set going again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Replayed {
    /// Deliveries.
    pub count: u64,
    /// When the last of them was made, where there may be more after it.
    pub until: Option<OffsetDateTime>,
}

/// Deliveries that one replay sets going at most.
pub const MOST_REPLAYED: u64 = 100_000;
/// Deliveries of one statement: its locks are short.
const REPLAYED_AT_ONCE: i64 = 1_000;
/// Ids are made by clocks of ours, times by that of the database; they are not
/// further apart than this.
const SKEW: Duration = Duration::from_hours(1);

/// Sends deliveries of an endpoint once more, in the order in which they were
/// made, as many as one replay may.
pub async fn replay(ops: &PgPool, endpoint: Uuid, replay: Replay) -> Result<Replayed, Error> {
    let (which, from, to) = match replay {
        Replay::Range(from, to) => (
            "created_at >= $5 AND created_at < $6 AND state <> 'pending'",
            from,
            to,
        ),
        Replay::Missed => (
            "state IN ('failed', 'skipped') AND created_at >= $5 AND created_at < $6",
            OffsetDateTime::UNIX_EPOCH,
            clock::now() + SKEW,
        ),
    };
    let sql = format!(
        "WITH these AS MATERIALIZED ( \
             SELECT id FROM webhook_deliveries \
              WHERE endpoint_id = $1 AND id > $2 AND id < $3 AND {which} ORDER BY id LIMIT $4), \
         again AS ( \
             UPDATE webhook_deliveries d \
                SET state = 'pending', attempts = 0, due_at = statement_timestamp(), \
                    finished_at = NULL \
               FROM these WHERE d.id = these.id RETURNING d.id, d.created_at) \
         SELECT id, created_at, count(*) OVER () AS again FROM again ORDER BY id DESC LIMIT 1"
    );
    let (mut after, end) = (clock::id_at(from - SKEW), clock::id_at(to + SKEW));
    let mut replayed = Replayed::default();
    loop {
        let row = sqlx::query(&sql)
            .bind(endpoint)
            .bind(after)
            .bind(end)
            .bind(REPLAYED_AT_ONCE)
            .bind(from)
            .bind(to)
            .fetch_optional(ops)
            .await?;
        let Some(row) = row else {
            return Ok(Replayed {
                until: None,
                ..replayed
            });
        };
        after = row.try_get("id")?;
        let some: i64 = row.try_get("again")?;
        replayed.count += some.unsigned_abs();
        replayed.until = row.try_get("created_at")?;
        if replayed.count >= MOST_REPLAYED {
            return Ok(replayed);
        }
    }
}

/// Tells an endpoint nothing but that it is told something, once for each
/// `message`. The delivery, and whether it was made before; none where there is
/// no such endpoint, or it is disabled.
pub async fn ping(
    ops: &PgPool,
    endpoint: Uuid,
    message: Uuid,
    body: &str,
) -> Result<Option<(Delivery, bool)>, Error> {
    let mut transaction = ops.begin().await?;
    let made = sqlx::query(
        "INSERT INTO webhook_messages (id, event_type, body) VALUES ($1, 'ping', $2) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(message)
    .bind(body)
    .execute(&mut *transaction)
    .await?;
    if made.rows_affected() == 0 {
        let sql = format!(
            "SELECT {COLUMNS} FROM webhook_deliveries WHERE endpoint_id = $1 AND message_id = $2"
        );
        let row = sqlx::query(&sql).bind(endpoint).bind(message);
        let row = row.fetch_optional(&mut *transaction).await?;
        let again = row.as_ref().map(delivery).transpose()?;
        return Ok(again.map(|delivery| (delivery, true)));
    }
    let sql = format!(
        "INSERT INTO webhook_deliveries (id, endpoint_id, message_id, event_type, state, due_at) \
         SELECT $1, id, $3, 'ping', 'pending', created_at FROM webhook_endpoints \
          WHERE id = $2 AND deleted_at IS NULL AND state = 'enabled' RETURNING {COLUMNS}"
    );
    let row = sqlx::query(&sql)
        .bind(clock::new_id())
        .bind(endpoint)
        .bind(message)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    wake(&mut transaction, endpoint).await?;
    transaction.commit().await?;
    Ok(Some((delivery(&row)?, false)))
}

/// Throws away at most `limit` deliveries that are older than so many days and
/// came to their end, then messages that nobody was told of any more, then
/// endpoints that were deleted; how many of all.
pub async fn throw_away(ops: &PgPool, days: f64, limit: i64) -> Result<u64, Error> {
    let mut thrown = 0;
    for sql in [
        "WITH old AS MATERIALIZED ( \
             SELECT d.id FROM webhook_messages m JOIN webhook_deliveries d ON d.message_id = m.id \
              WHERE m.created_at < statement_timestamp() - $1 * interval '1 day' \
                AND d.state <> 'pending' \
              ORDER BY m.created_at LIMIT $2 FOR UPDATE OF d SKIP LOCKED) \
         DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM old)",
        "WITH old AS MATERIALIZED ( \
             SELECT m.id FROM webhook_messages m \
              WHERE m.created_at < statement_timestamp() - $1 * interval '1 day' \
                AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.message_id = m.id) \
              ORDER BY m.created_at LIMIT $2) \
         DELETE FROM webhook_messages WHERE id IN (SELECT id FROM old)",
        "DELETE FROM webhook_endpoints WHERE id IN ( \
             SELECT e.id FROM webhook_endpoints e \
              WHERE e.deleted_at < statement_timestamp() - $1 * interval '1 day' \
                AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id) \
              LIMIT $2)",
    ] {
        let done = sqlx::query(sql).bind(days).bind(limit).execute(ops).await?;
        thrown += done.rows_affected();
    }
    Ok(thrown)
}

fn delivery(row: &PgRow) -> Result<Delivery, Error> {
    let state: String = row.try_get("state")?;
    let state = DeliveryState::named(&state)
        .ok_or_else(|| Error::Decode(format!("no state of deliveries: {state}").into()))?;
    let due: OffsetDateTime = row.try_get("due_at")?;
    // What comes before all others is due since before it was made.
    let created: OffsetDateTime = row.try_get("created_at")?;
    Ok(Delivery {
        id: row.try_get("id")?,
        endpoint_id: row.try_get("endpoint_id")?,
        message_id: message_id(row.try_get("message_id")?),
        event_type: row.try_get("event_type")?,
        order_id: row.try_get("order_id")?,
        order_version: row.try_get("order_version")?,
        state,
        attempts: row.try_get("attempts")?,
        due_at: (state == DeliveryState::Pending).then(|| due.max(created)),
        last_error: row.try_get("last_error")?,
        finished_at: row.try_get("finished_at")?,
        created_at: created,
    })
}
