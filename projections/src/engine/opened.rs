//! From sealed to readable events: a whole batch with one query for keys.

use super::{
    event::{Delivered, Event, Fetched, Passed, Record, Unreadable, data, decode},
    projection::{BoxError, Projection},
};
use infra::{
    log::{ContractMapping, StoredEvent},
    sealing::{OpenError, Sealing},
};
use std::mem;

/// What was fetched.
#[expect(clippy::large_enum_variant, reason = "nearly all are events")]
pub(super) enum Taken {
    /// An event.
    Event(Fetched),
    /// Something that nobody can read.
    Unreadable(Unreadable),
    /// Somebody else's.
    Passed(Passed),
}

/// Opens and reads what was fetched, in its order.
///
/// # Errors
/// When this process can open nothing at the moment.
pub(super) async fn delivered<P: Projection>(
    sealing: &Sealing,
    fetched: Vec<Taken>,
) -> Result<Vec<Delivered<P::Data>>, OpenError> {
    let mut delivered = Vec::with_capacity(fetched.len());
    let mut run = Vec::with_capacity(fetched.len());
    // Nearly always one run: all that was fetched.
    for taken in fetched {
        let other = match taken {
            Taken::Event(event) => {
                run.push(event);
                continue;
            }
            Taken::Unreadable(unreadable) => Delivered::Unreadable(unreadable),
            Taken::Passed(passed) => Delivered::Passed(passed),
        };
        open::<P>(sealing, mem::take(&mut run), &mut delivered).await?;
        delivered.push(other);
    }
    open::<P>(sealing, run, &mut delivered).await?;
    Ok(delivered)
}

async fn open<P: Projection>(
    sealing: &Sealing,
    mut run: Vec<Fetched>,
    delivered: &mut Vec<Delivered<P::Data>>,
) -> Result<(), OpenError> {
    while !run.is_empty() {
        let (open, error) = match sealing.open(&mut run).await {
            Ok(_) => (run.len(), None),
            Err(error) => match error {
                // Those before it are open.
                OpenError::Event { index, .. } if error.is_of_the_event() => (index, Some(error)),
                error => return Err(error),
            },
        };
        let mut rest = run.split_off(open).into_iter();
        delivered.extend(run.into_iter().map(read::<P>));
        if let Some((damaged, error)) = rest.next().zip(error) {
            let damaged = damaged.unreadable(error.into());
            delivered.push(Delivered::Unreadable(damaged));
        }
        run = rest.collect();
    }
    Ok(())
}

fn read<P: Projection>(mut fetched: Fetched) -> Delivered<P::Data> {
    let (partition, offset) = (fetched.partition, fetched.offset);
    let sealed = fetched.sealed.take();
    match data::<P>(&fetched.published) {
        Ok(data) => Delivered::Event(Record {
            partition,
            offset,
            event: Event {
                envelope: fetched.published.envelope,
                data,
                raw: fetched.published.data,
            },
            sealed,
        }),
        Err(source) => {
            fetched.sealed = sealed;
            Delivered::Unreadable(fetched.unreadable(source))
        }
    }
}

/// Why a history cannot be read.
pub(super) enum HistoryError {
    /// This process can open nothing at the moment.
    Closed(OpenError),
    /// An event of it is damaged, or unknown.
    Event(BoxError),
}

impl From<OpenError> for HistoryError {
    fn from(error: OpenError) -> Self {
        if error.is_of_the_event() {
            Self::Event(error.into())
        } else {
            Self::Closed(error)
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
