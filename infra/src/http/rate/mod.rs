//! How much each caller may ask for: so many requests per second of a key, wherever it
//! is used, and of an address, whoever is there; and of all keys of one platform what
//! that says (GCRA). Each process counts for itself.
//!
//! | file | what |
//! |---|---|
//! | `allowance.rs` | what each caller of a kind may ask for |
//! | `platforms.rs` | what the keys of a platform may ask for together |
//! | `left.rs` | what is left to a caller, and how that is said |

mod allowance;
mod left;
mod platforms;

pub use platforms::PlatformLimits;

use self::{
    allowance::Allowance,
    left::{LIMIT, Left, POLICY, REFUSED},
};
use super::{principal::Principal, problem::Problem};
use crate::{
    config::Config,
    webhooks::{InvalidNetwork, Network},
};
use actix_web::{
    Error, HttpMessage as _, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderValue},
    middleware::Next,
};
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

/// Says what the metric is.
pub(crate) fn describe() {
    metrics::describe_counter!(REFUSED, "Requests refused with 429, by what was used up");
    for by in ["key", "address", platforms::NAME] {
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

/// What is left to whoever has sent a request.
#[derive(Debug, Clone, Copy)]
struct AllLeft {
    key: Option<Left>,
    platform: Option<Left>,
}

impl AllLeft {
    /// A header of all that is limited.
    fn said(self, of: impl Fn(&Left) -> String) -> Option<HeaderValue> {
        let left = [self.key, self.platform];
        let said: Vec<String> = left.iter().flatten().map(of).collect();
        HeaderValue::from_str(&said.join(", ")).ok()
    }
}

/// Counts a request of somebody's key, and of its platform where it has to do with one
/// only: of which platform another key's request is, nobody knows before it is read.
///
/// # Errors
/// 429 where the key, or all keys of the platform, have used up what they may.
pub(super) async fn count(request: &HttpRequest, principal: &Principal) -> Result<(), Problem> {
    let limits = request.app_data::<RateLimits>();
    let key = limits
        .and_then(|limits| limits.keys.as_deref())
        .map(|keys| keys.take(&principal.id))
        .transpose()?;
    let limits = request.app_data::<PlatformLimits>();
    let platform = match limits.zip(principal.platform.as_deref()) {
        Some((limits, platform)) => limits.count(platform).await?,
        None => None,
    };
    if key.is_some() || platform.is_some() {
        request.extensions_mut().insert(AllLeft { key, platform });
    }
    Ok(())
}

/// Wraps a whole application: counts requests by where they come from, before anything
/// is looked at, and says of each what is left to its key and platform.
pub async fn limit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(problem) = by_address(&request) {
        let answer = HttpResponse::from_error(problem);
        return Ok(request.into_response(answer));
    }
    let mut response = next.call(request).await?.map_into_boxed_body();
    let left = response.request().extensions().get::<AllLeft>().copied();
    if let Some(left) = left {
        let headers = response.headers_mut();
        for (name, said) in [
            (POLICY, left.said(Left::policy)),
            (LIMIT, left.said(Left::limit)),
        ] {
            if let Some(value) = said {
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
    use actix_web::http::header::HeaderName;

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
}
