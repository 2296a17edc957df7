//! Redis as a messenger: a stream per queue and class, whose messages carry
//! the ids of jobs and nothing else. All of it may be lost at any moment.
//!
//! A stream is a window on the ledger: it is given messages only up to
//! [`WINDOW`], and one that was read is deleted, so that its length is what is
//! still to be read.

mod consumers;

use super::{
    enqueue::{Enqueued, Lane},
    kind::Priority,
};
use crate::redis::{Dedicated, Redis, Unavailable};
use redis::{Cmd, RedisError};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// Most messages in a stream, about.
const WINDOW: i64 = 10_000;
/// Commands in one round trip, so that each is answered in time.
const CHUNK: usize = 500;
const GROUP: &str = "workers";

/// A message: where it stands in its stream, and the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub lane: Lane,
    pub entry: String,
    /// None: it is no message of ours.
    pub job: Option<Uuid>,
}

type Entries = Vec<(String, Vec<String>)>;
type Read = Option<Vec<(String, Entries)>>;

/// The streams of a deployment, read as one consumer.
#[derive(Debug, Clone)]
pub struct Streams {
    redis: Redis,
    consumer: String,
}

/// Tells workers of jobs that were enqueued. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Announcer(Streams);

impl Announcer {
    /// Through this server.
    pub const fn new(redis: Redis) -> Self {
        Self(Streams::new(redis, String::new()))
    }

    /// After the commit. What cannot be told, or has no room in its stream, is
    /// found by the workers in the ledger, a little later.
    pub async fn announce(&self, enqueued: &Enqueued) {
        if enqueued.due.is_empty() {
            return;
        }
        if let Err(error) = self.0.announce_in_room(&enqueued.due).await {
            tracing::debug!(%error, "jobs.not_announced");
        }
    }
}

impl Streams {
    pub const fn new(redis: Redis, consumer: String) -> Self {
        Self { redis, consumer }
    }

    fn key(&self, lane: &Lane) -> String {
        let class = lane.priority.as_number();
        self.redis.key(&format!("jobs:{}:{class}", lane.queue))
    }

    /// How many more messages each stream may be given.
    pub async fn room(&self, lanes: &[Lane]) -> Result<Vec<i64>, Unavailable> {
        if lanes.is_empty() {
            return Ok(Vec::new());
        }
        let mut lengths = redis::pipe();
        for lane in lanes {
            lengths.cmd("XLEN").arg(self.key(lane));
        }
        let lengths: Vec<i64> = self.redis.pipeline(&lengths).await?;
        Ok(lengths.iter().map(|n| (WINDOW - n).max(0)).collect())
    }

    /// Adds a message for each job.
    pub async fn announce(&self, jobs: &[(Lane, Uuid)]) -> Result<(), Unavailable> {
        for chunk in jobs.chunks(CHUNK) {
            let mut adding = redis::pipe();
            for (lane, id) in chunk {
                // Trimmed all the same, should many add at once.
                let key = self.key(lane);
                adding.cmd("XADD").arg(key).arg("MAXLEN").arg("~");
                adding
                    .arg(2 * WINDOW)
                    .arg("*")
                    .arg("id")
                    .arg(id.to_string());
                adding.ignore();
            }
            self.redis.pipeline::<()>(&adding).await?;
        }
        Ok(())
    }

    async fn announce_in_room(&self, jobs: &[(Lane, Uuid)]) -> Result<(), Unavailable> {
        let mut rooms: BTreeMap<&Lane, i64> = jobs.iter().map(|(lane, _)| (lane, 0)).collect();
        let lanes: Vec<Lane> = rooms.keys().map(|lane| (*lane).clone()).collect();
        for (room, found) in rooms.values_mut().zip(self.room(&lanes).await?) {
            *room = found;
        }
        let fitting = jobs.iter().filter(|(lane, _)| {
            let Some(room) = rooms.get_mut(lane) else {
                return false;
            };
            *room -= 1;
            *room >= 0
        });
        self.announce(&fitting.cloned().collect::<Vec<_>>()).await
    }

    /// Reads at most `limit` messages that nobody has read, of the lanes in
    /// this order, as far as there are any. What was read before an error is
    /// ours, and counts.
    pub async fn read(&self, lanes: &[Lane], limit: usize) -> Result<Vec<Message>, Unavailable> {
        let mut messages: Vec<Message> = Vec::new();
        for lane in lanes {
            let room = limit.saturating_sub(messages.len());
            if room == 0 {
                break;
            }
            match self.read_lane(lane, room).await {
                Ok(read) => messages.extend(read),
                Err(error) if messages.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(messages)
    }

    async fn read_lane(&self, lane: &Lane, room: usize) -> Result<Vec<Message>, Unavailable> {
        let lanes = std::slice::from_ref(lane);
        let command = self.reading(lanes, room, None);
        let read = match self.redis.command::<Read>(&command).await {
            Err(error) if has_no_group(&error) => {
                self.make_group(lane).await?;
                self.redis.command::<Read>(&command).await?
            }
            read => read?,
        };
        Ok(self.messages(lanes, read))
    }

    /// Waits for messages, one of each lane at most, on a connection of its
    /// own.
    pub async fn wait(
        &self,
        connection: &mut Dedicated,
        lanes: &[Lane],
        longest: Duration,
    ) -> Result<Vec<Message>, Unavailable> {
        let command = self.reading(lanes, 1, Some(longest));
        match connection.command(&command).await {
            Ok(read) => Ok(self.messages(lanes, read)),
            Err(error) if has_no_group(&error) => {
                for lane in lanes {
                    self.make_group(lane).await?;
                }
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// A connection to [`Self::wait`] on.
    pub async fn connect(&self, longest: Duration) -> Result<Dedicated, Unavailable> {
        self.redis.dedicated(longest).await
    }

    fn reading(&self, lanes: &[Lane], limit: usize, block: Option<Duration>) -> Cmd {
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(GROUP).arg(&self.consumer);
        command.arg("COUNT").arg(limit);
        if let Some(block) = block {
            let millis = u64::try_from(block.as_millis()).unwrap_or(u64::MAX);
            command.arg("BLOCK").arg(millis.max(1));
        }
        command.arg("STREAMS");
        for lane in lanes {
            command.arg(self.key(lane));
        }
        for _ in lanes {
            command.arg(">");
        }
        command
    }

    fn messages(&self, lanes: &[Lane], read: Read) -> Vec<Message> {
        let mut messages = Vec::new();
        for (key, entries) in read.unwrap_or_default() {
            let Some(lane) = lanes.iter().find(|lane| self.key(lane) == key) else {
                continue;
            };
            messages.extend(entries.into_iter().map(|(entry, fields)| Message {
                lane: lane.clone(),
                entry,
                job: fields.get(1).and_then(|id| id.parse().ok()),
            }));
        }
        messages
    }

    /// Makes a group that has read nothing yet; no error where it is there.
    async fn make_group(&self, lane: &Lane) -> Result<(), Unavailable> {
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg(self.key(lane)).arg(GROUP);
        create.arg("0").arg("MKSTREAM");
        match self.redis.command::<()>(&create).await {
            Err(error) if code(&error) == Some("BUSYGROUP") => Ok(()),
            made => made,
        }
    }

    /// Deletes messages that were read.
    pub async fn acknowledge(&self, messages: &[Message]) -> Result<(), Unavailable> {
        let mut by_lane: BTreeMap<&Lane, Vec<&str>> = BTreeMap::new();
        for message in messages {
            by_lane
                .entry(&message.lane)
                .or_default()
                .push(&message.entry);
        }
        let mut both = redis::pipe();
        for (lane, entries) in by_lane {
            let key = self.key(lane);
            both.cmd("XACK").arg(&key).arg(GROUP).arg(&entries).ignore();
            both.cmd("XDEL").arg(&key).arg(&entries).ignore();
        }
        self.redis.pipeline::<()>(&both).await
    }
}

/// The lanes of a queue, the first first.
pub fn lanes(queue: &str) -> Vec<Lane> {
    let lane = |priority| Lane {
        queue: queue.to_owned(),
        priority,
    };
    Priority::ALL.map(lane).to_vec()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The stream, or its group, is not there (any more).
fn has_no_group(error: &Unavailable) -> bool {
    // XINFO says that there is no such key.
    code(error) == Some("NOGROUP") || detail(error).is_some_and(|d| d.contains("no such key"))
}

fn told(error: &Unavailable) -> Option<&RedisError> {
    match error {
        Unavailable::Failed(error) | Unavailable::Refused(error) => Some(error),
        Unavailable::Paused | Unavailable::TimedOut => None,
    }
}

fn code(error: &Unavailable) -> Option<&str> {
    told(error)?.code()
}

fn detail(error: &Unavailable) -> Option<&str> {
    told(error)?.detail()
}
