//! Where events go.

use super::{
    args::Request,
    lines::{FileMark, Lines},
    topic::Topic,
    trailer::Trailer,
};
use contracts::topics::ORDER_EVENTS;
use infra::{config::Config, log::PublishedEvent};

/// Lines on standard output, or a topic.
pub enum Output {
    Lines(Lines),
    Topic(Box<Topic>),
}

impl Output {
    /// Opens it; `mark` is what the last run knew to be written.
    pub async fn open(
        config: &Config,
        request: &Request,
        mark: Option<FileMark>,
    ) -> anyhow::Result<Self> {
        Ok(match &request.to_topic {
            None => Self::Lines(Lines::open(mark)?),
            Some(name) => Self::Topic(Box::new(Topic::open(config, name).await?)),
        })
    }

    /// One event; it is on its way, not more.
    pub async fn write(&mut self, event: &PublishedEvent) -> anyhow::Result<()> {
        match self {
            Self::Lines(lines) => lines.write(event),
            // It is like that of the orders, and for whoever reads that one.
            Self::Topic(_) if event.topic != ORDER_EVENTS => Ok(()),
            Self::Topic(topic) => topic.send(event).await,
        }
    }

    /// Does not keep anything back, before a pause.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Lines(lines) => lines.flush(),
            Self::Topic(_) => Ok(()),
        }
    }

    /// Returns once everything that was written is where it belongs.
    pub async fn settle(&mut self) -> anyhow::Result<Option<FileMark>> {
        match self {
            Self::Lines(lines) => lines.settle(),
            Self::Topic(topic) => topic.settle().await.map(|()| None),
        }
    }

    /// The trailer, on standard output in either case.
    pub fn end(self, trailer: &Trailer) -> anyhow::Result<()> {
        let mut lines = match self {
            Self::Lines(lines) => lines,
            Self::Topic(_) => Lines::open(None)?,
        };
        lines.write_line(trailer.line()?.as_bytes())?;
        lines.flush()
    }
}
