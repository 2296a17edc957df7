//! Asking Kafka about its topics.

use super::{
    TopicError, TopicId,
    secured::{Access, Stream},
    wire,
};
use crate::config::Config;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

/// How long one server may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// No answer about a handful of topics is as long as this.
const LONGEST_ANSWER: u32 = 4 << 20;
/// Kafka's error code of a topic that is not there.
const UNKNOWN_TOPIC: i16 = 3;

/// What Kafka knows about a topic that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicMetadata {
    /// Full name.
    pub name: String,
    /// Kafka's own id of it.
    pub id: TopicId,
    /// Number of partitions.
    pub partitions: i32,
    /// Whether each of them has a leader at the moment.
    pub has_leaders: bool,
}

/// An answer: the cluster, and those of the topics asked for that exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Number of live brokers.
    pub brokers: usize,
    /// In no particular order.
    pub topics: Vec<TopicMetadata>,
}

impl Metadata {
    /// The topic of this full name, if it exists.
    pub fn topic(&self, name: &str) -> Option<&TopicMetadata> {
        self.topics.iter().find(|topic| topic.name == name)
    }
}

/// Asks the bootstrap servers in turn, and keeps the connection to the one
/// that answered.
///
/// The client library does not tell a topic's id, so the request is made here
/// (see [`wire`]).
pub struct MetadataClient {
    servers: Vec<String>,
    access: Access,
    connection: Option<Box<dyn Stream>>,
    requests: i32,
}

impl MetadataClient {
    /// Connects to nothing yet.
    pub fn new(config: &Config) -> Self {
        let servers = config.kafka_bootstrap_servers.split(',');
        Self {
            servers: servers.map(|s| s.trim().to_owned()).collect(),
            access: Access::of(config),
            connection: None,
            requests: 0,
        }
    }

    /// What is known about the topics of these full names; those that do not
    /// exist are left out.
    pub async fn describe(&mut self, topics: &[&str]) -> Result<Metadata, TopicError> {
        let response = self.ask(topics).await.map_err(|source| {
            let servers = self.servers.join(",");
            TopicError::Unreachable { servers, source }
        })?;
        let known = response.topics.into_iter().map(existing);
        Ok(Metadata {
            brokers: response.brokers,
            topics: known
                .filter_map(Result::transpose)
                .collect::<Result<_, _>>()?,
        })
    }

    async fn ask(&mut self, topics: &[&str]) -> io::Result<wire::Response> {
        self.requests = self.requests.wrapping_add(1);
        // A kept connection may have died meanwhile: that is no answer yet.
        if let Some(mut connection) = self.connection.take()
            && let Ok(response) = exchange(&mut connection, self.requests, topics).await
        {
            self.connection = Some(connection);
            return Ok(response);
        }
        let mut last = io::Error::from(io::ErrorKind::NotConnected);
        for server in &self.servers {
            match self.ask_server(server, topics).await {
                Ok((connection, response)) => {
                    self.connection = Some(connection);
                    return Ok(response);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn ask_server(
        &self,
        server: &str,
        topics: &[&str],
    ) -> io::Result<(Box<dyn Stream>, wire::Response)> {
        let mut connection = self.access.connect(server).await?;
        let response = exchange(&mut connection, self.requests, topics).await?;
        Ok((connection, response))
    }
}

fn existing(topic: wire::Topic) -> Result<Option<TopicMetadata>, TopicError> {
    // Leaderless partitions carry error codes of their own, not the topic's.
    match topic.error_code {
        0 => Ok(Some(TopicMetadata {
            name: topic.name,
            id: topic.id,
            partitions: i32::try_from(topic.partitions).unwrap_or(i32::MAX),
            has_leaders: topic.has_leaders,
        })),
        UNKNOWN_TOPIC => Ok(None),
        code => Err(TopicError::Refused {
            topic: topic.name,
            reason: format!("error code {code}"),
        }),
    }
}

async fn exchange(
    connection: &mut Box<dyn Stream>,
    id: i32,
    topics: &[&str],
) -> io::Result<wire::Response> {
    timeout(PATIENCE, async {
        connection.write_all(&wire::request(id, topics)).await?;
        let frame = answer(connection).await?;
        wire::response(&frame, id).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    })
    .await?
}

/// The next answer, without its length.
pub(super) async fn answer(connection: &mut Box<dyn Stream>) -> io::Result<Vec<u8>> {
    let length = connection.read_u32().await?;
    if length > LONGEST_ANSWER {
        return Err(io::Error::new(io::ErrorKind::InvalidData, wire::Malformed));
    }
    let mut frame = vec![0; length as usize];
    connection.read_exact(&mut frame).await?;
    Ok(frame)
}
