//! What `orderlog replay` is asked for.

use super::topic::TopicName;
use contracts::{PositionToken, event_types, topics::has_events};
use serde::{Deserialize, Serialize};
use std::{num::NonZeroU32, path::PathBuf, str::FromStr};
use time::{
    Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description,
};
use uuid::Uuid;

/// Write the log's events once more, into lines or a Kafka topic.
///
/// Each is as it was published: one JSON object a line on standard output, or a
/// record of a topic. Reads what is final when it begins, or with --follow for
/// ever. The last line on standard output is a trailer with the number of
/// events, the last position, and whether anything was cut short. Ends with 1
/// when it was.
///
/// With --resume an interrupted run goes on where it was when the same command
/// is given again, and a finished one with what came since. A file that
/// standard output appends to (>>) is first cut back to what the last run knows
/// to be written, so it holds each event once; into a pipe or a topic the events
/// of the last second may come twice after a crash.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    orderlog replay --dir .orderlog > events.ndjson\n  \
    orderlog replay --from-time 2026-11-01 --to-time 2026-12-01 --type 'order.payment_*' | zstd > november.ndjson.zst\n  \
    orderlog replay --platform web --resume web.position >> web.ndjson\n  \
    orderlog replay --order 01990000-0000-7000-8000-000000000000 | jq .data.after\n  \
    orderlog replay --to-topic analysts.orders --rate 500 --resume analysts.position")]
pub struct ReplayArgs {
    /// Begin after the event with this position: that of a line, of a record's
    /// header, of a trailer, of a command's answer
    #[arg(long, value_name = "TOKEN", group = "from")]
    from_position: Option<Position>,
    /// Begin with the first event that was recorded at or after this time
    /// (RFC 3339, or a date: its midnight in UTC)
    #[arg(long, value_name = "TIME", group = "from", value_parser = time)]
    from_time: Option<OffsetDateTime>,
    /// Begin with the first event of the log: the default
    #[arg(long, group = "from")]
    from_start: bool,
    /// End with the event that has this position
    #[arg(long, value_name = "TOKEN", group = "to")]
    to_position: Option<Position>,
    /// End before the first event that was recorded at or after this time
    #[arg(long, value_name = "TIME", group = "to", value_parser = time)]
    to_time: Option<OffsetDateTime>,
    /// Go on with what is appended, until it is told to stop or the end is reached
    #[arg(long)]
    pub follow: bool,
    /// Only events of this type, or, with * at its end, of these types; may be
    /// given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<TypePattern>,
    /// Only events of orders of this platform; may be given several times
    #[arg(long = "platform", value_name = "SLUG", value_parser = platform)]
    platforms: Vec<String>,
    /// Only events of this order; may be given several times
    #[arg(long = "order", value_name = "ID")]
    orders: Vec<Uuid>,
    /// Publish into this Kafka topic instead, which is created if it is missing
    #[arg(long, value_name = "NAME")]
    to_topic: Option<TopicName>,
    /// At most so many events a second
    #[arg(long, value_name = "EVENTS")]
    pub rate: Option<NonZeroU32>,
    /// Remember in this file how far it came, and go on from there
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
}

/// What is replayed, and whereto: what a resume file belongs to. Each field is
/// that of [`ReplayArgs`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub from: Place,
    pub to: Option<Place>,
    pub types: Vec<TypePattern>,
    pub platforms: Vec<String>,
    pub orders: Vec<Uuid>,
    pub to_topic: Option<TopicName>,
}

/// A place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before every event.
    Start,
    /// After the event at this position.
    Position(PositionToken),
    /// Before the first event recorded at or after this time.
    Time(#[serde(with = "time::serde::rfc3339")] OffsetDateTime),
}

impl ReplayArgs {
    /// The part that a resume file is held against.
    pub fn request(&self) -> Request {
        let place = |position: &Option<Position>, time: Option<OffsetDateTime>| {
            let position = position.clone().map(|token| Place::Position(token.0));
            position.or(time.map(Place::Time))
        };
        let from = place(&self.from_position, self.from_time);
        Request {
            from: from.unwrap_or(Place::Start),
            to: place(&self.to_position, self.to_time),
            types: self.types.clone(),
            platforms: self.platforms.clone(),
            orders: self.orders.clone(),
            to_topic: self.to_topic.clone(),
        }
    }
}

/// The position token of an event.
#[derive(Debug, Clone)]
struct Position(PositionToken);

impl FromStr for Position {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let token: PositionToken = text.parse().map_err(|_| "not a position token")?;
        if !has_events(&token.topic, token.partition) {
            return Err(format!("{} is no topic of the log's events", token.topic));
        }
        Ok(Self(token))
    }
}

/// An event type, or the beginning of some and `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TypePattern(String);

impl TypePattern {
    /// Whether events of this type are meant.
    pub fn takes(&self, event_type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => event_type.starts_with(beginning),
            None => event_type == self.0,
        }
    }
}

impl FromStr for TypePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pattern = Self(text.to_owned());
        if event_types().any(|name| pattern.takes(name)) {
            return Ok(pattern);
        }
        Err("no such event type; contracts/schemas and docs/asyncapi.json list them".to_owned())
    }
}

/// RFC 3339, or a date.
fn time(text: &str) -> Result<OffsetDateTime, String> {
    if let Ok(date) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        return Ok(date.midnight().assume_utc());
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "neither a date (2026-11-26) nor a time (2026-11-26T09:30:00Z)".to_owned())
}

fn platform(text: &str) -> Result<String, String> {
    let slug: domain::text::Slug = text.try_into().map_err(|e| format!("{e}"))?;
    Ok(slug.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::{LogPosition, topics::ORDER_EVENTS};

    #[test]
    fn types_are_named_or_begun() {
        let all: TypePattern = "order.*".parse().expect("some begin so");
        assert!(all.takes("order.placed"));
        let payments: TypePattern = "order.payment_*".parse().expect("some begin so");
        assert!(payments.takes("order.payment_voided") && !payments.takes("order.placed"));
        let placed: TypePattern = "order.placed".parse().expect("it is one");
        assert!(placed.takes("order.placed") && !placed.takes("order.placed2"));
        for wrong in ["order.palced", "", "OrderPlaced", "x*", "order.*d"] {
            assert!(wrong.parse::<TypePattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_is_a_moment_or_a_day() {
        assert_eq!(time("2026-11-26"), time("2026-11-26T00:00:00Z"));
        assert!(time("2026-11-26T01:00:00+01:00").is_ok());
        assert!(time("yesterday").is_err() && time("2026-13-01").is_err());
    }

    #[test]
    fn a_position_is_one_of_the_events() {
        let token = |topic: &str| PositionToken {
            topic: topic.to_owned(),
            partition: 1,
            at: LogPosition::START,
        };
        assert!(token(ORDER_EVENTS).to_string().parse::<Position>().is_ok());
        assert!(token("other").to_string().parse::<Position>().is_err());
        assert!("x".parse::<Position>().is_err());
    }
}
