//! Free TCP ports on the loopback address.

use super::LocalServersError;
use std::{fs, io, net::TcpListener};

/// The ports of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ports {
    /// Where clients connect.
    pub main: u16,
    /// Where Kafka's controller listens; the others have no use for it.
    pub controller: u16,
}

impl Ports {
    /// Two ports that nobody listens on at this moment.
    pub fn free() -> Result<Self, LocalServersError> {
        let main = free_port().map_err(LocalServersError::NoPort)?;
        let mut controller = main;
        while controller == main {
            controller = free_port().map_err(LocalServersError::NoPort)?;
        }
        Ok(Self { main, controller })
    }

    /// Whether somebody listens on one of them.
    pub fn taken(self) -> bool {
        [self.main, self.controller]
            .into_iter()
            .any(|port| !is_free(port))
    }
}

/// A port that nobody listens on at this moment, from below the range that
/// the system gives to outgoing connections. A port of that range could be
/// taken by any client while its server is being restarted, even by the
/// server's own clients: a loopback connection can get its target as its
/// source and then speak to itself.
pub fn free_port() -> io::Result<u16> {
    let end = first_outgoing_port().unwrap_or(32_768).max(10_001);
    (0..200)
        .map(|_| rand::random_range(10_000..end))
        .find(|port| is_free(*port))
        .map_or_else(port_of_the_system, Ok)
}

/// Whether nobody listens on a port of the loopback address.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn first_outgoing_port() -> Option<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    range.split_whitespace().next()?.parse().ok()
}

fn port_of_the_system() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_listened_on_is_not_free() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        assert!(!is_free(port));
        let ports = Ports {
            main: port,
            controller: port,
        };
        assert!(ports.taken());
    }

    #[test]
    fn ports_of_one_server_differ() {
        let ports = Ports::free().expect("ports");
        assert_ne!(ports.main, ports.controller);
    }
}
