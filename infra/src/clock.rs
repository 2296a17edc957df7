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

/// The least of the time-ordered ids of a moment: what was made later has a
/// greater one.
pub fn id_at(moment: OffsetDateTime) -> Uuid {
    let millis = moment.unix_timestamp_nanos().max(0) / 1_000_000;
    let millis = u64::try_from(millis).unwrap_or(u64::MAX);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// A fresh time-ordered id.
#[expect(clippy::disallowed_methods, reason = "this is where ids are made")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
