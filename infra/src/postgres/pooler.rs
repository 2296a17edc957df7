//! Poolers that lend a session for one transaction at a time, as `PgBouncer` does
//! with `pool_mode = transaction`: what a URL says of them, and what follows.
//!
//! Through one nothing lasts that belongs to a session: options, advisory locks,
//! LISTEN, temporary tables, unnamed statements outside of a transaction. What
//! needs any of these goes to the database itself
//! ([`Database::session_url`](super::Database::session_url)).

use sqlx::{PgPool, postgres::PgConnectOptions};
use std::{fmt::Display, str::FromStr};

/// The parameter of a URL that names the kind of pooler which it leads to.
const POOLER: &str = "pooler";
const TRANSACTION: &str = "transaction";

/// Why a URL with that parameter cannot be used.
#[derive(Debug, thiserror::Error)]
enum PoolerError {
    #[error("pooler={0} in a URL of PostgreSQL: it is `transaction`, or not there")]
    Unknown(String),
    #[error("options in a URL with pooler=transaction: no session would keep them")]
    Options,
}

/// Whether the URL leads to a pooler that lends sessions.
pub fn leads_to_pooler(url: &str) -> bool {
    matches!(taken_out(url), Ok((_, true)))
}

/// How to connect, as the URL says and nothing else; whether to a pooler.
pub(super) fn options_of(url: &str) -> Result<(PgConnectOptions, bool), sqlx::Error> {
    let (url, is_pooler) = taken_out(url).map_err(refused)?;
    let options = PgConnectOptions::from_str(&url)?;
    if !is_pooler {
        return Ok((options, false));
    }
    if options.get_options().is_some() {
        return Err(refused(PoolerError::Options));
    }
    // What we read is binary; and PgBouncer does not know this parameter.
    Ok((options.extra_float_digits(None), true))
}

/// The URL without the parameter; whether it was there.
fn taken_out(url: &str) -> Result<(String, bool), PoolerError> {
    let Some((place, parameters)) = url.split_once('?') else {
        return Ok((url.to_owned(), false));
    };
    let mut is_pooler = false;
    let mut others = Vec::new();
    for parameter in parameters.split('&') {
        match parameter.split_once('=') {
            Some((POOLER, TRANSACTION)) => is_pooler = true,
            Some((POOLER, other)) => return Err(PoolerError::Unknown(other.to_owned())),
            _ => others.push(parameter),
        }
    }
    let mark = if others.is_empty() { "" } else { "?" };
    Ok((format!("{place}{mark}{}", others.join("&")), is_pooler))
}

fn refused(error: PoolerError) -> sqlx::Error {
    sqlx::Error::Configuration(Box::new(error))
}

/// More options for sessions of ours; none where sessions are lent.
pub fn with_options<V: Display>(
    options: PgConnectOptions,
    more: impl IntoIterator<Item = (&'static str, V)>,
) -> PgConnectOptions {
    if is_lent(&options) {
        options
    } else {
        options.options(more)
    }
}

/// Whether sessions of this pool are lent. A statement that is not in a
/// transaction has to be a named one then: poolers know those, and prepare them
/// where they are needed, but take the two halves of an unnamed one (what it
/// is, and its values) to different sessions.
pub fn lends_sessions(pool: &PgPool) -> bool {
    is_lent(&pool.connect_options())
}

/// Every other session of ours has options.
fn is_lent(options: &PgConnectOptions) -> bool {
    options.get_options().is_none()
}

#[cfg(test)]
mod tests {
    use super::super::connect_options;
    use super::*;

    #[test]
    fn a_session_that_is_lent_has_no_options() {
        let of = |url: &str| connect_options(url).expect("a URL");
        let ours = of("postgres://ann@127.0.0.1:5432/events");
        assert!(!is_lent(&ours));
        let more = [("lock_timeout", "1s")];
        let told = with_options(ours, more);
        let told = told.get_options().expect("options");
        assert!(told.ends_with("-c lock_timeout=1s"), "{told}");

        let lent = of("postgres://ann@127.0.0.1:6432/events?pooler=transaction&sslmode=disable");
        assert_eq!(lent.get_database(), Some("events"));
        assert!(is_lent(&with_options(lent, more)));
    }

    #[test]
    fn what_a_pooler_is_not_known_for_is_refused() {
        let refused = |parameters| {
            let url = format!("postgres://127.0.0.1/events?{parameters}");
            let refused = connect_options(&url).expect_err("it is refused");
            refused.to_string()
        };
        assert!(refused("pooler=session").contains("pooler=session"));
        let options = refused("pooler=transaction&options=-c%20jit%3Doff");
        assert!(options.contains("no session"), "{options}");
    }

    #[test]
    fn the_parameter_alone_leaves_a_plain_url() {
        let url = "postgres://127.0.0.1/events?pooler=transaction";
        let (plain, is_pooler) = taken_out(url).expect("a URL");
        assert!(is_pooler && plain == "postgres://127.0.0.1/events");
        assert!(leads_to_pooler(url) && !leads_to_pooler(&plain));
    }
}
