//! Consumers that come and go, and what they leave behind.

use super::{CHUNK, Entries, GROUP, Message, Read, Streams, has_no_group, millis};
use crate::{jobs::enqueue::Lane, redis::Unavailable};
use redis::Pipeline;
use std::{collections::BTreeMap, time::Duration};

/// How long a message may lie with a consumer that read it: far longer than a
/// look into the ledger takes.
const LOST_AFTER: Duration = Duration::from_secs(30);
/// When a consumer that reads nothing any more is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(5);

/// Where to go on, and what was deleted meanwhile, around what was claimed.
type Claimed = (String, Entries, Vec<String>);
/// What XINFO tells of one thing.
type Info = BTreeMap<String, redis::Value>;
type Infos = Vec<Info>;

impl Streams {
    /// Takes over what was read by consumers that have not dealt with it.
    pub async fn claim(&self, lane: &Lane) -> Result<Vec<Message>, Unavailable> {
        let mut command = redis::cmd("XAUTOCLAIM");
        command.arg(self.key(lane)).arg(GROUP).arg(&self.consumer);
        command.arg(millis(LOST_AFTER)).arg("0");
        command.arg("COUNT").arg(CHUNK);
        let claimed = self.redis.command::<Claimed>(&command).await;
        let (_, entries, _) = match claimed {
            Err(error) if has_no_group(&error) => return Ok(Vec::new()),
            claimed => claimed?,
        };
        let lanes = std::slice::from_ref(lane);
        Ok(self.messages(lanes, Some(vec![(self.key(lane), entries)])))
    }

    /// Forgets consumers that have been given nothing for long: their processes
    /// are gone, or quiet. One that comes back is made again by its next read.
    pub async fn forget_dead(&self, lane: &Lane) -> Result<u64, Unavailable> {
        let mut command = redis::cmd("XINFO");
        command.arg("CONSUMERS").arg(self.key(lane)).arg(GROUP);
        let consumers = match self.redis.command::<Infos>(&command).await {
            Err(error) if has_no_group(&error) => return Ok(0),
            consumers => consumers?,
        };
        let mut forgetting = redis::pipe();
        let mut count = 0;
        for consumer in &consumers {
            let idle = number(consumer, "idle");
            let is_dead = idle > millis(FORGOTTEN_AFTER) && number(consumer, "pending") == 0;
            if let Some(name) = text(consumer, "name").filter(|_| is_dead) {
                self.forgetting(&mut forgetting, lane, &name);
                count += 1;
            }
        }
        if count > 0 {
            self.redis.pipeline::<()>(&forgetting).await?;
        }
        Ok(count)
    }

    /// Forgets this consumer.
    pub async fn leave(&self, lanes: &[Lane]) -> Result<(), Unavailable> {
        if lanes.is_empty() {
            return Ok(());
        }
        let mut leaving = redis::pipe();
        for lane in lanes {
            self.forgetting(&mut leaving, lane, &self.consumer);
        }
        self.redis.pipeline::<()>(&leaving).await
    }

    fn forgetting(&self, commands: &mut Pipeline, lane: &Lane, consumer: &str) {
        let command = commands.cmd("XGROUP").arg("DELCONSUMER");
        command
            .arg(self.key(lane))
            .arg(GROUP)
            .arg(consumer)
            .ignore();
    }

    /// What this consumer has read and not acknowledged, some of it; where
    /// there is any, at least one.
    pub async fn unacknowledged(&self, lane: &Lane) -> Result<Vec<Message>, Unavailable> {
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(GROUP).arg(&self.consumer);
        command.arg("COUNT").arg(CHUNK);
        command.arg("STREAMS").arg(self.key(lane)).arg("0");
        match self.redis.command::<Read>(&command).await {
            Err(error) if has_no_group(&error) => Ok(Vec::new()),
            read => Ok(self.messages(std::slice::from_ref(lane), read?)),
        }
    }

    /// Throws away what a consumer had read when it was forgotten: it is in
    /// nobody's hands, and will never be read again.
    pub async fn trim(&self, lane: &Lane) -> Result<(), Unavailable> {
        let mut command = redis::cmd("XINFO");
        command.arg("GROUPS").arg(self.key(lane));
        let groups = match self.redis.command::<Infos>(&command).await {
            Err(error) if has_no_group(&error) => return Ok(()),
            groups => groups?,
        };
        // While something is in somebody's hands it is hard to tell apart.
        let of_ours = groups.iter().filter(|group| number(group, "pending") == 0);
        for read_up_to in of_ours.filter_map(|group| text(group, "last-delivered-id")) {
            // What was read since is later, and so is what was not read. The one
            // that was read last stays until another one is.
            let mut trim = redis::cmd("XTRIM");
            trim.arg(self.key(lane)).arg("MINID").arg(read_up_to);
            self.redis.command::<i64>(&trim).await?;
        }
        Ok(())
    }
}

fn number(info: &Info, name: &str) -> i64 {
    match info.get(name) {
        Some(redis::Value::Int(number)) => *number,
        _ => 0,
    }
}

fn text(info: &Info, name: &str) -> Option<String> {
    redis::from_redis_value_ref(info.get(name)?).ok()
}
