//! Events of a running system on a developer's machine, as webhooks, without an
//! endpoint being set up: a client of its stream that sends what comes on.

use super::{
    client::{Sender, SenderError, Sent},
    message::{Fact, body},
};
use crate::http;
use infra::{
    backoff::Backoff,
    webhooks::{Due, Guard, WebhookSecret, wants},
};
use reqwest::{Client, StatusCode, Url, header::InvalidHeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, time::Duration};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Orders whose platforms are remembered.
const ORDERS: usize = 10_000;
/// Longest silence of a stream: a comment comes every 15 s.
const SILENCE: Duration = Duration::from_mins(1);
/// An event that cannot be larger.
const LARGEST: usize = 8 << 20;

/// What is sent on, and to where.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The system.
    pub system: Url,
    /// Its API key.
    pub api_key: String,
    /// The receiver.
    pub forward_to: String,
    /// Types of events: `order.placed`, `order.*`, `*`.
    pub event_types: Vec<String>,
    /// Only events of orders of this platform.
    pub platform: Option<String>,
    /// What requests are signed with.
    pub secret: WebhookSecret,
}

/// Something that happens while events are sent on.
#[derive(Debug)]
pub enum Told<'a> {
    /// The stream has begun.
    Connected,
    /// It is away, and is tried again.
    Away(&'a str),
    /// An event was sent on, and this came of it.
    Sent(&'a Happened, &'a Sent),
}

/// An event of the stream.
#[derive(Debug, Deserialize)]
pub struct Happened {
    id: Uuid,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    #[serde(with = "time::serde::rfc3339")]
    time: OffsetDateTime,
    /// Its order.
    pub subject: Uuid,
    /// The order's version after it.
    pub sequence: i64,
    traceparent: Option<String>,
    data: Map<String, Value>,
}

/// Why nothing can be sent on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The API key has characters that no header can carry.
    #[error("the API key is not one")]
    Key(#[from] InvalidHeaderValue),
    /// No client can be made.
    #[error("no HTTP client can be made")]
    Client(#[from] reqwest::Error),
    /// Nor for what is sent on.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The system does not want this client.
    #[error("the system refuses: {0}")]
    Refused(String),
}

/// Why a stream has ended; it is begun again.
enum Ended {
    Away(String),
    Refused(String),
}

impl From<reqwest::Error> for Ended {
    fn from(error: reqwest::Error) -> Self {
        Self::Away(http::cause(&error))
    }
}

/// Sends events on, those that come from now on, until `stop` is cancelled.
pub async fn listen(
    listening: &Listening,
    mut tell: impl FnMut(&Told<'_>),
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let client = http::client(&listening.system, Some(&listening.api_key))?;
    // A stream takes as long as it takes.
    let client = client
        .timeout(Duration::MAX)
        .read_timeout(SILENCE)
        .build()?;
    let mut ears = Ears {
        listening,
        client,
        sender: Sender::new(Guard::open())?,
        platforms: BTreeMap::new(),
        place: None,
    };
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(5));
    loop {
        let ended = stop
            .run_until_cancelled(ears.follow(&mut tell, &mut backoff))
            .await;
        match ended {
            None => return Ok(()),
            Some(Ended::Refused(why)) => return Err(ListenError::Refused(why)),
            Some(Ended::Away(why)) => tell(&Told::Away(&why)),
        }
        let pause = tokio::time::sleep(backoff.pause());
        if stop.run_until_cancelled(pause).await.is_none() {
            return Ok(());
        }
    }
}

struct Ears<'a> {
    listening: &'a Listening,
    client: Client,
    sender: Sender,
    /// By order.
    platforms: BTreeMap<Uuid, String>,
    /// `Last-Event-ID`.
    place: Option<String>,
}

impl Ears<'_> {
    /// Follows the stream to its end.
    async fn follow(&mut self, tell: &mut impl FnMut(&Told<'_>), backoff: &mut Backoff) -> Ended {
        let Err(ended) = self.try_follow(tell, backoff).await else {
            return Ended::Away("the stream has ended".into());
        };
        ended
    }

    async fn try_follow(
        &mut self,
        tell: &mut impl FnMut(&Told<'_>),
        backoff: &mut Backoff,
    ) -> Result<(), Ended> {
        let mut url = self.url("/v1/events/stream");
        if let Some(platform) = &self.listening.platform {
            url.query_pairs_mut().append_pair("platform", platform);
        }
        let mut request = self.client.get(url);
        if let Some(place) = &self.place {
            request = request.header("last-event-id", place);
        }
        let mut response = request.send().await?;
        let status = response.status();
        if !status.is_success() {
            let problem = http::Problem::read(&response.bytes().await?).told(status);
            return Err(if is_final(status) {
                Ended::Refused(problem)
            } else {
                Ended::Away(problem)
            });
        }
        tell(&Told::Connected);
        backoff.reset();
        let mut parser = Parser::default();
        while let Some(chunk) = response.chunk().await? {
            parser.push(&chunk);
            if parser.bytes.len() > LARGEST {
                return Err(Ended::Away("an event is too large".into()));
            }
            while let Some(message) = parser.next() {
                if let Some(data) = message.data {
                    self.forward(&data, tell).await?;
                }
                if message.id.is_some() {
                    self.place = message.id;
                }
            }
        }
        Ok(())
    }

    async fn forward(&mut self, data: &str, tell: &mut impl FnMut(&Told<'_>)) -> Result<(), Ended> {
        // What is none of an order is not for receivers.
        let Ok(happened) = serde_json::from_str::<Happened>(data) else {
            return Ok(());
        };
        if !wants(&self.listening.event_types, &happened.event_type) {
            return Ok(());
        }
        let platform = self.platform_of(&happened).await?;
        let fact = Fact {
            event_type: &happened.event_type,
            time: happened.time,
            order: happened.subject,
            version: happened.sequence,
            platform: &platform,
        };
        let body = body(&fact, happened.data.clone()).unwrap_or_default();
        let due = Due {
            id: happened.id,
            message_id: happened.id,
            attempts: 0,
            body,
            traceparent: happened.traceparent.clone(),
        };
        let secrets = std::slice::from_ref(&self.listening.secret);
        let sent = self
            .sender
            .send(&self.listening.forward_to, secrets, &due)
            .await;
        tell(&Told::Sent(&happened, &sent));
        Ok(())
    }

    /// Of the order, which may be readable a moment later than its event.
    async fn platform_of(&mut self, happened: &Happened) -> Result<String, Ended> {
        if let Some(platform) = self.platforms.get(&happened.subject) {
            return Ok(platform.clone());
        }
        let mut url = self.url(&format!("/v1/orders/{}", happened.subject));
        url.query_pairs_mut()
            .append_pair("fields", "platform")
            .append_pair("min_version", &happened.sequence.to_string());
        let request = self.client.get(url).header("prefer", "wait=10");
        let response = request.send().await?;
        let status = response.status();
        let bytes = response.bytes().await?;
        if !status.is_success() {
            let problem = http::Problem::read(&bytes).told(status);
            // An order that is not there yet comes.
            return Err(if is_final(status) && status != StatusCode::NOT_FOUND {
                Ended::Refused(problem)
            } else {
                Ended::Away(problem)
            });
        }
        let order: Order = serde_json::from_slice(&bytes)
            .map_err(|error| Ended::Away(format!("an order cannot be read: {error}")))?;
        if self.platforms.len() >= ORDERS {
            self.platforms.clear();
        }
        self.platforms
            .insert(happened.subject, order.platform.clone());
        Ok(order.platform)
    }

    fn url(&self, path: &str) -> Url {
        http::below(&self.listening.system, path)
    }
}

/// As much as is asked for of an order.
#[derive(Deserialize)]
struct Order {
    platform: String,
}

/// Whether it is no use to ask again.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

/// One message of a stream (HTML, 9.2.6).
#[derive(Debug, Default, PartialEq, Eq)]
struct Message {
    id: Option<String>,
    data: Option<String>,
}

/// Lines of a stream, until they make a message.
#[derive(Debug, Default)]
struct Parser {
    bytes: Vec<u8>,
}

impl Parser {
    fn push(&mut self, chunk: &[u8]) {
        self.bytes
            .extend(chunk.iter().filter(|&&byte| byte != b'\r'));
    }

    fn next(&mut self) -> Option<Message> {
        let end = self.bytes.windows(2).position(|two| two == b"\n\n")?;
        let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
        let mut message = Message::default();
        for line in String::from_utf8_lossy(&block).lines() {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "id" => message.id = Some(value.to_owned()),
                "data" => match &mut message.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => message.data = Some(value.to_owned()),
                },
                _ => {}
            }
        }
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_however_they_are_cut() {
        let stream = b"retry: 1000\n\nid: a\nevent: x\ndata: {\"n\":\ndata: 1}\n\n: quiet\n\nid: b\r\ndata:2\r\n\r\n";
        for size in 1..stream.len() {
            let (mut parser, mut found) = (Parser::default(), Vec::new());
            for chunk in stream.chunks(size) {
                parser.push(chunk);
                while let Some(message) = parser.next() {
                    found.push((message.id, message.data));
                }
            }
            let text = |text: &str| Some(text.to_owned());
            let expected = [
                (None, None),
                (text("a"), text("{\"n\":\n1}")),
                (None, None),
                (text("b"), text("2")),
            ];
            assert_eq!(found, expected, "chunks of {size}");
        }
    }
}
