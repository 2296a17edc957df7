//! Times.

use serde::{Deserialize, Deserializer};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A time of RFC 3339, in UTC and to the microsecond (what the log keeps).
#[derive(Debug, Clone, Copy)]
pub struct Time(OffsetDateTime);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let invalid = || {
            serde::de::Error::custom("a time of RFC 3339 is expected, such as 2026-11-23T08:30:00Z")
        };
        let time = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| invalid())?;
        // In UTC it may lie outside the years that RFC 3339 can write.
        let time = time
            .checked_to_offset(UtcOffset::UTC)
            .filter(|time| (1..=9999).contains(&time.year()))
            .ok_or_else(invalid)?;
        let micros = time.nanosecond() / 1_000 * 1_000;
        let time = time.replace_nanosecond(micros).map_err(|_| invalid())?;
        Ok(Self(time))
    }
}

impl From<Time> for OffsetDateTime {
    fn from(time: Time) -> Self {
        time.0
    }
}
