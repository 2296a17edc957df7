//! From sealed to readable events: a whole batch with one query for keys.

use super::{
    event::{Event, Fetched, Poison, Record, decode},
    projection::{BoxError, Projection},
};
use infra::{
    log::{ContractMapping, StoredEvent},
    sealing::{KeysUnavailable, OpenError, Sealing},
};
use uuid::Uuid;

/// Records that can be applied, then perhaps one that never will be.
pub(super) struct Opened<D> {
    pub records: Vec<Record<D>>,
    pub poison: Option<Poison>,
}

/// Opens and reads what was fetched from `topic`. The first record at fault is
/// the end of it.
pub(super) async fn records<P: Projection>(
    sealing: &Sealing,
    topic: &str,
    mut fetched: Vec<Fetched>,
) -> Result<Opened<P::Data>, KeysUnavailable> {
    let mut opened = Opened {
        records: Vec::with_capacity(fetched.len()),
        poison: None,
    };
    match sealing.open(&mut fetched).await {
        Ok(_) => {}
        Err(OpenError::Unavailable(away)) => return Err(away),
        Err(damaged @ OpenError::Event { index, .. }) => {
            let at_fault = fetched.drain(index..).next();
            opened.poison = at_fault.map(|f| OnKafka::of(&f).poison(topic, damaged.into()));
        }
    }
    for fetched in fetched {
        let place = OnKafka::of(&fetched);
        match decode::<P>(fetched.published) {
            Ok(event) => opened.records.push(Record {
                partition: place.partition,
                offset: place.offset,
                event,
            }),
            Err(source) => {
                opened.poison = Some(place.poison(topic, source));
                break;
            }
        }
    }
    Ok(opened)
}

/// Where a record stands, for the report of what is wrong with it.
struct OnKafka {
    partition: i32,
    offset: i64,
    subject: Uuid,
}

impl OnKafka {
    const fn of(fetched: &Fetched) -> Self {
        Self {
            partition: fetched.partition,
            offset: fetched.offset,
            subject: fetched.published.envelope.subject,
        }
    }

    fn poison(self, topic: &str, source: BoxError) -> Poison {
        Poison {
            topic: topic.to_owned(),
            partition: self.partition,
            offset: self.offset,
            key: self.subject.to_string(),
            source,
        }
    }
}

/// Why a history cannot be read.
pub(super) enum HistoryError {
    Keys(KeysUnavailable),
    Event(BoxError),
}

impl From<OpenError> for HistoryError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Unavailable(away) => Self::Keys(away),
            damaged @ OpenError::Event { .. } => Self::Event(damaged.into()),
        }
    }
}

/// The published form of one aggregate's stored events, opened and read.
pub(super) async fn history<P: Projection>(
    mapping: &dyn ContractMapping,
    sealing: &Sealing,
    stored: &[StoredEvent],
) -> Result<Vec<Event<P::Data>>, HistoryError> {
    let published = mapping.stream(stored);
    let mut published = published.map_err(|e| HistoryError::Event(e.into()))?;
    sealing.open(&mut published).await?;
    let events = published.into_iter().map(decode::<P>);
    events
        .collect::<Result<_, _>>()
        .map_err(HistoryError::Event)
}
