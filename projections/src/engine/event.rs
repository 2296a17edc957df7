//! An event as projections see it, wherever it comes from.

use super::projection::{BoxError, Projection};
use contracts::{
    CloudEvent, LogPosition,
    epoch::{Kind, kind_of},
    partition::partition_of,
};
use infra::{
    log::PublishedEvent,
    sealing::{Form, PersonalEvent, Place},
};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use std::{mem, str};
use time::OffsetDateTime;
use uuid::Uuid;

/// One event, read.
#[derive(Debug, Clone)]
pub struct Event<D> {
    /// Who, when, which version of what.
    pub envelope: CloudEvent,
    /// The data, typed.
    pub data: D,
    /// The data as JSON, as it was published but for its personal part, which
    /// is readable.
    pub raw: Vec<u8>,
}

/// One event and where it stood on Kafka.
#[derive(Debug, Clone)]
pub struct Record<D> {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset within the partition.
    pub offset: i64,
    /// What it carries.
    pub event: Event<D>,
    /// Its value as it was published, where opening it has changed it.
    pub sealed: Option<Vec<u8>>,
}

impl<D> Record<D> {
    /// The record as it stood on Kafka.
    pub(super) fn raw(&self) -> RawRecord {
        let value = self.sealed.as_ref().unwrap_or(&self.event.raw);
        RawRecord::of(
            self.partition,
            self.offset,
            &self.event.envelope,
            value.clone(),
        )
    }
}

/// A record as it stood on Kafka, whatever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset within the partition.
    pub offset: i64,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Headers, in their order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Value.
    pub value: Option<Vec<u8>>,
}

impl RawRecord {
    fn of(partition: i32, offset: i64, envelope: &CloudEvent, value: Vec<u8>) -> Self {
        let headers = envelope.headers().into_iter();
        Self {
            partition,
            offset,
            key: Some(envelope.subject.to_string().into_bytes()),
            headers: headers
                .map(|(name, value)| (name.to_owned(), Some(value.into_bytes())))
                .collect(),
            value: Some(value),
        }
    }

    /// The order that its key names, if it is one of this partition.
    pub(super) fn order<P: Projection>(&self) -> Option<Uuid> {
        let key = str::from_utf8(self.key.as_ref()?).ok()?;
        let order = Uuid::try_parse(key).ok()?;
        let canonical = order.to_string() == key;
        let here = partition_of(key.as_bytes(), P::TOPIC.partitions) == self.partition;
        (canonical && here).then_some(order)
    }

    /// Its parts, to be taken apart.
    pub(super) fn parts(&self) -> Parts<'_> {
        let headers = self.headers.iter();
        Parts {
            partition: self.partition,
            offset: self.offset,
            key: self.key.as_deref().unwrap_or_default(),
            headers: headers
                .map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()))
                .collect(),
            value: self.value.as_deref().unwrap_or_default(),
        }
    }
}

/// A record that cannot be read, today or ever.
#[derive(Debug)]
pub struct Unreadable {
    /// The record.
    pub record: RawRecord,
    /// Why.
    pub source: BoxError,
}

/// A record that is none of the projection's. Its offset is passed, and so is
/// its place in the log: whoever waits for it must not wait for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset within the partition.
    pub offset: i64,
    /// When it was recorded, and its place in the log; none where its envelope
    /// does not say.
    pub event: Option<(OffsetDateTime, LogPosition)>,
}

/// What came from Kafka and has to be dealt with.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are events")]
pub enum Delivered<D> {
    /// An event.
    Event(Record<D>),
    /// Something that parks.
    Unreadable(Unreadable),
    /// Somebody else's.
    Passed(Passed),
}

impl<D> Delivered<D> {
    /// Partition and offset.
    pub(super) const fn place(&self) -> (i32, i64) {
        match self {
            Self::Event(record) => (record.partition, record.offset),
            Self::Unreadable(Unreadable { record, .. }) => (record.partition, record.offset),
            Self::Passed(passed) => (passed.partition, passed.offset),
        }
    }
}

/// An event as Kafka delivered it: its personal data is sealed yet.
pub(super) struct Fetched {
    pub partition: i32,
    pub offset: i64,
    pub published: PublishedEvent,
    /// Its value before it was opened.
    pub sealed: Option<Vec<u8>>,
}

impl Fetched {
    /// The same, as something that cannot be read.
    pub fn unreadable(self, source: BoxError) -> Unreadable {
        let PublishedEvent { envelope, data, .. } = self.published;
        let value = self.sealed.unwrap_or(data);
        Unreadable {
            record: RawRecord::of(self.partition, self.offset, &envelope, value),
            source,
        }
    }
}

impl PersonalEvent for Fetched {
    const FORM: Form = Form::Published;

    fn place(&self) -> Place {
        self.published.place()
    }

    fn json(&self) -> &[u8] {
        self.published.json()
    }

    fn replace(&mut self, json: String) {
        self.sealed = Some(mem::replace(&mut self.published.data, json.into_bytes()));
    }
}

/// A record whose parts contradict each other.
#[derive(Debug, thiserror::Error)]
enum Contradiction {
    #[error("the envelope's position names partition {claimed}")]
    Partition { claimed: i32 },
    #[error("the envelope's subject is {subject}")]
    Key { subject: Uuid },
    #[error("event {sequence} says that it brings its aggregate to version {version}")]
    Version { sequence: i64, version: i64 },
}

/// Reads a published event as the projection's data.
pub(super) fn decode<P: Projection>(published: PublishedEvent) -> Result<Event<P::Data>, BoxError> {
    let data = data::<P>(&published)?;
    Ok(Event {
        envelope: published.envelope,
        data,
        raw: published.data,
    })
}

/// The data of a published event, if it is of the version that the envelope
/// says. Else nobody could tell which one is right: that of the envelope might
/// pass for one that the rows have already.
pub(super) fn data<P: Projection>(published: &PublishedEvent) -> Result<P::Data, BoxError> {
    let PublishedEvent { envelope, data, .. } = published;
    let data = P::decode(&envelope.event_type, data)?;
    let (sequence, version) = (envelope.sequence, P::brings_to(&data));
    if sequence != version {
        return Err(Contradiction::Version { sequence, version }.into());
    }
    Ok(data)
}

/// The parts of a record.
pub(super) struct Parts<'a> {
    partition: i32,
    offset: i64,
    key: &'a [u8],
    headers: Vec<(&'a str, &'a [u8])>,
    value: &'a [u8],
}

/// What a record carries.
#[expect(
    clippy::large_enum_variant,
    reason = "moved once, as an event nearly always"
)]
pub(super) enum Carried {
    /// An event of an aggregate.
    Event(Fetched),
    /// The announcement of this epoch.
    EpochBegan(i32),
    /// An event of something else.
    Other(Passed),
}

/// Why a record cannot be taken apart.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damaged {
    /// It announces an epoch, but not which.
    #[error("the announcement of an epoch cannot be read")]
    Announcement(#[source] serde_json::Error),
    /// It is no event.
    #[error("the record is no event")]
    Event(#[source] BoxError),
}

/// Takes a record apart, as far as it is readable by everybody.
pub(super) fn carried<P: Projection>(parts: &Parts<'_>) -> Result<Carried, Damaged> {
    let headers = || parts.headers.iter().copied();
    let kind = kind_of(headers(), parts.value).map_err(Damaged::Announcement)?;
    if let Kind::EpochBegan(epoch) = kind {
        return Ok(Carried::EpochBegan(epoch));
    }
    let (partition, offset) = (parts.partition, parts.offset);
    if !parts.concern::<P>() {
        let envelope = CloudEvent::from_headers(headers()).ok();
        // What says that it is elsewhere says nothing about this partition.
        let here = envelope.filter(|envelope| {
            let position = &envelope.position;
            position.topic == P::TOPIC.name && position.partition == partition
        });
        return Ok(Carried::Other(Passed {
            partition,
            offset,
            event: here.map(|envelope| (envelope.time, envelope.position.at)),
        }));
    }
    Ok(Carried::Event(Fetched {
        partition,
        offset,
        published: published::<P>(parts).map_err(Damaged::Event)?,
        sealed: None,
    }))
}

impl Parts<'_> {
    /// Whether the projection has to deal with it. What has no type is damaged,
    /// whoever's it is: it parks.
    fn concern<P: Projection>(&self) -> bool {
        let mut headers = self.headers.iter();
        let of = headers.find_map(|(name, value)| (*name == "ce_type").then_some(*value));
        of.is_none_or(|of| P::concerns(&String::from_utf8_lossy(of)))
    }
}

/// The parts of what Kafka delivered.
pub(super) fn parts<'a>(message: &'a BorrowedMessage<'_>) -> Parts<'a> {
    let headers = message.headers().into_iter().flat_map(|h| h.iter());
    Parts {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().unwrap_or_default(),
        headers: headers
            .map(|h| (h.key, h.value.unwrap_or_default()))
            .collect(),
        value: message.payload().unwrap_or_default(),
    }
}

/// All of what Kafka delivered.
pub(super) fn raw(message: &BorrowedMessage<'_>) -> RawRecord {
    let headers = message.headers().into_iter().flat_map(|h| h.iter());
    RawRecord {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        headers: headers
            .map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec)))
            .collect(),
        value: message.payload().map(<[u8]>::to_vec),
    }
}

fn published<P: Projection>(parts: &Parts<'_>) -> Result<PublishedEvent, BoxError> {
    let envelope = CloudEvent::from_headers(parts.headers.iter().copied())?;
    let (claimed, subject) = (envelope.position.partition, envelope.subject);
    // Statistics are kept per partition so that no two workers write one row.
    if claimed != parts.partition {
        return Err(Contradiction::Partition { claimed }.into());
    }
    if parts.key != subject.to_string().as_bytes() {
        return Err(Contradiction::Key { subject }.into());
    }
    Ok(PublishedEvent {
        topic: P::TOPIC.name,
        envelope,
        data: parts.value.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        orders::Orders,
        whole::{ShippingMethods, ShippingZones, Whole},
    };
    use contracts::{PositionToken, topics::SHIPPING_EVENTS};

    const AT: LogPosition = LogPosition {
        epoch: 1,
        xid: 9,
        position: 41,
    };

    /// A record of this type at offset 7 of partition 0, that says that it is at
    /// this place.
    fn record(event_type: &str, topic: &str, partition: i32) -> RawRecord {
        let subject = Uuid::from_u128(1);
        let envelope = CloudEvent {
            id: Uuid::from_u128(2),
            event_type: event_type.to_owned(),
            time: OffsetDateTime::UNIX_EPOCH,
            subject,
            sequence: 3,
            actor: "key_1".to_owned(),
            position: PositionToken {
                topic: topic.to_owned(),
                partition,
                at: AT,
            },
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            platform_version: None,
        };
        RawRecord::of(0, 7, &envelope, b"not even JSON".to_vec())
    }

    fn taken<P: Projection>(record: &RawRecord) -> Carried {
        carried::<P>(&record.parts()).expect("an envelope")
    }

    #[test]
    fn two_projections_of_one_topic_take_their_own_events_and_pass_the_others() {
        let zone = record("shipping_zone.saved", SHIPPING_EVENTS, 0);
        let own = taken::<Whole<ShippingZones>>(&zone);
        assert!(matches!(own, Carried::Event(event) if event.offset == 7));
        // Nobody has looked at the data.
        let Carried::Other(passed) = taken::<Whole<ShippingMethods>>(&zone) else {
            panic!("an event of a zone is none of a method");
        };
        let expected = Passed {
            partition: 0,
            offset: 7,
            event: Some((OffsetDateTime::UNIX_EPOCH, AT)),
        };
        assert_eq!(passed, expected);
        let later = record("shipping_zone_group.saved", SHIPPING_EVENTS, 0);
        assert!(matches!(
            taken::<Whole<ShippingZones>>(&later),
            Carried::Other(_)
        ));
        assert!(Orders::concerns("order.placed") && !Orders::concerns("log.something"));
    }

    #[test]
    fn what_says_that_it_is_elsewhere_is_no_place_that_was_passed() {
        for (topic, partition) in [(SHIPPING_EVENTS, 3), ("orders.events.v1", 0)] {
            let record = record("shipping_method.saved", topic, partition);
            let Carried::Other(passed) = taken::<Whole<ShippingZones>>(&record) else {
                panic!("none of a zone");
            };
            assert_eq!((passed.offset, passed.event), (7, None));
        }
    }

    #[test]
    fn a_record_without_a_type_is_damaged_whoever_reads_it() {
        let mut record = record("shipping_zone.saved", SHIPPING_EVENTS, 0);
        record.headers.retain(|(name, _)| name != "ce_type");
        let damaged = |taken| matches!(taken, Err(Damaged::Event(_)));
        assert!(damaged(carried::<Whole<ShippingZones>>(&record.parts())));
        assert!(damaged(carried::<Whole<ShippingMethods>>(&record.parts())));
    }
}
