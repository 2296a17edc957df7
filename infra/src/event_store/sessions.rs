//! Sessions for appends alone, and for loads alone.
//!
//! Their statements are few, the same each time, and find every row by its key.
//! PostgreSQL would plan each execution anew, as it knows how many values an array
//! has only then; that took longer than a load of one stream itself. So a plan is
//! made once for a session, and by nothing but indexes: one that was made while a
//! table was small would otherwise read all of it later.

use crate::{epoch, postgres};
use sqlx::PgPool;

const PLANNED_ONCE: [(&str, &str); 4] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

/// At most `size` of them, to where `pool` leads, with these options beside.
pub(super) fn sessions(pool: &PgPool, size: u32, more: &[(&'static str, &str)]) -> PgPool {
    let options = (*pool.connect_options()).clone();
    let all = PLANNED_ONCE.into_iter().chain(more.iter().copied());
    // None to a log that was restored (invariant 16).
    epoch::pool_of(postgres::with_options(options, all), size)
}
