//! Sessions for appends and loads alone.
//!
//! Their statements are few, the same each time, and find every row by its key.
//! PostgreSQL would plan each execution anew, as it knows how many values an array
//! has only then; that took longer than a load of one stream itself. So a plan is
//! made once for a session, and by nothing but indexes: one that was made while a
//! table was small would otherwise read all of it later.

use super::{grouped, loads};
use crate::{epoch, postgres};
use sqlx::PgPool;

/// How long a batch waits for a stream that somebody has locked; then each of
/// its commands is run on its own, and only those on that stream wait on.
const LOCK_TIMEOUT: &str = "1s";

const OPTIONS: [(&str, &str); 5] = [
    ("lock_timeout", LOCK_TIMEOUT),
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

/// To where `pool` leads: as many as there are appends and loads at a time, so that
/// neither keeps the other waiting.
pub(super) fn sessions(pool: &PgPool) -> PgPool {
    let options = (*pool.connect_options()).clone();
    let options = postgres::with_options(options, OPTIONS);
    // None to a log that was restored (invariant 16).
    epoch::pool_of(options, grouped::CONNECTIONS + loads::QUERIES)
}
