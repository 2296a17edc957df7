//! What a replay ends with.

use contracts::PositionToken;
use serde::Serialize;

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// With what was final when it began.
    Horizon,
    /// With the end that was asked for.
    Bound,
    /// It was told to stop.
    Stopped,
}

/// The last line: without it the output was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trailer {
    /// Events in the output, those of resumed runs included.
    pub count: u64,
    /// Up to here everything that was asked for is there; where to begin the
    /// next time. None: nothing was read.
    pub position: Option<PositionToken>,
    /// Why there is no more.
    pub ended: Ended,
    /// Whether there was more to come.
    pub cut_short: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    trailer: &'a Trailer,
}

impl Trailer {
    /// One JSON object, told from an event by its only member.
    pub fn line(&self) -> serde_json::Result<String> {
        serde_json::to_string(&Line { trailer: self })
    }
}
