//! Where requests may go that somebody else wrote the URL of (OWASP, Server Side
//! Request Forgery Prevention).

use crate::config::Config;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};
use url::{Host, Url};

/// Addresses of one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Text that is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no network: an address, a slash and the bits of its prefix, as 10.1.0.0/16")]
pub struct InvalidNetwork(String);

impl Network {
    /// Whether the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => shares(
                network.to_bits().into(),
                address.to_bits().into(),
                32 - self.prefix,
            ),
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                shares(network.to_bits(), address.to_bits(), 128 - self.prefix)
            }
            _ => false,
        }
    }
}

fn shares(one: u128, other: u128, host_bits: u8) -> bool {
    (one ^ other).checked_shr(host_bits.into()).unwrap_or(0) == 0
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, prefix) = text.trim().split_once('/').ok_or_else(invalid)?;
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let prefix: u8 = prefix.parse().map_err(|_| invalid())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        if prefix > longest {
            return Err(invalid());
        }
        Ok(Self { address, prefix })
    }
}

/// What is not part of the public internet, by IANA's registries of special
/// addresses (RFC 6890), and what carries IPv4 addresses within IPv6 ones; and an
/// address of the public internet by which a cloud answers its own machines.
const SPECIAL: &[(IpAddr, u8)] = &[
    (v4(0, 0, 0, 0), 8),        // this network
    (v4(10, 0, 0, 0), 8),       // private
    (v4(100, 64, 0, 0), 10),    // carrier-grade NAT
    (v4(127, 0, 0, 0), 8),      // loopback
    (v4(168, 63, 129, 16), 32), // Azure's host, which hands out configuration
    (v4(169, 254, 0, 0), 16),   // link-local, metadata of clouds
    (v4(172, 16, 0, 0), 12),    // private
    (v4(192, 0, 0, 0), 24),     // protocol assignments
    (v4(192, 0, 2, 0), 24),     // documentation
    (v4(192, 88, 99, 0), 24),   // 6to4 relays
    (v4(192, 168, 0, 0), 16),   // private
    (v4(198, 18, 0, 0), 15),    // benchmarks
    (v4(198, 51, 100, 0), 24),  // documentation
    (v4(203, 0, 113, 0), 24),   // documentation
    (v4(224, 0, 0, 0), 4),      // multicast
    (v4(240, 0, 0, 0), 4),      // reserved, broadcast
    (v6(0, 0), 3),              // unspecified, loopback, v4-mapped, NAT64, …
    (v6(0x2001, 0), 23),        // protocol assignments, Teredo
    (v6(0x2001, 0xdb8), 32),    // documentation
    (v6(0x2002, 0), 16),        // 6to4
    (v6(0x3fff, 0), 20),        // documentation
    (v6(0x4000, 0), 2),         // not global unicast
    (v6(0x8000, 0), 1),         // not global unicast: ULA, link-local, multicast
];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(first: u16, second: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0))
}

/// An address that nothing is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a public address, nor in a network that is allowed")]
pub struct Forbidden(pub IpAddr);

/// Lets requests go to public addresses, and to networks that the operator has
/// allowed.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Vec<Network>,
}

impl Guard {
    /// And to the networks of the configuration.
    ///
    /// # Errors
    /// One of them is none.
    pub fn of(config: &Config) -> Result<Self, InvalidNetwork> {
        let networks = config.webhook_networks.iter().map(|text| text.parse());
        Ok(Self::new(networks.collect::<Result<_, _>>()?))
    }

    /// To wherever somebody says on their own machine.
    pub fn open() -> Self {
        let everywhere = [v4(0, 0, 0, 0), v6(0, 0)];
        Self::new(
            everywhere
                .map(|address| Network { address, prefix: 0 })
                .to_vec(),
        )
    }

    /// And to these networks.
    pub const fn new(allowed: Vec<Network>) -> Self {
        Self { allowed }
    }

    /// Whether something may be sent to this URL, as far as its host is an address:
    /// names are checked where they are resolved. The URL's parser has brought all
    /// ways to write an address into one form, if it is one of HTTP.
    ///
    /// # Errors
    /// The address is not public, and not allowed.
    pub fn check_url(&self, url: &Url) -> Result<(), Forbidden> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.check(address.into()),
            Some(Host::Ipv6(address)) => self.check(address.into()),
            Some(Host::Domain(_)) | None => Ok(()),
        }
    }

    /// Whether something may be sent there. An IPv4 address in the form of an
    /// IPv6 one is what it stands for.
    ///
    /// # Errors
    /// It is not public, and not allowed.
    pub fn check(&self, address: IpAddr) -> Result<(), Forbidden> {
        let meant = address.to_canonical();
        if self.allowed.iter().any(|network| network.contains(meant)) {
            return Ok(());
        }
        let special = SPECIAL.iter().any(|&(network, prefix)| {
            let network = Network {
                address: network,
                prefix,
            };
            network.contains(meant)
        });
        if special {
            Err(Forbidden(address))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn only_public_addresses_are_sent_to() {
        let guard = Guard::default();
        for forbidden in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
        ] {
            assert!(guard.check(address(forbidden)).is_err(), "{forbidden}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "223.255.255.255",
            "2600::1",
            "2a00:1450::1",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
        ] {
            assert!(guard.check(address(public)).is_ok(), "{public}");
        }
    }

    #[test]
    fn what_is_allowed_is_no_more_than_that() {
        let network: Network = "10.1.0.0/16".parse().expect("a network");
        let loopback: Network = "::1/128".parse().expect("a network");
        let guard = Guard::new(vec![network, loopback]);
        for (text, allowed) in [
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("::ffff:10.1.0.1", true),
            ("::1", true),
            ("::2", false),
        ] {
            assert_eq!(guard.check(address(text)).is_ok(), allowed, "{text}");
        }
        let everything: Network = "0.0.0.0/0".parse().expect("a network");
        assert!(everything.contains(address("255.255.255.255")));
    }

    #[test]
    fn what_is_no_network_is_told() {
        for wrong in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "x/8",
            "1.1.1.1/-1",
        ] {
            assert!(Network::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
