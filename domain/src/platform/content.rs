//! What a platform may consist of, beyond the types of its members.

use super::{rejection::Rejection, seller};
use crate::country;
use contracts::platform::{Platform, RateLimit};

/// Longest time of a rule, in seconds: a hundred years.
pub const MAX_SECONDS: u64 = 3_155_760_000;
/// Longest number prefix, in characters.
pub const MAX_PREFIX: usize = 20;
/// Most requests of a rate limit.
pub const MAX_REQUESTS: u32 = 1_000_000;
/// Longest window of a rate limit, in seconds: a day.
pub const MAX_WINDOW: u32 = 86_400;

/// Refuses what a platform cannot be. What it was is not asked again: all of it
/// passed here.
pub fn check(platform: &Platform) -> Result<(), Rejection> {
    if platform.country.as_deref() == Some(country::UNKNOWN) {
        return Err(Rejection::UnknownCountry);
    }
    // Nobody could pay in no time.
    let expiry = platform.expire_unpaid_after_seconds;
    check_seconds("expire_unpaid_after_seconds", expiry, 1)?;
    let idle = platform.archive_settled_after_seconds;
    check_seconds("archive_settled_after_seconds", idle, 0)?;
    check_prefix(platform.number_prefix.as_deref())?;
    check_rate(platform.rate_limit)?;
    platform.seller.as_ref().map_or(Ok(()), seller::check)
}

fn check_seconds(member: &'static str, seconds: Option<u64>, least: u64) -> Result<(), Rejection> {
    match seconds {
        Some(seconds) if !(least..=MAX_SECONDS).contains(&seconds) => {
            Err(Rejection::SecondsOutOfRange {
                member,
                seconds,
                least,
                limit: MAX_SECONDS,
            })
        }
        _ => Ok(()),
    }
}

/// The number of an order is its prefix and a number that the platform never
/// gives twice. A prefix that ends in a digit would run into it: `A1` and 1001
/// make the same text as `A` and 11001.
fn check_prefix(prefix: Option<&str>) -> Result<(), Rejection> {
    let fits = |prefix: &str| {
        (1..=MAX_PREFIX).contains(&prefix.chars().count())
            && !prefix.chars().any(|c| c.is_control() || c.is_whitespace())
            && !prefix.ends_with(char::is_numeric)
    };
    if prefix.is_none_or(fits) {
        return Ok(());
    }
    Err(Rejection::InvalidNumberPrefix { limit: MAX_PREFIX })
}

fn check_rate(limit: Option<RateLimit>) -> Result<(), Rejection> {
    let fits = |limit: RateLimit| {
        (1..=MAX_REQUESTS).contains(&limit.requests)
            && (1..=MAX_WINDOW).contains(&limit.window_seconds)
    };
    match limit {
        Some(limit) if !fits(limit) => Err(Rejection::RateLimitOutOfRange {
            requests: limit.requests,
            window_seconds: limit.window_seconds,
            most_requests: MAX_REQUESTS,
            longest_window: MAX_WINDOW,
        }),
        _ => Ok(()),
    }
}
