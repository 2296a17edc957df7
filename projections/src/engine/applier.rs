//! One batch of records in one transaction (`docs/ARCHITECTURE.md`, invariant 6).

use super::{
    announce::{Changed, document},
    event::{Delivered, Event, Passed, Record, Unreadable},
    failure::{Attempt, BatchError, LogBehind, Refold, is_unreadable, reason},
    fold::{Fold, Folded, Step},
    opened::history,
    parking::{self, Parking, park_id},
    projection::{BoxError, Projection},
    publish,
    store::{self, Advance, Checkpoint, Held},
};
use infra::{
    failpoint::{Failpoint, is_in},
    log::{ContractMapping, LogReader},
    sealing::Sealing,
};
use sqlx::{PgConnection, PgPool};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    marker::PhantomData,
    sync::Arc,
};
use uuid::Uuid;

/// Applies batches to the tables of one projection.
pub struct Applier<P: Projection> {
    pub(super) views: PgPool,
    log: LogReader,
    mapping: Arc<dyn ContractMapping>,
    sealing: Sealing,
    projection: PhantomData<fn() -> P>,
}

/// What became of a batch's records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Events that were the next ones of their aggregates.
    pub applied: u64,
    /// Events that the rows held already.
    pub skipped: u64,
    /// Aggregates that were folded anew from the log.
    pub refolded: u64,
    /// Records that were put away: the orders that they belong to wait.
    pub waiting: u64,
    /// Orders, and records that name none, that were parked.
    pub parked: u64,
    /// The aggregates whose rows were written, with their versions. One may
    /// be here twice, the later version last.
    pub changed: Changed,
}

/// Why records cannot be applied, by partition and offset.
type Faults = HashMap<(i32, i64), String>;

impl<P: Projection> Applier<P> {
    /// Writes to `views`; folds from `log` what has a gap.
    pub const fn new(
        views: PgPool,
        log: LogReader,
        mapping: Arc<dyn ContractMapping>,
        sealing: Sealing,
    ) -> Self {
        Self {
            views,
            log,
            mapping,
            sealing,
            projection: PhantomData,
        }
    }

    /// Pool of the views database.
    pub(super) const fn views(&self) -> &PgPool {
        &self.views
    }

    /// The stored checkpoints of all partitions.
    pub async fn held(&self) -> Result<Held, sqlx::Error> {
        store::held(&self.views, P::NAME).await
    }

    /// Applies records, in order per partition, and moves the checkpoints of
    /// `held` with them, in one transaction. A record that cannot be applied
    /// parks its order, and the batch is begun again; where the database
    /// refuses the batch, halves of it are tried until the record at fault
    /// stands alone. What was committed is in `outcome`, also when a later part
    /// failed.
    pub async fn apply(
        &self,
        held: &mut Held,
        records: &[Delivered<P::Data>],
        outcome: &mut Outcome,
    ) -> Result<(), BatchError> {
        let mut faults = Faults::new();
        let mut pending = if records.is_empty() {
            vec![]
        } else {
            vec![records]
        };
        while let Some(slice) = pending.pop() {
            let (at, error): (usize, BoxError) = match self.attempt(held, slice, &faults).await {
                Ok(part) => {
                    outcome.add(part);
                    continue;
                }
                Err(Attempt::Final(error)) => return Err(error),
                Err(Attempt::Rejected(_)) if slice.len() > 1 => {
                    let (first, second) = slice.split_at(slice.len() / 2);
                    pending.extend([second, first]);
                    continue;
                }
                // It cannot even be put away.
                Err(Attempt::Rejected(error)) if faults.contains_key(&slice[0].place()) => {
                    return Err(BatchError::Database(error));
                }
                Err(Attempt::Rejected(error)) => (0, error.into()),
                Err(Attempt::Record(at, error)) => (at, error),
            };
            faults.insert(slice[at].place(), reason(&*error));
            pending.push(slice);
        }
        Ok(())
    }

    async fn attempt(
        &self,
        held: &mut Held,
        records: &[Delivered<P::Data>],
        faults: &Faults,
    ) -> Result<Outcome, Attempt> {
        let Some(advances) = advances(held, records) else {
            return Err(Attempt::Final(BatchError::Refused));
        };
        let mut transaction = self.views.begin().await?;
        let compare = !is_in(Failpoint::NoCompareAndSet, &self.views);
        if !store::advance(&mut transaction, P::NAME, held.build, &advances, compare).await? {
            return Err(Attempt::Final(BatchError::Refused));
        }
        if is_in(Failpoint::OffsetsBeforeRows, &self.views) {
            transaction.commit().await?;
            transaction = self.views.begin().await?;
        }
        let mut orders = orders::<P>(records);
        let parked = parking::waiting(&mut transaction, P::NAME, &orders).await?;
        let parking = Parking::after(parked);
        orders.retain(|order| parking.holds(*order).is_none());
        let rows = match P::load(&mut transaction, &orders).await {
            // The row itself may be what is wrong.
            Err(error) if is_unreadable(&error) && faults.contains_key(&records[0].place()) => {
                HashMap::new()
            }
            rows => rows?,
        };
        let guarded = !is_in(Failpoint::NoVersionGuard, &self.views);
        let mut batch = Batch {
            fold: Fold::<P>::over(rows).guarded(guarded),
            parking,
            outcome: Outcome::default(),
        };
        for (at, record) in records.iter().enumerate() {
            match record {
                Delivered::Event(record) => {
                    let fault = faults.get(&(record.partition, record.offset));
                    self.take(&mut batch, record, fault)
                        .await
                        .map_err(|failure| failure.at(at))?;
                }
                Delivered::Unreadable(record) => batch.put_away(record, held.build),
                Delivered::Passed(_) => {}
            }
        }
        let mut outcome = batch.outcome();
        let (folded, parking) = (batch.fold.finish(), batch.parking);
        if !folded.rows.is_empty() {
            store_rows(&mut transaction, &folded).await?;
        }
        parking::keep(&mut transaction, P::NAME, held.build, &parking).await?;
        transaction.commit().await?;
        for advance in advances {
            held.partitions.insert(advance.partition, advance.to);
        }
        parking.report(P::NAME);
        // Each has a version that it did not have before, so its revision does
        // not matter: none is below this one.
        let changed = folded.rows.iter();
        outcome.changed = changed
            .map(|(id, row)| (*id, document(P::version(row), 0)))
            .collect();
        Ok(outcome)
    }

    /// Applies one event, or puts it away: with a `fault` it parks its order.
    async fn take(
        &self,
        batch: &mut Batch<P>,
        record: &Record<P::Data>,
        fault: Option<&String>,
    ) -> Result<(), Refold> {
        let envelope = &record.event.envelope;
        let (id, sequence) = (envelope.subject, envelope.sequence);
        match batch.parking.holds(id) {
            Some(version) if sequence <= version => {
                batch.outcome.skipped += 1;
                return Ok(());
            }
            Some(_) => {
                batch.parking.wait(record);
                return Ok(());
            }
            None => {}
        }
        if let Some(reason) = fault {
            let version = batch.fold.version(id);
            batch.parking.park_event(record, version, reason.clone());
            return Ok(());
        }
        let step = if batch.fold.is_rewritten_by(&record.event) {
            Step::Gap
        } else {
            batch.fold.step(&record.event).map_err(Refold::Event)?
        };
        match step {
            Step::Applied => batch.outcome.applied += 1,
            Step::Skipped => batch.outcome.skipped += 1,
            Step::Gap => {
                self.refold(&mut batch.fold, id, sequence).await?;
                batch.outcome.refolded += 1;
            }
        }
        Ok(())
    }

    /// Folds an aggregate anew, up to what the log holds by now, which has to
    /// be `published` at least; the version guard skips what Kafka delivers of
    /// it afterwards.
    async fn refold(&self, fold: &mut Fold<P>, id: Uuid, published: i64) -> Result<(), Refold> {
        let history = self.history(id).await?;
        Self::fold_anew(fold, id, &history, published)
    }

    /// All that the log holds of an aggregate.
    pub(super) async fn history(&self, id: Uuid) -> Result<Vec<Event<P::Data>>, Refold> {
        let stored = self
            .log
            .read_stream(P::AGGREGATE_TYPE, &id.to_string())
            .await
            .map_err(Refold::Log)?;
        Ok(history::<P>(self.mapping.as_ref(), &self.sealing, &stored).await?)
    }

    /// Folds an aggregate anew from that.
    pub(super) fn fold_anew(
        fold: &mut Fold<P>,
        id: Uuid,
        history: &[Event<P::Data>],
        published: i64,
    ) -> Result<(), Refold> {
        fold.refold(id, history).map_err(Refold::Event)?;
        let stored = fold.version(id);
        if stored < published {
            let behind = LogBehind {
                id,
                stored,
                published,
            };
            return Err(Refold::Event(behind.into()));
        }
        tracing::info!(order.id = %id, order.version = stored, "projection.refolded");
        Ok(())
    }
}

/// A batch in the making.
struct Batch<P: Projection> {
    fold: Fold<P>,
    parking: Parking,
    outcome: Outcome,
}

impl<P: Projection> Batch<P> {
    /// Parks whatever a record belongs to that cannot be read.
    fn put_away(&mut self, unreadable: &Unreadable, build: i64) {
        let record = &unreadable.record;
        let order = record.order::<P>();
        let version = order.map_or(0, |id| self.fold.version(id));
        let reason = reason(&*unreadable.source);
        let id = park_id::<P>(record, build);
        self.parking
            .park_record(id, record.clone(), version, reason);
    }

    fn outcome(&self) -> Outcome {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Outcome {
            waiting: count(self.parking.waiting.len()),
            parked: count(self.parking.parked.len()),
            ..self.outcome.clone()
        }
    }
}

/// Stores what a fold came to, and notes what is to be published of it.
pub(super) async fn store_rows<P: Projection>(
    connection: &mut PgConnection,
    folded: &Folded<P>,
) -> Result<(), sqlx::Error> {
    P::write(connection, &folded.rows, &folded.changes).await?;
    let ids: Vec<Uuid> = folded.rows.keys().copied().collect();
    note::<P>(connection, &ids).await
}

/// Notes that what is published of these orders has changed.
pub(super) async fn note<P: Projection>(
    connection: &mut PgConnection,
    orders: &[Uuid],
) -> Result<(), sqlx::Error> {
    if P::PUBLISHED.is_some() {
        publish::note(connection, P::NAME, orders).await?;
    }
    Ok(())
}

/// The orders that records are about.
fn orders<P: Projection>(records: &[Delivered<P::Data>]) -> Vec<Uuid> {
    let orders = records.iter().filter_map(|record| match record {
        Delivered::Event(record) => Some(record.event.envelope.subject),
        Delivered::Unreadable(Unreadable { record, .. }) => record.order::<P>(),
        Delivered::Passed(_) => None,
    });
    orders.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The moves that these records are, one per partition. None: a record's
/// partition is not one that is held.
fn advances<D>(held: &Held, records: &[Delivered<D>]) -> Option<Vec<Advance>> {
    let mut moves: BTreeMap<i32, Advance> = BTreeMap::new();
    for record in records {
        let (partition, offset) = record.place();
        let Checkpoint { next, at } = *held.partitions.get(&partition)?;
        let advance = moves.entry(partition).or_insert(Advance {
            partition,
            from: next,
            to: Checkpoint { next, at },
        });
        // Control records take offsets too, so the next offset is not always
        // that of the next record.
        advance.to.next = advance.to.next.max(offset + 1);
        let at = match record {
            Delivered::Event(record) => Some(record.event.envelope.position.at),
            Delivered::Passed(Passed { event, .. }) => event.map(|(_, at)| at),
            Delivered::Unreadable(_) => None,
        };
        // After a rebuild the rows are ahead of the offsets: never go back.
        advance.to.at = advance.to.at.max(at.unwrap_or(advance.to.at));
    }
    Some(moves.into_values().collect())
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.applied += other.applied;
        self.skipped += other.skipped;
        self.refolded += other.refolded;
        self.waiting += other.waiting;
        self.parked += other.parked;
        self.changed.extend(other.changed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::LogPosition;
    use time::OffsetDateTime;

    const fn at(position: i64) -> LogPosition {
        LogPosition {
            epoch: 1,
            xid: 1,
            position,
        }
    }

    /// What is somebody else's moves the offset and, where it says which, the
    /// place in the log: whoever waits for that place waits for this as well.
    #[test]
    fn what_is_passed_moves_offsets_and_places() {
        let checkpoint = Checkpoint {
            next: 4,
            at: at(10),
        };
        let held = Held {
            build: 1,
            partitions: [(0, checkpoint), (1, checkpoint), (2, checkpoint)].into(),
        };
        let passed = |partition, offset, position: Option<i64>| {
            Delivered::<()>::Passed(Passed {
                partition,
                offset,
                event: position.map(|position| (OffsetDateTime::UNIX_EPOCH, at(position))),
            })
        };
        let records = [
            passed(0, 4, Some(20)),
            passed(0, 6, None),
            // After a rebuild the rows are ahead of the offsets.
            passed(1, 5, Some(9)),
        ];
        let moves = advances(&held, &records).expect("held partitions");
        let moves: Vec<_> = moves
            .iter()
            .map(|advance| (advance.partition, advance.from, advance.to))
            .collect();
        let to = |next, position| Checkpoint {
            next,
            at: at(position),
        };
        assert_eq!(moves, [(0, 4, to(7, 20)), (1, 4, to(6, 10))]);
        assert!(advances(&held, &[passed(3, 0, None)]).is_none());
    }
}
