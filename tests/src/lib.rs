//! The harness of the end-to-end tests: real servers, the real binary.
//!
//! Servers are started once, when the first test wants them, and shared; every
//! test has databases, a Kafka prefix and a Redis prefix of its own. Tests that
//! kill servers get a set of their own.
//!
//! Transaction ids are shared by all databases of a cluster: a test that holds
//! a transaction open on the log stalls the horizon, and so the relay, of every
//! other test. Such a test takes private servers.

mod api;
mod binary;
mod env;
mod live;
mod role;
mod servers;
mod skipped;
mod suite;
mod took;
mod turns;
mod wait;
mod workspace;

pub use api::{Answer, Api, answer};
pub use binary::orderlog;
pub use env::TestEnv;
pub use live::start_servers;
pub use role::{Role, RoleBuilder, command};
pub use servers::PrivateServers;
pub use skipped::{found, skipped};
pub use suite::{
    alone, on_own_servers, on_private_servers, on_private_servers_for, on_replicated_servers,
    on_servers, plain, run,
};
pub use wait::{DEADLINE, wait_until, wait_until_within};
pub use workspace::{cargo, root};
