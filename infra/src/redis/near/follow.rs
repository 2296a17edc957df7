//! Hearing from Redis which keys have changed.

use super::{FOLLOWING, INVALIDATIONS, Near, copies::TRUST};
use crate::{backoff::Backoff, lifecycle::error_chain};
use redis::{
    AsyncConnectionConfig, Client, ProtocolVersion, PushInfo, PushKind, RedisError, Value,
};
use std::{
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How often it is asked whether the connection is alive.
const HEARTBEAT: Duration = Duration::from_millis(250);
/// The pauses after which it is tried again.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

impl Near {
    /// Follows what Redis says of the family's keys, on one connection after
    /// another. It never ends.
    pub async fn follow(self) {
        let mut backoff = Backoff::new(SHORTEST, LONGEST);
        for number in 1.. {
            let mut was_open = false;
            let Err(lost) = self.follow_one(number, &mut was_open).await;
            self.0.copies.lost(number);
            metrics::gauge!(FOLLOWING).set(0.0);
            let reason = error_chain(&lost);
            if was_open {
                backoff.reset();
                tracing::info!(reason, "near_cache.connection_lost");
            } else if number == 1 {
                // A server that cannot do it, or may not: reads are as right without.
                tracing::warn!(reason, "near_cache.not_used");
            } else {
                tracing::debug!(reason, "near_cache.not_connected");
            }
            sleep(backoff.pause()).await;
        }
    }

    /// Follows what one connection says; why it does not any more, and whether it
    /// did.
    async fn follow_one(&self, number: u64, was_open: &mut bool) -> Result<Infallible, RedisError> {
        let this = self.clone();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TRUST))
            .set_response_timeout(Some(TRUST))
            .set_push_sender(move |push: PushInfo| {
                this.hear(number, &push);
                Ok::<(), Infallible>(())
            });
        let client = speaking_resp3(&self.0.redis.0.client)?;
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let mut track = redis::cmd("CLIENT");
        track.arg("TRACKING").arg("ON");
        track.arg("BCAST").arg("PREFIX").arg(&self.0.prefix);
        let copies = &self.0.copies;
        let asked = Instant::now();
        track.query_async::<()>(&mut connection).await?;
        *was_open = copies.opened(number, asked);
        loop {
            self.measure();
            sleep(HEARTBEAT).await;
            let asked = Instant::now();
            let ping = redis::cmd("PING");
            ping.query_async::<()>(&mut connection).await?;
            // Messages come in between answers, in the order in which Redis did things.
            copies.confirmed(number, asked);
        }
    }

    /// What connection `number` says, at once and on whichever thread reads it.
    fn hear(&self, number: u64, push: &PushInfo) {
        match (&push.kind, push.data.first()) {
            // At once: whoever asks on it finds out later.
            (PushKind::Disconnection, _) => {
                self.0.copies.lost(number);
            }
            (PushKind::Invalidate, Some(Value::Array(keys))) => {
                let changed = keys.iter().filter(|key| self.forget(key)).count();
                let changed = u64::try_from(changed).unwrap_or(u64::MAX);
                metrics::counter!(INVALIDATIONS).increment(changed);
            }
            // No keys: all of them are gone.
            (PushKind::Invalidate, _) => self.drop_all(),
            _ => {}
        }
    }

    /// Takes the copy of a key away; whether there was one.
    fn forget(&self, key: &Value) -> bool {
        let name = match key {
            Value::BulkString(name) => std::str::from_utf8(name).ok(),
            Value::SimpleString(name) => Some(name.as_str()),
            _ => None,
        };
        let key = name.and_then(|name| name.strip_prefix(self.0.prefix.as_str()));
        key.is_some_and(|key| self.0.copies.changed(key))
    }
}

/// The same server, told to speak of what nobody has asked for.
fn speaking_resp3(client: &Client) -> Result<Client, RedisError> {
    let info = client.get_connection_info().clone();
    let settings = info.redis_settings().clone();
    let settings = settings.set_protocol(ProtocolVersion::RESP3);
    Client::open(info.set_redis_settings(settings))
}
