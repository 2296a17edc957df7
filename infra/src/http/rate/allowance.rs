//! What each caller of a kind may ask for.

use super::left::{Left, Policy};
use crate::{clock, http::problem::Problem};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter, middleware::StateInformationMiddleware,
};
use std::{
    fmt,
    hash::Hash,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// Callers that are remembered before those are forgotten who have their whole
/// allowance again.
const REMEMBERED: usize = 10_000;
/// How often they are at most, in seconds.
const FORGOTTEN_EACH: i64 = 10;

/// So many requests per second of each.
pub struct Allowance<K: Hash + Eq + Clone> {
    policy: Policy,
    limiter: DefaultKeyedRateLimiter<K, StateInformationMiddleware>,
    /// When it was tidied last, in seconds since 1970.
    forgotten: AtomicI64,
}

impl<K: Hash + Eq + Clone> fmt::Debug for Allowance<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowance")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl<K: Hash + Eq + Clone> Allowance<K> {
    /// So many per second, twice as many at once; 0: no limit.
    pub fn of(name: &'static str, per_second: u32) -> Option<Arc<Self>> {
        let per_second = NonZeroU32::new(per_second)?;
        let burst = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter: DefaultKeyedRateLimiter<K> = RateLimiter::keyed(quota);
        Some(Arc::new(Self {
            policy: Policy {
                name,
                quota: per_second,
                window: 1,
                words,
            },
            limiter: limiter.with_middleware(),
            forgotten: AtomicI64::new(0),
        }))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// 429 where nothing was left.
    pub fn take(&self, who: &K) -> Result<Left, Problem> {
        self.forget();
        self.policy.left(self.limiter.check_key(who))
    }

    /// Those who have all that they may have are as good as unknown.
    fn forget(&self) {
        if self.limiter.len() < REMEMBERED {
            return;
        }
        let now = clock::now().unix_timestamp();
        let before = self.forgotten.load(Ordering::Relaxed);
        // Also where the clock was set back.
        let due = (now - before).abs() >= FORGOTTEN_EACH;
        let order = Ordering::Relaxed;
        let exchange = || self.forgotten.compare_exchange(before, now, order, order);
        if due && exchange().is_ok() {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
    }
}

fn words(policy: &Policy) -> String {
    let Policy { name, quota, .. } = policy;
    format!("{quota} requests per second of one {name}, and twice as many at once")
}
