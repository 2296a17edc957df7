//! How it goes with an endpoint.

use super::endpoints::{COLUMNS, endpoint};
use crate::webhooks::{
    delivery::{Concluded, Verdict},
    endpoint::{DisabledBy, Endpoint, EndpointState},
};
use sqlx::{Error, PgConnection, PgPool};
use uuid::Uuid;

/// Failures in a row after which an endpoint is left alone for a while.
const RESTS_AFTER: i32 = 5;
/// How long at first, in seconds; it doubles with each further failure.
const FIRST_REST: f64 = 5.0;
/// How long at most, in seconds.
const LONGEST_REST: f64 = 300.0;
/// After so many days of nothing but failure an endpoint is disabled.
const FAILING_DAYS: f64 = 5.0;
/// After so many minutes in which nobody opened its secret, nobody is expected to:
/// a rollout that gave some workers a wrong master key is seen and ended before.
const SEALED_MINUTES: f64 = 30.0;
/// The answer of a receiver that is gone for good (RFC 9110 §15.5.11).
const GONE: i32 = 410;

/// How many endpoints are `enabled`, `resting` and `disabled`.
pub async fn counts(ops: &PgPool) -> Result<[(&'static str, i64); 3], Error> {
    let (enabled, resting, disabled) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE state = 'enabled' AND rests IS NOT TRUE), \
                count(*) FILTER (WHERE state = 'enabled' AND rests), \
                count(*) FILTER (WHERE state = 'disabled') \
           FROM (SELECT state, rests_until > statement_timestamp() AS rests \
                   FROM webhook_endpoints WHERE deleted_at IS NULL) e",
    )
    .fetch_one(ops)
    .await?;
    Ok([
        ("enabled", enabled),
        ("resting", resting),
        ("disabled", disabled),
    ])
}

/// Writes down what the attempts say of their endpoint, in the order in which
/// they ended, and disables it where they say that. What was sent to a URL that it
/// has no more says nothing of it. The endpoint after that; one that was deleted is
/// told as little as a disabled one.
pub(super) async fn note(
    connection: &mut PgConnection,
    id: Uuid,
    concluded: &[Concluded],
) -> Result<Endpoint, Error> {
    let (url, before, rests, deleted): (String, i32, bool, bool) = sqlx::query_as(
        "SELECT url, failures, coalesce(rests_until > statement_timestamp(), false), \
                deleted_at IS NOT NULL \
           FROM webhook_endpoints WHERE id = $1 FOR NO KEY UPDATE",
    )
    .bind(id)
    .fetch_one(&mut *connection)
    .await?;
    let of_it: Vec<&Concluded> = concluded.iter().filter(|c| c.url == url).collect();
    let delivered = |c: &&&Concluded| matches!(c.verdict, Verdict::Delivered);
    let since: Vec<&&Concluded> = of_it.iter().rev().take_while(|c| !delivered(c)).collect();
    let succeeded = since.len() < of_it.len();
    let gone = of_it.iter().any(|c| c.attempt.status == Some(GONE));
    let failed = i32::try_from(since.len()).unwrap_or(i32::MAX);
    let failures = if succeeded {
        more_failures(0, failed, false)
    } else {
        more_failures(before, failed, rests)
    };
    let asked = since.iter().filter_map(|c| c.asked).max();
    let sql = format!(
        "UPDATE webhook_endpoints \
            SET failures = $2, \
                failing_since = CASE WHEN $2 = 0 THEN NULL \
                                     WHEN $3 THEN statement_timestamp() \
                                     ELSE coalesce(failing_since, statement_timestamp()) END, \
                rests_until = CASE WHEN $2 > 0 THEN greatest( \
                        CASE WHEN NOT $3 THEN rests_until END, \
                        statement_timestamp() + $8 * interval '1 second', \
                        CASE WHEN $2 >= $4 THEN statement_timestamp() + \
                             least($5 * 2 ^ least($2 - $4, 20), $6) * interval '1 second' \
                        END) END, \
                last_success_at = CASE WHEN $3 THEN statement_timestamp() \
                                       ELSE last_success_at END \
          WHERE id = $1 RETURNING {COLUMNS}, \
                failing_since < statement_timestamp() - $7 * interval '1 day' AS is_hopeless"
    );
    let row = sqlx::query(&sql)
        .bind(id)
        .bind(failures)
        .bind(succeeded)
        .bind(RESTS_AFTER)
        .bind(FIRST_REST)
        .bind(LONGEST_REST)
        .bind(FAILING_DAYS)
        .bind(asked.map(|asked| asked.as_secs_f64()))
        .fetch_one(&mut *connection)
        .await?;
    let hopeless: Option<bool> = sqlx::Row::try_get(&row, "is_hopeless")?;
    let mut noted = endpoint(&row)?;
    if deleted {
        noted.state = EndpointState::Disabled;
        return Ok(noted);
    }
    let by = match (gone, hopeless) {
        (true, _) => DisabledBy::Gone,
        (_, Some(true)) => DisabledBy::Failing,
        _ => return Ok(noted),
    };
    disable(connection, noted, by).await
}

/// Writes down that the secret of an endpoint, which the caller has locked, does not
/// open; whether it has not for so long that it never will.
pub(super) async fn note_sealed(connection: &mut PgConnection, id: Uuid) -> Result<bool, Error> {
    let noted = sqlx::query_scalar(
        "UPDATE webhook_endpoints SET sealed_since = coalesce(sealed_since, statement_timestamp()) \
          WHERE id = $1 \
         RETURNING sealed_since <= statement_timestamp() - $2 * interval '1 minute'",
    );
    let noted = noted.bind(id).bind(SEALED_MINUTES);
    noted.fetch_one(connection).await
}

/// Leaves an endpoint alone that nothing can be signed for, and that the caller has
/// locked: for as long as one that fails is at most; after as many days it is disabled.
pub(super) async fn rest_sealed(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Endpoint, Error> {
    let sql = format!(
        "UPDATE webhook_endpoints \
            SET rests_until = greatest(rests_until, \
                                       statement_timestamp() + $2 * interval '1 second') \
          WHERE id = $1 RETURNING {COLUMNS}, \
                sealed_since < statement_timestamp() - $3 * interval '1 day' AS is_hopeless"
    );
    let row = sqlx::query(&sql)
        .bind(id)
        .bind(LONGEST_REST)
        .bind(FAILING_DAYS);
    let row = row.fetch_one(&mut *connection).await?;
    let hopeless: Option<bool> = sqlx::Row::try_get(&row, "is_hopeless")?;
    let noted = endpoint(&row)?;
    if hopeless == Some(true) {
        return disable(connection, noted, DisabledBy::Failing).await;
    }
    Ok(noted)
}

/// Failures in a row after so many more. Requests that were under way together
/// fail together: they lead to the first rest, and no further than that; after a
/// rest each look counts once.
fn more_failures(before: i32, more: i32, rests: bool) -> i32 {
    if before < RESTS_AFTER {
        before.saturating_add(more).min(RESTS_AFTER)
    } else if rests {
        before
    } else {
        before.saturating_add(more.min(1))
    }
}

/// Disables an endpoint that is enabled. What is still to be sent to it is
/// skipped by its job, a few rows at a time.
async fn disable(
    connection: &mut PgConnection,
    enabled: Endpoint,
    by: DisabledBy,
) -> Result<Endpoint, Error> {
    if enabled.state == EndpointState::Disabled {
        return Ok(enabled);
    }
    let sql = format!(
        "UPDATE webhook_endpoints \
            SET state = 'disabled', disabled_by = $2, disabled_at = statement_timestamp(), \
                rests_until = NULL \
          WHERE id = $1 RETURNING {COLUMNS}"
    );
    let row = sqlx::query(&sql).bind(enabled.id).bind(by.name());
    let row = row.fetch_one(connection).await?;
    endpoint(&row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_fail_together_are_one_rest() {
        assert_eq!(more_failures(0, 2, false), 2);
        assert_eq!(more_failures(0, 64, false), RESTS_AFTER);
        assert_eq!(more_failures(4, 64, false), RESTS_AFTER);
        assert_eq!(more_failures(RESTS_AFTER, 60, true), RESTS_AFTER);
        assert_eq!(more_failures(RESTS_AFTER, 1, false), RESTS_AFTER + 1);
        assert_eq!(more_failures(RESTS_AFTER, 0, false), RESTS_AFTER);
    }
}
