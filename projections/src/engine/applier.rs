//! One batch of records in one transaction (`docs/ARCHITECTURE.md`, invariant 6).

use super::{
    event::{Event, Record},
    failure::{Attempt, BatchError, LogBehind, Refold, poison},
    fold::{Fold, Step},
    opened::history,
    projection::Projection,
    store::{self, Advance, Checkpoint, Held},
};
use infra::{
    log::{ContractMapping, LogReader},
    sealing::Sealing,
};
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
    sync::Arc,
};
use uuid::Uuid;

/// Applies batches to the tables of one projection.
pub struct Applier<P: Projection> {
    views: PgPool,
    log: LogReader,
    mapping: Arc<dyn ContractMapping>,
    sealing: Sealing,
    projection: PhantomData<fn() -> P>,
}

/// What became of a batch's events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Events that were the next ones of their aggregates.
    pub applied: u64,
    /// Events that the rows held already.
    pub skipped: u64,
    /// Aggregates that were folded anew from the log.
    pub refolded: u64,
    /// The aggregates whose rows were written, with their versions. One may
    /// be here twice, the later version last.
    pub changed: Vec<(Uuid, i64)>,
}

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
    /// `held` with them, in one transaction. Where the database refuses the
    /// batch, halves of it are tried until the record at fault stands alone;
    /// those before it are applied.
    pub async fn apply(
        &self,
        topic: &str,
        held: &mut Held,
        records: &[Record<P::Data>],
    ) -> Result<Outcome, BatchError> {
        let mut total = Outcome::default();
        let mut pending = if records.is_empty() {
            vec![]
        } else {
            vec![records]
        };
        while let Some(slice) = pending.pop() {
            match self.attempt(held, slice).await {
                Ok(outcome) => total.add(outcome),
                Err(Attempt::Final(error)) => return Err(error),
                Err(Attempt::Rejected(_)) if slice.len() > 1 => {
                    let (first, second) = slice.split_at(slice.len() / 2);
                    pending.extend([second, first]);
                }
                Err(Attempt::Rejected(error)) => return Err(poison(topic, slice, error.into())),
                Err(Attempt::Record(0, error)) => return Err(poison(topic, slice, error)),
                Err(Attempt::Record(at, _)) => {
                    let (sound, rest) = slice.split_at(at);
                    pending.extend([rest, sound]);
                }
            }
        }
        Ok(total)
    }

    async fn attempt(
        &self,
        held: &mut Held,
        records: &[Record<P::Data>],
    ) -> Result<Outcome, Attempt> {
        let Some(advances) = advances(held, records) else {
            return Err(Attempt::Final(BatchError::Refused));
        };
        let mut transaction = self.views.begin().await?;
        if !store::advance(&mut transaction, P::NAME, held.build, &advances).await? {
            return Err(Attempt::Final(BatchError::Refused));
        }
        let ids = records.iter().map(|r| r.event.envelope.subject);
        let ids: Vec<Uuid> = ids.collect::<BTreeSet<_>>().into_iter().collect();
        let mut fold = Fold::<P>::over(P::load(&mut transaction, &ids).await?);
        let mut outcome = self.fold(&mut fold, records).await?;
        let folded = fold.finish();
        if !folded.rows.is_empty() {
            P::write(&mut transaction, &folded.rows, &folded.changes).await?;
        }
        transaction.commit().await?;
        for advance in advances {
            held.partitions.insert(advance.partition, advance.to);
        }
        let versions = folded.rows.iter().map(|(id, row)| (*id, P::version(row)));
        outcome.changed = versions.collect();
        Ok(outcome)
    }

    async fn fold(
        &self,
        fold: &mut Fold<P>,
        records: &[Record<P::Data>],
    ) -> Result<Outcome, Attempt> {
        let mut outcome = Outcome::default();
        for (at, record) in records.iter().enumerate() {
            let step = fold
                .step(&record.event)
                .map_err(|e| Attempt::Record(at, e))?;
            match step {
                Step::Applied => outcome.applied += 1,
                Step::Skipped => outcome.skipped += 1,
                Step::Gap => {
                    self.refold(fold, &record.event)
                        .await
                        .map_err(|e| e.at(at))?;
                    outcome.refolded += 1;
                }
            }
        }
        Ok(outcome)
    }

    /// Folds the aggregate of `event` anew, up to what the log holds by now;
    /// the version guard skips what Kafka delivers of it afterwards.
    async fn refold(&self, fold: &mut Fold<P>, event: &Event<P::Data>) -> Result<(), Refold> {
        let (id, published) = (event.envelope.subject, event.envelope.sequence);
        let stored = self
            .log
            .read_stream(P::AGGREGATE_TYPE, &id.to_string())
            .await
            .map_err(Refold::Log)?;
        let history = history::<P>(self.mapping.as_ref(), &self.sealing, &stored).await?;
        fold.refold(id, &history).map_err(Refold::Event)?;
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

/// The moves that these records are, one per partition. None: a record's
/// partition is not one that is held.
fn advances<D>(held: &Held, records: &[Record<D>]) -> Option<Vec<Advance>> {
    let mut moves: BTreeMap<i32, Advance> = BTreeMap::new();
    for record in records {
        let Checkpoint { next, at } = *held.partitions.get(&record.partition)?;
        let advance = moves.entry(record.partition).or_insert(Advance {
            partition: record.partition,
            from: next,
            to: Checkpoint { next, at },
        });
        // Control records take offsets too, so the next offset is not always
        // that of the next record.
        advance.to.next = advance.to.next.max(record.offset + 1);
        // After a rebuild the rows are ahead of the offsets: never go back.
        advance.to.at = advance.to.at.max(record.event.envelope.position.at);
    }
    Some(moves.into_values().collect())
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.applied += other.applied;
        self.skipped += other.skipped;
        self.refolded += other.refolded;
        self.changed.extend(other.changed);
    }
}
