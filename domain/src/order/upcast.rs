//! Older formats of stored events, brought to today's when they are read. The
//! log itself is never rewritten.

use super::event::OrderEvent;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// One step: an event of this name and version becomes one of the next.
struct Upcaster {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    change: fn(&mut Map<String, Value>),
}

const UPCASTERS: &[Upcaster] = &[Upcaster {
    name: "FulfillmentShipped",
    from: "1",
    to: "2",
    change: tracking_in_one_member,
}];

/// A stored event that today's code cannot read.
#[derive(Debug, thiserror::Error)]
pub enum UpcastError {
    /// No steps lead from its version to today's: it is newer than this code.
    #[error("{name} has version {version}; this release reads up to {known}")]
    Version {
        /// Name of the event.
        name: String,
        /// Its version.
        version: String,
        /// Today's.
        known: &'static str,
    },
    /// There is no such event: it is of a release that is newer than this code.
    #[error("this release knows no {name}")]
    Type {
        /// Name of the event.
        name: String,
    },
    /// The payload is not `{name: {…}}`.
    #[error("the payload of {name} is malformed")]
    Payload {
        /// Name of the event.
        name: String,
        /// What is wrong, where the parser knows.
        #[source]
        source: Option<serde_json::Error>,
    },
}

impl UpcastError {
    /// Whether a newer release has stored the event. A version that is no later
    /// number is damage.
    pub fn is_newer(&self) -> bool {
        match self {
            Self::Version { version, known, .. } => {
                let number = |version: &str| version.parse::<u32>().ok();
                number(version) > number(known)
            }
            Self::Type { .. } => true,
            Self::Payload { .. } => false,
        }
    }
}

/// Whether this release knows an event: one of `names`, all of which have had no
/// version but this one, `known`.
///
/// # Errors
/// That a newer release has stored it.
pub(crate) fn known_event(
    names: &[&str],
    known: &'static str,
    (name, version): (&str, &str),
) -> Result<(), UpcastError> {
    if !names.contains(&name) {
        return Err(UpcastError::Type {
            name: name.to_owned(),
        });
    }
    if version != known {
        return Err(UpcastError::Version {
            name: name.to_owned(),
            version: version.to_owned(),
            known,
        });
    }
    Ok(())
}

/// The payload in today's format. Borrowed, at no cost, where it is already.
pub fn current<'a>(
    name: &str,
    version: &str,
    payload: &'a str,
) -> Result<Cow<'a, str>, UpcastError> {
    if !OrderEvent::knows(name) {
        return Err(UpcastError::Type {
            name: name.to_owned(),
        });
    }
    let known = OrderEvent::version_of(name);
    if version == known {
        return Ok(Cow::Borrowed(payload));
    }
    let malformed = |source| UpcastError::Payload {
        name: name.to_owned(),
        source,
    };
    let mut value: Value = serde_json::from_str(payload).map_err(|e| malformed(Some(e)))?;
    let fields = value.get_mut(name).and_then(Value::as_object_mut);
    let fields = fields.ok_or_else(|| malformed(None))?;
    let mut at = version;
    while at != known {
        let step = UPCASTERS.iter().find(|u| u.name == name && u.from == at);
        let step = step.ok_or_else(|| UpcastError::Version {
            name: name.to_owned(),
            version: version.to_owned(),
            known,
        })?;
        (step.change)(fields);
        at = step.to;
    }
    Ok(Cow::Owned(value.to_string()))
}

/// Version 1 of `FulfillmentShipped` had the parcel's data side by side with
/// its own; since version 2 they are one member, as in `TrackingUpdated`.
fn tracking_in_one_member(fields: &mut Map<String, Value>) {
    let mut tracking = Map::new();
    for name in ["carrier", "tracking_number", "tracking_url"] {
        if let Some(value) = fields.remove(name) {
            tracking.insert(name.to_owned(), value);
        }
    }
    fields.insert("tracking".to_owned(), Value::Object(tracking));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_version_reads_as_todays() {
        let old = r#"{"FulfillmentShipped":{"fulfillment_id":"f1","carrier":"DHL"}}"#;
        let read = current("FulfillmentShipped", "1", old).expect("known");
        let event: OrderEvent = serde_json::from_str(&read).expect("today's format");
        let OrderEvent::FulfillmentShipped(shipped) = event else {
            panic!("another event");
        };
        assert_eq!(shipped.tracking.carrier.as_deref(), Some("DHL"));
    }

    #[test]
    fn todays_version_is_not_touched() {
        assert!(matches!(
            current("OrderPlaced", "1", "anything"),
            Ok(Cow::Borrowed("anything"))
        ));
    }

    #[test]
    fn an_event_that_is_not_known_is_of_a_newer_release() {
        let newer = current("OrderTeleported", "1", "{}").expect_err("it is not known");
        assert!(newer.is_newer());
        assert_eq!(newer.to_string(), "this release knows no OrderTeleported");
    }

    #[test]
    fn a_newer_version_is_told_apart_from_damage() {
        let newer = current("OrderPlaced", "7", r#"{"OrderPlaced":{}}"#);
        assert!(matches!(newer, Err(error @ UpcastError::Version { .. }) if error.is_newer()));
        let damaged = current("OrderPlaced", "7", "{}");
        assert!(matches!(damaged, Err(UpcastError::Payload { .. })));
    }
}
