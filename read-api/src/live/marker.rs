//! What a client resumes by: the `id` of what it has seen last, sent back as
//! `Last-Event-ID`.

use super::feed::{Edge, Generation};
use actix_web::web::Bytes;
use contracts::{
    LogPosition, PositionToken,
    partition::partition_of,
    topics::{ORDER_EVENTS, ORDER_EVENTS_PARTITIONS, has_events},
};
use uuid::Uuid;

/// Before every event.
const BEGINNING: &str = "beginning";

/// A place that a client names: the position of an event, and, of a stream that
/// depends on more than the log, a generation after a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// Place in the log.
    pub at: LogPosition,
    /// None: whatever it is now.
    pub generation: Option<Generation>,
}

impl Marker {
    /// Reads what this API has given, or `beginning`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == BEGINNING {
            return Some(Self {
                at: LogPosition::START,
                generation: None,
            });
        }
        let (token, generation) = match text.split_once('.') {
            Some((token, generation)) => (token, Some(generation.parse().ok()?)),
            None => (text, None),
        };
        let token: PositionToken = token.parse().ok()?;
        has_events(&token.topic, token.partition).then_some(Self {
            at: token.at,
            generation,
        })
    }
}

/// The marker of a place; `order` is what is there, if something is.
pub fn text(edge: Edge, order: Option<Uuid>) -> String {
    let partition = order.map_or(0, |order| {
        partition_of(order.to_string().as_bytes(), ORDER_EVENTS_PARTITIONS)
    });
    let token = PositionToken {
        topic: ORDER_EVENTS.to_owned(),
        partition,
        at: edge.at,
    };
    match edge.generation {
        Some(generation) => format!("{token}.{generation}"),
        None => token.to_string(),
    }
}

/// A comment that tells a place where nothing was to be told.
pub fn comment(edge: Edge) -> Bytes {
    format!(":\nid: {}\n\n", text(edge, None)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_reads_back_and_anything_else_is_refused() {
        let at = LogPosition {
            epoch: 1,
            xid: 700,
            position: 9,
        };
        let generation = Some(Generation {
            build: 3,
            redriven: 1,
        });
        for generation in [None, generation] {
            let text = text(Edge { at, generation }, Some(Uuid::from_u128(7)));
            assert_eq!(Marker::parse(&text), Some(Marker { at, generation }));
        }
        let start = Marker::parse("beginning").expect("a place");
        assert_eq!(start.at, LogPosition::START);
        let foreign = PositionToken {
            topic: "other".into(),
            partition: 0,
            at,
        };
        let out_of_range = PositionToken {
            topic: ORDER_EVENTS.into(),
            partition: 99,
            at,
        };
        for wrong in [
            "",
            "17",
            "x.1.2",
            &foreign.to_string(),
            &out_of_range.to_string(),
        ] {
            assert_eq!(Marker::parse(wrong), None, "{wrong}");
        }
    }
}
