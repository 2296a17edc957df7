//! A connection for commands that block: they would hold up everybody else on
//! the shared one.

use super::{Redis, Unavailable};
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, aio::MultiplexedConnection};
use std::time::Duration;

/// A connection of its own; to be dropped after an error, and when what it
/// blocks for is not wanted any more.
pub struct Dedicated(MultiplexedConnection);

impl Redis {
    /// Connects. A command on it may take `longest`, and the usual time.
    pub async fn dedicated(&self, longest: Duration) -> Result<Dedicated, Unavailable> {
        let patience = self.0.patience;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(longest + patience));
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
