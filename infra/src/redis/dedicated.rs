//! A connection for commands that block: they would hold up everybody else on
//! the shared one.

use super::{Redis, Unavailable};
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, aio::MultiplexedConnection};
use std::time::Duration;

/// A connection of its own; to be dropped after an error, and when what it
/// blocks for is not wanted any more.
pub struct Dedicated(MultiplexedConnection);

/// How much later than it was told to Redis may end a blocking command, and an
/// answer may come: it looks every tenth of a second, and whoever gives up in
/// between loses what was handed over.
const LATE: Duration = Duration::from_secs(1);

impl Redis {
    /// Connects. A command on it may take `longest`, and be a little late.
    pub async fn dedicated(&self, longest: Duration) -> Result<Dedicated, Unavailable> {
        let patience = self.0.patience;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(longest + patience.max(LATE)));
        let client = &self.0.client;
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        Ok(Dedicated(connection.await?))
    }
}

impl Dedicated {
    /// Sends one command.
    pub async fn command<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Unavailable> {
        Ok(command.query_async(&mut self.0).await?)
    }
}
