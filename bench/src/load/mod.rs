//! Load on a server: as much as it takes (closed loop, each client sends when it
//! was answered), and at a fixed rate whether or not it keeps up (open loop).

mod closed;
mod latencies;
mod open;
mod schedule;

pub use closed::rate_of;
pub use latencies::{Latencies, p50_p99};
pub use open::open;
pub use schedule::Schedule;

use std::time::Instant;

/// One connection with what it sends.
pub trait Client: Send + 'static {
    /// Sends the next request, which was due at that time, and returns when it is
    /// answered as it should be; whether it counts among the latencies.
    fn next(&mut self, due: Instant) -> impl Future<Output = anyhow::Result<bool>> + Send;
}
