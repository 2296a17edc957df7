//! The clock and the source of ids, as parameters: everything that needs the
//! time or a fresh id is handed one of these.

use time::OffsetDateTime;
use uuid::Uuid;

/// The present moment, in UTC, to the microsecond (what Postgres keeps).
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    let nanos = now.nanosecond() / 1_000 * 1_000;
    now.replace_nanosecond(nanos).unwrap_or(now)
}

/// A fresh time-ordered id.
#[expect(clippy::disallowed_methods, reason = "this is where ids are made")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
