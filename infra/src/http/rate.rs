//! How much each caller may ask for: so many requests per second of a key, wherever it
//! is used, and of an address, whoever is there (GCRA). Each process counts for
//! itself.

use super::problem::Problem;
use crate::{
    clock,
    config::Config,
    webhooks::{InvalidNetwork, Network},
};
use actix_web::{
    Error, HttpMessage as _, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    },
    middleware::Next,
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use std::{
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// What is allowed, by name (draft-ietf-httpapi-ratelimit-headers-10 §3).
pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of it (§4).
pub const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Callers that are remembered before those are forgotten who have their whole
/// allowance again.
const REMEMBERED: usize = 10_000;
/// How often they are at most, in seconds.
const FORGOTTEN_EACH: i64 = 10;
const REFUSED: &str = "orderlog_http_rate_limited_total";

type Limiter<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Says what the metric is.
pub(crate) fn describe() {
    metrics::describe_counter!(REFUSED, "Requests refused with 429, by what was used up");
    for by in ["key", "address"] {
        metrics::counter!(REFUSED, "by" => by).increment(0);
    }
}

/// The limits of a process; as the application's data they are in force. Cheap to
/// clone: make it once for all threads.
#[derive(Debug, Clone)]
pub struct RateLimits {
    keys: Option<Arc<Allowance<String>>>,
    addresses: Option<Arc<Allowance<IpAddr>>>,
    proxies: Arc<[Network]>,
}

impl RateLimits {
    /// As configured.
    ///
    /// # Errors
    /// Where a proxy is no network.
    pub fn of(config: &Config) -> Result<Self, InvalidNetwork> {
        let proxies = config.trusted_proxies.iter().map(|text| text.parse());
        Ok(Self {
            keys: Allowance::of("key", config.rate_limit_key),
            addresses: Allowance::of("address", config.rate_limit_address),
            proxies: proxies.collect::<Result<Vec<_>, _>>()?.into(),
        })
    }

    /// Who is at the other end: whoever has connected, or whom a proxy that is trusted
    /// says it speaks for. Each proxy adds to the end of the header.
    fn address_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let trusts = |address: IpAddr| self.proxies.iter().any(|proxy| proxy.contains(address));
        let told = headers.get_all("x-forwarded-for");
        let mut told: Vec<&[u8]> = told
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .collect();
        let mut address = peer.to_canonical();
        while trusts(address) {
            match told.pop().and_then(address_in) {
                Some(next) => address = next.to_canonical(),
                None => break,
            }
        }
        network(address)
    }
}

/// An address as proxies write it, some of them with a port.
fn address_in(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.parse().ok().or_else(with_port)
}

/// Whoever has one address of the sixth version has all that share its first half.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
    }
}

/// What is left to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    name: &'static str,
    per_second: u32,
    burst: u32,
    remaining: u32,
}

/// What each caller of a kind may ask for.
struct Allowance<K: Hash + Eq + Clone> {
    name: &'static str,
    per_second: NonZeroU32,
    limiter: Limiter<K>,
    /// When it was tidied last, in seconds since 1970.
    forgotten: AtomicI64,
}

impl<K: Hash + Eq + Clone> fmt::Debug for Allowance<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowance")
            .field("name", &self.name)
            .field("per_second", &self.per_second)
            .finish_non_exhaustive()
    }
}

impl<K: Hash + Eq + Clone> Allowance<K> {
    /// So many per second, twice as many at once; 0: no limit.
    fn of(name: &'static str, per_second: u32) -> Option<Arc<Self>> {
        let per_second = NonZeroU32::new(per_second)?;
        let burst = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter: DefaultKeyedRateLimiter<K> = RateLimiter::keyed(quota);
        Some(Arc::new(Self {
            name,
            per_second,
            limiter: limiter.with_middleware(),
            forgotten: AtomicI64::new(0),
        }))
    }

    fn take(&self, who: &K) -> Result<Left, Problem> {
        self.forget();
        match self.limiter.check_key(who) {
            Ok(state) => Ok(Left {
                name: self.name,
                per_second: self.per_second.get(),
                burst: state.quota().burst_size().get(),
                remaining: state.remaining_burst_capacity(),
            }),
            Err(until) => {
                metrics::counter!(REFUSED, "by" => self.name).increment(1);
                let left = Left {
                    name: self.name,
                    per_second: self.per_second.get(),
                    burst: until.quota().burst_size().get(),
                    remaining: 0,
                };
                let wait = until.wait_time_from(DefaultClock::default().now());
                Err(refused(&left, wait))
            }
        }
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

impl Left {
    fn policy(&self) -> String {
        format!("\"{}\";q={};w=1", self.name, self.per_second)
    }

    /// `t` is when all of it is there again.
    fn limit(&self) -> String {
        let missing = self.burst.saturating_sub(self.remaining);
        let seconds = missing.div_ceil(self.per_second);
        format!("\"{}\";r={};t={seconds}", self.name, self.remaining)
    }
}

fn refused(left: &Left, wait: Duration) -> Problem {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "That was asked too often",
    );
    problem
        .detail(format!(
            "{} requests per second of one {}, and twice as many at once",
            left.per_second, left.name
        ))
        .header(RETRY_AFTER, seconds)
        .header(POLICY, left.policy())
        .header(LIMIT, left.limit())
}

/// Counts a request of somebody's key.
///
/// # Errors
/// 429 where the key has used up what it may.
pub(super) fn count(request: &HttpRequest, key: &str) -> Result<(), Problem> {
    let limits = request.app_data::<RateLimits>();
    let Some(keys) = limits.and_then(|limits| limits.keys.as_deref()) else {
        return Ok(());
    };
    let left = keys.take(&key.to_owned())?;
    request.extensions_mut().insert(left);
    Ok(())
}

/// Wraps a whole application: counts requests by where they come from, before anything
/// is looked at, and says of each what is left to its key.
pub async fn limit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(problem) = by_address(&request) {
        let answer = HttpResponse::from_error(problem);
        return Ok(request.into_response(answer));
    }
    let mut response = next.call(request).await?.map_into_boxed_body();
    let left = response.request().extensions().get::<Left>().copied();
    if let Some(left) = left {
        let headers = response.headers_mut();
        for (name, text) in [(POLICY, left.policy()), (LIMIT, left.limit())] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
    Ok(response)
}

/// Why a request is refused for where it comes from. Nobody limits those who look
/// whether the process is well.
fn by_address(request: &ServiceRequest) -> Option<Problem> {
    let limits = request.app_data::<RateLimits>()?;
    let addresses = limits.addresses.as_deref()?;
    let path = request.path();
    if ["/livez", "/readyz", "/startupz", "/metrics"].contains(&path) {
        return None;
    }
    let peer = request.peer_addr()?.ip();
    let address = limits.address_of(peer, request.headers());
    addresses.take(&address).err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(proxies: &[&str]) -> RateLimits {
        let config = Config {
            rate_limit_key: 2,
            trusted_proxies: proxies.iter().map(|&proxy| proxy.to_owned()).collect(),
            ..Config::default()
        };
        RateLimits::of(&config).expect("networks")
    }

    fn address(limits: &RateLimits, peer: &str, told: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in told {
            let value = HeaderValue::from_str(value).expect("a value");
            headers.append(HeaderName::from_static("x-forwarded-for"), value);
        }
        let peer = peer.parse().expect("an address");
        limits.address_of(peer, &headers).to_string()
    }

    #[test]
    fn only_a_proxy_that_is_trusted_is_believed() {
        let limits = limits(&["10.0.0.0/8"]);
        assert_eq!(address(&limits, "192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(
            address(&limits, "10.1.1.1", &["203.0.113.9"]),
            "203.0.113.9"
        );
        assert_eq!(
            address(
                &limits,
                "::ffff:10.1.1.1",
                &["198.51.100.1, 203.0.113.9", "10.2.2.2"]
            ),
            "203.0.113.9",
            "what a client says of itself comes first, and is not believed"
        );
        assert_eq!(address(&limits, "10.1.1.1", &[]), "10.1.1.1");
        assert_eq!(address(&limits, "10.1.1.1", &["unknown"]), "10.1.1.1");
        for told in ["x, 203.0.113.9", "\u{e9}, 203.0.113.9", "203.0.113.9:4711"] {
            assert_eq!(
                address(&limits, "10.1.1.1", &[told]),
                "203.0.113.9",
                "{told}"
            );
        }
        let one = address(&limits, "10.1.1.1", &["2001:db8:1:2:3::4"]);
        assert_eq!(one, address(&limits, "2001:db8:1:2::9", &[]));
    }

    #[test]
    fn a_key_has_twice_at_once_what_it_has_per_second() {
        let keys = limits(&[]).keys.expect("a limit");
        let who = "key_1".to_owned();
        for left in [3, 2, 1, 0] {
            assert_eq!(keys.take(&who).expect("allowed").remaining, left);
        }
        let refused = keys.take(&who).expect_err("used up");
        assert_eq!(
            (refused.status().as_u16(), refused.code()),
            (429, "rate_limited")
        );
        // Somebody else's is their own.
        assert!(keys.take(&"key_2".to_owned()).is_ok());
    }

    #[test]
    fn headers_say_what_is_left_and_when_all_of_it_is_there_again() {
        let left = Left {
            name: "key",
            per_second: 10,
            burst: 20,
            remaining: 4,
        };
        assert_eq!(left.policy(), "\"key\";q=10;w=1");
        assert_eq!(left.limit(), "\"key\";r=4;t=2");
    }
}
