//! Events in log order, onto rows that may be there. An order that an event
//! cannot be applied to, or whose row the database refuses, is parked in the
//! build, and no other: as the applier does it with what comes from Kafka.

use super::{
    error::RebuildError,
    page::{self, Broken, Fault, NotConsecutive, off_the_runtime, same_stream},
    parked::{self, Parked},
};
use crate::engine::{
    environment::Engine,
    event::{Event, decode},
    failure::{Refold, is_about_data, is_unreadable, reason},
    fold::{Fold, Folded, Step},
    projection::{BoxError, Projection},
};
use contracts::partition::partition_of;
use infra::log::{PublishedEvent, StoredEvent};
use sqlx::{Connection as _, PgConnection};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    iter::Peekable,
    ops::Range,
    sync::Arc,
};
use uuid::Uuid;

/// Events that nothing can be made of, by aggregate and version, and why.
type Faults = HashMap<(String, i64), String>;

/// Why an attempt at some events failed.
enum Failure {
    Final(RebuildError),
    /// The database refuses a row; whose, it does not say.
    Refused(sqlx::Error),
    /// These events are at fault.
    Events(Vec<Fault>),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if is_about_data(&error) {
            Self::Refused(error)
        } else {
            Self::Final(error.into())
        }
    }
}

/// Writes whole streams to rows that are not there yet, in the transaction of
/// `connection`; where the database refuses some, halves of them, down to the
/// one whose order is parked.
pub(super) async fn write_streams<P: Projection>(
    engine: &Engine<P>,
    connection: &mut PgConnection,
    build: i64,
    streams: Vec<StoredEvent>,
) -> Result<(), RebuildError> {
    let mut pending = vec![streams];
    while let Some(mut streams) = pending.pop() {
        let page = page::fold(engine, streams.clone()).await?;
        let mut attempt = connection.begin().await?;
        match P::write(&mut attempt, &page.folded.rows, &page.folded.changes).await {
            Ok(()) => attempt.commit().await?,
            Err(error) if is_about_data(&error) => {
                attempt.rollback().await?;
                match middle(&streams) {
                    Some(middle) => {
                        let second = streams.split_off(middle);
                        pending.extend([second, streams]);
                    }
                    None => apply(engine, connection, build, streams).await?,
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        for broken in page.broken {
            park(engine, connection, build, broken).await?;
        }
    }
    Ok(())
}

/// Where streams can be halved; none where there is one only.
fn middle(streams: &[StoredEvent]) -> Option<usize> {
    let mut ends = streams.chunk_by(same_stream).scan(0, |end, stream| {
        *end += stream.len();
        Some(*end)
    });
    let half = streams.len() / 2;
    let last = streams.chunk_by(same_stream).next_back()?.len();
    let end = ends.find(|end| *end >= half)?;
    Some(end.min(streams.len() - last)).filter(|middle| *middle > 0)
}

/// Applies as much as can be of a stream that cannot be folded as a whole, and
/// parks its order.
pub(super) async fn park<P: Projection>(
    engine: &Engine<P>,
    connection: &mut PgConnection,
    build: i64,
    broken: Broken,
) -> Result<(), RebuildError> {
    let Broken { id, events, reason } = broken;
    apply(engine, connection, build, events).await?;
    let version = match Uuid::try_parse(&id) {
        Ok(order) => {
            let rows = P::load(connection, &[order]).await?;
            rows.get(&order).map_or(0, P::version)
        }
        Err(_) => 0,
    };
    let parked = parked_at::<P>(id, version, reason);
    Ok(parked::park(connection, P::NAME, build, &parked).await?)
}

fn parked_at<P: Projection>(id: String, version: i64, reason: String) -> Parked {
    Parked {
        partition: partition_of(id.as_bytes(), P::TOPIC.partitions),
        id,
        version,
        reason,
    }
}

/// Applies events in the transaction of `connection`; those that the rows hold
/// already, and those of orders that the build has parked, have no effect.
pub(super) async fn apply<P: Projection>(
    engine: &Engine<P>,
    connection: &mut PgConnection,
    build: i64,
    mut events: Vec<StoredEvent>,
) -> Result<(), RebuildError> {
    events.retain(|event| event.aggregate_type == P::AGGREGATE_TYPE);
    let all = 0..events.len();
    let mut slices = vec![all];
    let (events, mut faults) = (Arc::new(events), Faults::new());
    while let Some(slice) = slices.pop() {
        let mut transaction = connection.begin().await?;
        let attempt = Attempt {
            engine,
            build,
            events: events.clone(),
            slice: slice.clone(),
            faults: &faults,
        };
        match attempt.make(&mut transaction).await {
            Ok(()) => {
                transaction.commit().await?;
                continue;
            }
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Refused(_)) if slice.len() > 1 => {
                let middle = slice.start + slice.len() / 2;
                slices.push(middle..slice.end);
                slices.push(slice.start..middle);
            }
            Err(Failure::Refused(error)) => {
                // Where it is known already, the order cannot even be parked.
                let place = place(&events[slice.start]);
                if faults.insert(place, reason(&error)).is_some() {
                    return Err(error.into());
                }
                slices.push(slice);
            }
            Err(Failure::Events(found)) => {
                faults.extend(found);
                slices.push(slice);
            }
        }
        transaction.rollback().await?;
    }
    Ok(())
}

fn place(event: &StoredEvent) -> (String, i64) {
    (page::name(&event.aggregate_id), event.sequence)
}

/// All events of aggregates.
type Histories<P> = HashMap<Uuid, Vec<Event<<P as Projection>::Data>>>;

/// One attempt at a slice of events.
struct Attempt<'a, P: Projection> {
    engine: &'a Engine<P>,
    build: i64,
    events: Arc<Vec<StoredEvent>>,
    slice: Range<usize>,
    faults: &'a Faults,
}

impl<P: Projection> Attempt<'_, P> {
    async fn make(self, connection: &mut PgConnection) -> Result<(), Failure> {
        let build = self.build;
        let slice = &self.events[self.slice.clone()];
        let ids: BTreeSet<String> = slice.iter().map(|e| page::name(&e.aggregate_id)).collect();
        let names = ids.iter().map(String::as_str).collect();
        let held = parked::of(connection, P::NAME, build, names).await?;
        let events = self.published().await?;
        let orders = ids.difference(&held).filter_map(|id| id.parse().ok());
        let orders: Vec<Uuid> = orders.collect();
        let rows = match P::load(connection, &orders).await {
            // The row itself may be what is wrong.
            Err(error) if is_unreadable(&error) && self.faults.contains_key(&place(&slice[0])) => {
                HashMap::new()
            }
            rows => rows?,
        };
        let anew = self.histories(&events).await?;
        let (folded, parked) = self.fold(rows, held, (events, anew)).await?;
        if !folded.rows.is_empty() {
            P::write(connection, &folded.rows, &folded.changes).await?;
        }
        for parked in &parked {
            parked::park(connection, P::NAME, build, parked).await?;
        }
        Ok(())
    }

    /// Those that are at no fault, mapped and open, with their indices.
    async fn published(&self) -> Result<Vec<(usize, PublishedEvent)>, Failure> {
        let (mapping, events) = (self.engine.mapping.clone(), self.events.clone());
        let sound = self.slice.clone();
        let sound: Vec<usize> = sound
            .filter(|index| !self.faults.contains_key(&place(&events[*index])))
            .collect();
        let map = move || {
            let (mut indices, mut published, mut faults) = (Vec::new(), Vec::new(), Vec::new());
            for index in sound {
                match mapping.event(&events[index]) {
                    Ok(Some(event)) => {
                        indices.push(index);
                        published.push(event);
                    }
                    Ok(None) => {}
                    Err(error) => faults.push((place(&events[index]), reason(&error))),
                }
            }
            (indices, published, faults)
        };
        let (indices, mut published, mut faults) = off_the_runtime(map).await;
        let opening = page::open(self.engine, &mut published).await;
        faults.extend(opening.map_err(Failure::Final)?);
        if faults.is_empty() {
            Ok(indices.into_iter().zip(published).collect())
        } else {
            Err(Failure::Events(faults))
        }
    }

    /// All that the log holds of those whose earlier events read differently since
    /// they were written.
    async fn histories(
        &self,
        published: &[(usize, PublishedEvent)],
    ) -> Result<Histories<P>, Failure> {
        let mut histories = Histories::<P>::new();
        for (index, event) in published {
            let envelope = &event.envelope;
            if !P::rewrites(&envelope.event_type) || histories.contains_key(&envelope.subject) {
                continue;
            }
            let history = self.engine.applier.history(envelope.subject).await;
            let history = history.map_err(|error| match error {
                Refold::Log(error) => Failure::Final(RebuildError::Log(error)),
                Refold::Closed(error) => Failure::Final(RebuildError::Closed(error)),
                Refold::Event(error) => {
                    Failure::Events(vec![(place(&self.events[*index]), reason(&*error))])
                }
            })?;
            histories.insert(envelope.subject, history);
        }
        Ok(histories)
    }

    async fn fold(
        &self,
        rows: HashMap<Uuid, P::Row>,
        held: BTreeSet<String>,
        (published, anew): (Vec<(usize, PublishedEvent)>, Histories<P>),
    ) -> Result<(Folded<P>, Vec<Parked>), Failure> {
        let (events, slice, faults) =
            (self.events.clone(), self.slice.clone(), self.faults.clone());
        off_the_runtime(move || {
            let mut folding = Folding::<P> {
                fold: Fold::over(rows),
                published: published.into_iter().peekable(),
                anew,
                held,
                parked: BTreeMap::new(),
                found: Vec::new(),
            };
            for index in slice {
                folding.take(index, &events[index], &faults);
            }
            if folding.found.is_empty() {
                let parked = folding.parked.into_values().collect();
                Ok((folding.fold.finish(), parked))
            } else {
                Err(Failure::Events(folding.found))
            }
        })
        .await
    }
}

/// A slice of events in the making.
struct Folding<P: Projection> {
    fold: Fold<P>,
    published: Peekable<std::vec::IntoIter<(usize, PublishedEvent)>>,
    anew: Histories<P>,
    /// What the build has parked before.
    held: BTreeSet<String>,
    parked: BTreeMap<String, Parked>,
    /// What has turned out to be at fault: then nothing of it is stored.
    found: Vec<Fault>,
}

impl<P: Projection> Folding<P> {
    /// Applies one event, or parks its order at it.
    fn take(&mut self, index: usize, stored: &StoredEvent, faults: &Faults) {
        let published = self.published.next_if(|(of, _)| *of == index);
        let place = place(stored);
        let id = &place.0;
        if self.held.contains(id) || self.parked.contains_key(id) {
            return;
        }
        if let Some(reason) = faults.get(&place) {
            let version = id.parse().map_or(0, |order| self.fold.version(order));
            let parked = parked_at::<P>(id.clone(), version, reason.clone());
            self.parked.insert(id.clone(), parked);
            return;
        }
        let Some((_, published)) = published else {
            return;
        };
        if let Err(error) = self.step(published) {
            self.held.insert(id.clone());
            self.found.push((place, reason(&*error)));
        }
    }

    fn step(&mut self, published: PublishedEvent) -> Result<(), BoxError> {
        let event = decode::<P>(published)?;
        let (id, sequence) = (event.envelope.subject, event.envelope.sequence);
        let previous = self.fold.version(id);
        if self.fold.is_rewritten_by(&event) {
            let history = self.anew.get(&id).map_or(&[] as &[_], Vec::as_slice);
            return self.fold.refold(id, history);
        }
        match self.fold.step(&event)? {
            Step::Applied | Step::Skipped => Ok(()),
            Step::Gap => Err(NotConsecutive { sequence, previous }.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::LogPosition;
    use infra::log::Metadata;
    use time::OffsetDateTime;

    /// Streams of so many events each.
    fn streams(lengths: &[usize]) -> Vec<StoredEvent> {
        let event = |stream: usize, sequence| StoredEvent {
            aggregate_type: "order".into(),
            aggregate_id: stream.to_string(),
            sequence,
            event_type: "Placed".into(),
            event_version: "1".into(),
            payload: "{}".into(),
            metadata: Metadata::default(),
            at: LogPosition::START,
            recorded_at: OffsetDateTime::UNIX_EPOCH,
        };
        let streams = lengths.iter().enumerate();
        streams
            .flat_map(|(stream, length)| (1..).take(*length).map(move |n| event(stream, n)))
            .collect()
    }

    #[test]
    fn streams_are_halved_between_two_of_them() {
        for (lengths, expected) in [
            (&[] as &[usize], None),
            (&[6], None),
            (&[3, 3], Some(3)),
            (&[5, 1], Some(5)),
            (&[1, 5], Some(1)),
            (&[1, 1, 9], Some(2)),
            (&[2, 3, 4], Some(5)),
        ] {
            assert_eq!(middle(&streams(lengths)), expected, "{lengths:?}");
        }
    }
}
