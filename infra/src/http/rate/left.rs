//! What is left to a caller, and how that is said.

use crate::http::problem::Problem;
use actix_web::http::{
    StatusCode,
    header::{HeaderName, RETRY_AFTER},
};
use governor::{
    NotUntil,
    clock::{Clock, DefaultClock},
    middleware::StateSnapshot,
};
use std::{num::NonZeroU32, time::Duration};

/// What is allowed, by name (draft-ietf-httpapi-ratelimit-headers-10 §3).
pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of it (§4).
pub const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Requests that were refused.
pub const REFUSED: &str = "orderlog_http_rate_limited_total";

/// What counting a request came to.
pub type Counted = Result<StateSnapshot, NotUntil<<DefaultClock as Clock>::Instant>>;

/// So many requests in so much time.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Its name.
    pub name: &'static str,
    /// Requests in a window.
    pub quota: NonZeroU32,
    /// Seconds of a window.
    pub window: u32,
    /// What it is said as to whoever has asked too often.
    pub words: fn(&Self) -> String,
}

/// What is left of it to a caller.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    policy: Policy,
    burst: u32,
    /// Requests that would be allowed at once.
    pub remaining: u32,
}

impl Policy {
    /// What is left once a request was counted.
    ///
    /// # Errors
    /// 429 where nothing was.
    pub fn left(self, counted: Counted) -> Result<Left, Problem> {
        match counted {
            Ok(state) => Ok(Left {
                policy: self,
                burst: state.quota().burst_size().get(),
                remaining: state.remaining_burst_capacity(),
            }),
            Err(until) => {
                metrics::counter!(REFUSED, "by" => self.name).increment(1);
                let left = Left {
                    policy: self,
                    burst: until.quota().burst_size().get(),
                    remaining: 0,
                };
                Err(left.refused(until.wait_time_from(DefaultClock::default().now())))
            }
        }
    }
}

impl Left {
    /// What `RateLimit-Policy` says.
    pub fn policy(&self) -> String {
        let Policy {
            name,
            quota,
            window,
            ..
        } = self.policy;
        format!("\"{name}\";q={quota};w={window}")
    }

    /// What `RateLimit` says; `t` is when all of it is there again.
    pub fn limit(&self) -> String {
        let missing = u64::from(self.burst.saturating_sub(self.remaining));
        let seconds = missing * u64::from(self.policy.window);
        let seconds = seconds.div_ceil(self.policy.quota.get().into());
        format!("\"{}\";r={};t={seconds}", self.policy.name, self.remaining)
    }

    fn refused(&self, wait: Duration) -> Problem {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        let problem = Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "That was asked too often",
        );
        problem
            .detail((self.policy.words)(&self.policy))
            .header(RETRY_AFTER, seconds)
            .header(POLICY, self.policy())
            .header(LIMIT, self.limit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(quota: u32, window: u32, burst: u32, remaining: u32) -> Left {
        let policy = Policy {
            name: "key",
            quota: NonZeroU32::new(quota).expect("some"),
            window,
            words: |_| String::new(),
        };
        Left {
            policy,
            burst,
            remaining,
        }
    }

    #[test]
    fn headers_say_what_is_left_and_when_all_of_it_is_there_again() {
        let per_second = left(10, 1, 20, 4);
        assert_eq!(per_second.policy(), "\"key\";q=10;w=1");
        assert_eq!(per_second.limit(), "\"key\";r=4;t=2");
        let per_minute = left(7, 60, 7, 5);
        assert_eq!(per_minute.policy(), "\"key\";q=7;w=60");
        assert_eq!(per_minute.limit(), "\"key\";r=5;t=18");
    }
}
