//! Deliveries, as those write and read them who carry them out.

use super::health;
use crate::{
    clock,
    sealing::MasterKey,
    webhooks::{
        delivery::{Concluded, Due, NewMessage, Verdict},
        endpoint::Endpoint,
        secret::WebhookSecret,
    },
};
use contracts::personal::ERASED;
use sqlx::{Error, PgConnection, PgPool, Row as _};
use uuid::Uuid;

/// Why nothing is sent to an endpoint whose secret is no use.
const SEALED: &str = "the secret of the endpoint was sealed with another master key, or is damaged: \
    nothing can be signed until it has another one";

/// Writes messages, and a delivery of each to those endpoints that it is for,
/// by their index among `messages`. What is disabled skips it. An event that an
/// endpoint was told of before is left out. The endpoints that have something
/// new to be sent.
pub async fn deliver(
    connection: &mut PgConnection,
    messages: &[NewMessage],
    deliveries: &[(usize, Uuid)],
) -> Result<Vec<Uuid>, Error> {
    fn column<'a, T>(messages: &'a [NewMessage], of: impl Fn(&'a NewMessage) -> T) -> Vec<T> {
        messages.iter().map(of).collect()
    }
    sqlx::query(
        "INSERT INTO webhook_messages (id, event_type, order_id, order_version, body, traceparent, \
                                       correlation_id) \
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], \
                              $6::text[], $7::text[]) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(column(messages, |m| m.id))
    .bind(column(messages, |m| m.event_type.as_str()))
    .bind(column(messages, |m| m.order_id))
    .bind(column(messages, |m| m.order_version))
    .bind(column(messages, |m| m.body.as_str()))
    .bind(column(messages, |m| m.traceparent.as_deref()))
    .bind(column(messages, |m| m.correlation_id.as_deref()))
    .execute(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = deliveries.iter().map(|_| clock::new_id()).collect();
    let told: Vec<Uuid> = deliveries.iter().map(|&(_, endpoint)| endpoint).collect();
    let of: Vec<Uuid> = deliveries.iter().map(|&(n, _)| messages[n].id).collect();
    sqlx::query_scalar(
        "WITH new AS ( \
             INSERT INTO webhook_deliveries (id, endpoint_id, message_id, event_type, order_id, \
                                             order_version, state, finished_at) \
             SELECT d.id, d.endpoint_id, m.id, m.event_type, m.order_id, m.order_version, \
                    CASE e.state WHEN 'enabled' THEN 'pending' ELSE 'skipped' END, \
                    CASE e.state WHEN 'enabled' THEN NULL ELSE statement_timestamp() END \
               FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) \
                    WITH ORDINALITY AS d (id, endpoint_id, message_id, nth) \
               JOIN webhook_messages m ON m.id = d.message_id \
               JOIN webhook_endpoints e ON e.id = d.endpoint_id \
              ORDER BY d.nth \
             ON CONFLICT (message_id, endpoint_id) DO NOTHING \
             RETURNING endpoint_id, state) \
         SELECT DISTINCT endpoint_id FROM new WHERE state = 'pending'",
    )
    .bind(ids)
    .bind(told)
    .bind(of)
    .fetch_all(connection)
    .await
}

/// Bytes of messages after which no more are read ahead for an endpoint: a process
/// sends to many of them.
const AHEAD_BYTES: i64 = 2 << 20;

/// What is to be sent to an endpoint now, the oldest first, but for what is
/// being sent; some of it, where it is large. Of an endpoint that is told in order, the first of each order.
pub async fn due(
    ops: &PgPool,
    endpoint: &Endpoint,
    sending: &[Uuid],
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let first = if endpoint.ordered {
        "AND NOT EXISTS (SELECT FROM webhook_deliveries b \
                          WHERE b.endpoint_id = d.endpoint_id AND b.order_id = d.order_id \
                            AND b.state = 'pending' AND b.order_version < d.order_version)"
    } else {
        ""
    };
    let sql = format!(
        "SELECT id, message_id, attempts, body, traceparent FROM ( \
             SELECT due.*, \
                    sum(octet_length(body)) OVER (ORDER BY due_at, id) - octet_length(body) AS ahead \
               FROM (SELECT d.id, d.message_id, d.attempts, d.due_at, m.body, m.traceparent \
                       FROM webhook_deliveries d JOIN webhook_messages m ON m.id = d.message_id \
                      WHERE d.endpoint_id = $1 AND d.state = 'pending' \
                        AND d.due_at <= statement_timestamp() AND d.id <> ALL ($2) {first} \
                      ORDER BY d.due_at, d.id LIMIT $3) due) measured \
          WHERE ahead < $4 ORDER BY due_at, id"
    );
    let rows = sqlx::query(&sql)
        .bind(endpoint.id)
        .bind(sending)
        .bind(limit)
        .bind(AHEAD_BYTES)
        .fetch_all(ops)
        .await?;
    let due = |row: &sqlx::postgres::PgRow| {
        Ok(Due {
            id: row.try_get("id")?,
            message_id: row.try_get("message_id")?,
            attempts: row.try_get("attempts")?,
            body: row.try_get("body")?,
            traceparent: row.try_get("traceparent")?,
        })
    };
    rows.iter().map(due).collect()
}

/// Endpoints that have something to be sent now and rest no longer, and those
/// that are to be told nothing any more and have something to be skipped.
pub async fn unattended(ops: &PgPool) -> Result<Vec<Uuid>, Error> {
    let unattended = sqlx::query_scalar(
        "SELECT e.id FROM webhook_endpoints e \
          WHERE CASE WHEN e.deleted_at IS NULL AND e.state = 'enabled' \
                THEN coalesce(e.rests_until <= statement_timestamp(), true) \
                 AND EXISTS (SELECT FROM webhook_deliveries d \
                              WHERE d.endpoint_id = e.id AND d.state = 'pending' \
                                AND d.due_at <= statement_timestamp() \
                                AND NOT (e.ordered AND EXISTS ( \
                                    SELECT FROM webhook_deliveries b \
                                     WHERE b.endpoint_id = d.endpoint_id \
                                       AND b.order_id = d.order_id AND b.state = 'pending' \
                                       AND b.order_version < d.order_version))) \
                ELSE EXISTS (SELECT FROM webhook_deliveries d \
                              WHERE d.endpoint_id = e.id AND d.state = 'pending') END",
    );
    unattended.fetch_all(ops).await
}

/// Writes what requests to an endpoint came to, and what that says of it. What
/// was concluded by somebody else in the meantime stays as it is, but the
/// requests are kept.
pub async fn conclude(
    ops: &PgPool,
    endpoint: Uuid,
    concluded: &[Concluded],
) -> Result<Endpoint, Error> {
    let mut transaction = ops.begin().await?;
    attempts(&mut transaction, concluded).await?;
    let column = |of: fn(&Concluded) -> _| concluded.iter().map(of).collect::<Vec<_>>();
    let ids: Vec<Uuid> = concluded.iter().map(|c| c.delivery).collect();
    let pauses: Vec<Option<f64>> = concluded
        .iter()
        .map(|c| match c.verdict {
            Verdict::Again(pause) => Some(pause),
            Verdict::Delivered | Verdict::Failed => None,
        })
        .collect();
    sqlx::query(
        "UPDATE webhook_deliveries d \
            SET state = c.state, \
                attempts = d.attempts + CASE c.state WHEN 'delivered' THEN 0 ELSE 1 END, \
                due_at = coalesce(statement_timestamp() + c.pause * interval '1 second', d.due_at), \
                last_error = coalesce(c.error, d.last_error), \
                finished_at = CASE c.state WHEN 'pending' THEN NULL ELSE statement_timestamp() END \
           FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::text[]) \
                AS c (id, state, pause, error) \
          WHERE d.id = c.id AND d.state = 'pending'",
    )
    .bind(ids)
    .bind(column(|c| match c.verdict {
        Verdict::Delivered => "delivered",
        Verdict::Again(_) => "pending",
        Verdict::Failed => "failed",
    }))
    .bind(pauses)
    .bind(concluded.iter().map(|c| c.attempt.error.as_deref()).collect::<Vec<_>>())
    .execute(&mut *transaction)
    .await?;
    let endpoint = health::note(&mut transaction, endpoint, concluded).await?;
    transaction.commit().await?;
    Ok(endpoint)
}

/// Keeps requests; of those about an order that was erased not what was answered, which
/// may name whoever has ordered.
async fn attempts(connection: &mut PgConnection, concluded: &[Concluded]) -> Result<(), Error> {
    let of = || concluded.iter().map(|c| &c.attempt);
    sqlx::query(
        "INSERT INTO webhook_attempts (id, delivery_id, at, duration_ms, status, error, answer) \
         SELECT a.id, a.delivery, a.at, a.duration, a.status, a.error, \
                CASE WHEN a.answer IS NOT NULL \
                      AND EXISTS (SELECT FROM erased_orders o WHERE o.order_id = d.order_id) \
                     THEN $8 ELSE a.answer END \
           FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[], $5::int[], \
                       $6::text[], $7::text[]) \
                AS a (id, delivery, at, duration, status, error, answer) \
           JOIN webhook_deliveries d ON d.id = a.delivery",
    )
    .bind(
        concluded
            .iter()
            .map(|_| clock::new_id())
            .collect::<Vec<_>>(),
    )
    .bind(concluded.iter().map(|c| c.delivery).collect::<Vec<_>>())
    .bind(of().map(|a| a.at).collect::<Vec<_>>())
    .bind(of().map(|a| a.duration_ms).collect::<Vec<_>>())
    .bind(of().map(|a| a.status).collect::<Vec<_>>())
    .bind(of().map(|a| a.error.as_deref()).collect::<Vec<_>>())
    .bind(of().map(|a| a.answer.as_deref()).collect::<Vec<_>>())
    .bind(ERASED)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that an endpoint which is disabled or deleted misses what is still to be
/// sent to it, at most `limit` deliveries; how many. Whoever enables it waits for
/// that, and what is replayed then stays.
pub async fn skip_pending(ops: &PgPool, endpoint: Uuid, limit: i64) -> Result<u64, Error> {
    let skipped = sqlx::query(
        "WITH ended AS MATERIALIZED ( \
             SELECT id FROM webhook_endpoints \
              WHERE id = $1 AND (state = 'disabled' OR deleted_at IS NOT NULL) FOR SHARE), \
         missed AS MATERIALIZED ( \
             SELECT d.id FROM ended JOIN webhook_deliveries d ON d.endpoint_id = ended.id \
              WHERE d.state = 'pending' \
              ORDER BY d.due_at, d.id LIMIT $2 FOR UPDATE OF d SKIP LOCKED) \
         UPDATE webhook_deliveries d \
            SET state = 'skipped', finished_at = statement_timestamp() \
           FROM missed WHERE d.id = missed.id",
    );
    let skipped = skipped.bind(endpoint).bind(limit).execute(ops).await?;
    Ok(skipped.rows_affected())
}

/// What became of an endpoint whose secret is no use.
#[derive(Debug)]
pub enum Sealed {
    /// Nothing yet: another worker may open it. Or it has one by now that opens, or is
    /// told nothing any more.
    Waits,
    /// Deliveries were failed, and there may be more.
    More,
    /// All were; the endpoint after that.
    Failed(Box<Endpoint>),
}

/// Notes that this key does not open the secret of an endpoint. Where nobody has
/// opened it for half an hour, what is still to be sent is failed, at most `limit`
/// deliveries. Once there is no more, the endpoint is left alone for a while, and
/// disabled where that has been so for days.
pub async fn fail_sealed(
    ops: &PgPool,
    key: &MasterKey,
    endpoint: Uuid,
    limit: i64,
) -> Result<Sealed, Error> {
    let mut transaction = ops.begin().await?;
    // Nobody gives it another secret meanwhile.
    let secret: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT secret FROM webhook_endpoints \
          WHERE id = $1 AND deleted_at IS NULL AND state = 'enabled' FOR NO KEY UPDATE",
    )
    .bind(endpoint)
    .fetch_optional(&mut *transaction)
    .await?;
    let opens = |sealed: Vec<u8>| WebhookSecret::open(key, endpoint, &sealed).is_some();
    if secret.is_none_or(opens) {
        return Ok(Sealed::Waits);
    }
    if !health::note_sealed(&mut transaction, endpoint).await? {
        transaction.commit().await?;
        return Ok(Sealed::Waits);
    }
    let failed = sqlx::query(
        "WITH unsigned AS MATERIALIZED ( \
             SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 AND state = 'pending' \
              ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED) \
         UPDATE webhook_deliveries d \
            SET state = 'failed', last_error = $3, finished_at = statement_timestamp() \
           FROM unsigned WHERE d.id = unsigned.id",
    );
    let failed = failed.bind(endpoint).bind(limit).bind(SEALED);
    let failed = failed.execute(&mut *transaction).await?.rows_affected();
    let sealed = if i64::try_from(failed).is_ok_and(|failed| failed < limit) {
        let noted = health::rest_sealed(&mut transaction, endpoint).await?;
        Sealed::Failed(Box::new(noted))
    } else {
        Sealed::More
    };
    transaction.commit().await?;
    Ok(sealed)
}
