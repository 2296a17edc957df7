//! What the keys of a platform may ask for together, as that says.

use super::left::{Left, Policy};
use crate::{
    http::problem::Problem,
    platforms::{Directory, PlatformNow},
};
use contracts::platform::RateLimit;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter, middleware::StateInformationMiddleware,
};
use std::{
    collections::HashMap,
    fmt,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// As headers and metrics name it.
pub const NAME: &str = "platform";
/// For so long a platform that could not be looked up has the limit that it had.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// The limits of platforms; as the application's data they are in force. Cheap to
/// clone: make it once for all threads.
#[derive(Clone)]
pub struct PlatformLimits {
    platforms: Arc<Directory>,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

/// A platform that keys have asked for something.
#[derive(Default)]
struct Known {
    bucket: Option<Arc<Bucket>>,
    /// It is not looked up before.
    away_until: Option<Instant>,
}

/// What is counted by one limit.
struct Bucket {
    limit: RateLimit,
    policy: Policy,
    limiter: DefaultDirectRateLimiter<StateInformationMiddleware>,
}

impl fmt::Debug for PlatformLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformLimits").finish_non_exhaustive()
    }
}

impl PlatformLimits {
    /// Those that the log has: one that is changed holds within a second, and begins
    /// anew.
    pub fn new(platforms: Arc<Directory>) -> Self {
        Self {
            platforms,
            known: Arc::default(),
        }
    }

    /// Counts a request of a key of this platform; none where it has no limit.
    ///
    /// # Errors
    /// 429 where its keys have used up what they may.
    pub(super) async fn count(&self, platform: &str) -> Result<Option<Left>, Problem> {
        let bucket = self.bucket(platform).await;
        bucket.map(|bucket| bucket.count()).transpose()
    }

    async fn bucket(&self, platform: &str) -> Option<Arc<Bucket>> {
        let away_until = self
            .known()
            .get(platform)
            .and_then(|known| known.away_until);
        if away_until.is_some_and(|until| Instant::now() < until) {
            return self.as_it_was(platform);
        }
        match self.platforms.get(platform).await {
            Ok(now) => self.as_it_is(platform, &now),
            Err(error) => {
                // Nobody waits for a log that is away to learn how often they may ask.
                tracing::debug!(%error, platform, "rate.platform_not_read");
                let mut known = self.known();
                let known = known.entry(platform.to_owned()).or_default();
                known.away_until = Some(Instant::now() + LEFT_ALONE);
                known.bucket.clone()
            }
        }
    }

    fn as_it_was(&self, platform: &str) -> Option<Arc<Bucket>> {
        self.known().get(platform)?.bucket.clone()
    }

    fn as_it_is(&self, platform: &str, now: &PlatformNow) -> Option<Arc<Bucket>> {
        let limit = now.saved.as_ref().and_then(|saved| saved.rate_limit);
        let mut all = self.known();
        let Some(limit) = limit else {
            all.remove(platform);
            return None;
        };
        if let Some(known) = all.get(platform)
            && let Some(bucket) = &known.bucket
            && bucket.limit == limit
            && known.away_until.is_none()
        {
            return Some(Arc::clone(bucket));
        }
        let known = all.entry(platform.to_owned()).or_default();
        known.away_until = None;
        if known.bucket.as_ref().is_none_or(|one| one.limit != limit) {
            known.bucket = Bucket::of(limit).map(Arc::new);
        }
        known.bucket.clone()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    /// All of it at once, then one after the other; none for a limit that nobody can
    /// save.
    fn of(limit: RateLimit) -> Option<Self> {
        let quota = NonZeroU32::new(limit.requests)?;
        let window = Duration::from_secs(limit.window_seconds.into());
        let each = Quota::with_period(window / limit.requests)?;
        Some(Self {
            limit,
            policy: Policy {
                name: NAME,
                quota,
                window: limit.window_seconds,
                words,
            },
            limiter: RateLimiter::direct(each.allow_burst(quota)).with_middleware(),
        })
    }

    fn count(&self) -> Result<Left, Problem> {
        self.policy.left(self.limiter.check())
    }
}

fn words(policy: &Policy) -> String {
    let Policy { quota, window, .. } = policy;
    format!("{quota} requests in {window} seconds of all keys of the platform")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(requests: u32, window_seconds: u32) -> Option<Bucket> {
        Bucket::of(RateLimit {
            requests,
            window_seconds,
        })
    }

    #[test]
    fn a_platform_has_its_requests_at_once_and_no_more_in_the_window() {
        let bucket = bucket(3, 3600).expect("a limit");
        for left in [2, 1, 0] {
            assert_eq!(bucket.count().expect("allowed").remaining, left);
        }
        let refused = bucket.count().expect_err("used up");
        assert_eq!(
            (refused.status().as_u16(), refused.code()),
            (429, "rate_limited")
        );
    }

    #[test]
    fn every_limit_that_can_be_saved_is_one() {
        for (requests, window) in [(1, 1), (1, 86_400), (1_000_000, 1), (1_000_000, 86_400)] {
            let bucket = bucket(requests, window).expect("a limit");
            let left = bucket.count().expect("allowed");
            assert_eq!(left.remaining, requests - 1);
            assert_eq!(
                left.policy(),
                format!("\"platform\";q={requests};w={window}")
            );
        }
        assert!(bucket(0, 1).is_none() && bucket(1, 0).is_none());
    }
}
