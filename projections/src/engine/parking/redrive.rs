//! Driving again what is marked, in transactions of the projector that owns
//! the partition: each begins with the compare-and-set on its offset, which
//! stays where it is.

use super::{
    metrics,
    store::{self, Mark},
};
use crate::engine::{
    announce::{Changed, document},
    applier::{Applier, note, store_rows},
    event::{Carried, carried},
    failure::{Attempt, BatchError, is_unreadable, reason},
    fold::Fold,
    projection::{BoxError, Projection},
    store::{self as offsets, Held},
};
use infra::redis::Version;
use sqlx::PgConnection;
use std::collections::BTreeSet;
use uuid::Uuid;

/// How many are driven before new records get their turn.
const ROUND: i64 = 20;

/// What was done about marks.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Partitions in which rows may have changed.
    pub partitions: BTreeSet<i32>,
    /// The aggregates whose rows were written, or taken away.
    pub changed: Changed,
    /// Whether more marks may be left.
    pub more: bool,
}

impl<P: Projection> Applier<P> {
    /// Drives marked orders of the held partitions, the oldest marks first, and
    /// sets the gauges. What was committed is in `redriven`, also when a later
    /// mark failed.
    pub async fn redrive(&self, held: &Held, redriven: &mut Redriven) -> Result<(), BatchError> {
        let partitions: Vec<i32> = held.partitions.keys().copied().collect();
        let marks = store::marks(&self.views, P::NAME, &partitions, ROUND).await?;
        redriven.more = i64::try_from(marks.len()).is_ok_and(|found| found == ROUND);
        for mark in marks {
            let changed = self.redrive_one(held, &mark).await?;
            redriven.changed.extend(changed);
            redriven.partitions.insert(mark.partition);
        }
        let counts = store::counts(&self.views, P::NAME).await?;
        metrics::standing(P::NAME, partitions.iter(), &counts);
        Ok(())
    }

    async fn redrive_one(&self, held: &Held, mark: &Mark) -> Result<Changed, BatchError> {
        let failure: BoxError = match self.drive(held, mark).await {
            Ok(None) => return Ok(Changed::new()),
            Ok(Some(changed)) => {
                metrics::redriven(P::NAME, "applied");
                let id = &mark.id;
                let version = changed.last().map_or(0, |(_, version)| version.build);
                tracing::info!(projection = P::NAME, id, version, "projection.redriven");
                return Ok(changed);
            }
            Err(Attempt::Final(error)) => return Err(error),
            Err(Attempt::Rejected(error)) => error.into(),
            Err(Attempt::Record(_, error)) => error,
        };
        let reason = reason(&*failure);
        self.note_failure(held, mark, &reason).await?;
        metrics::redriven(P::NAME, "failed");
        let id = &mark.id;
        tracing::warn!(
            projection = P::NAME,
            id,
            reason,
            "projection.redrive_failed"
        );
        Ok(Changed::new())
    }

    /// What has changed; none if somebody else was faster.
    async fn drive(&self, held: &Held, mark: &Mark) -> Result<Option<Changed>, Attempt> {
        let mut transaction = self.views.begin().await?;
        hold::<P>(&mut transaction, held, mark.partition).await?;
        if !store::take_mark(&mut transaction, P::NAME, &mark.id).await? {
            return Ok(None);
        }
        let changed = match Uuid::try_parse(&mark.id) {
            Ok(order) => {
                let known = store::last_version(&mut transaction, P::NAME, &mark.id).await?;
                vec![self.make_anew(&mut transaction, order, known).await?]
            }
            Err(_) => self.read_anew(&mut transaction, mark).await?,
        };
        store::release(&mut transaction, P::NAME, &mark.id).await?;
        transaction.commit().await?;
        Ok(Some(changed))
    }

    /// Makes an order what the log says, up to `known` at least: what waits is
    /// in there, since nothing is published that is not stored. Where nothing
    /// waits the log alone has the say, also if it knows no such order.
    async fn make_anew(
        &self,
        connection: &mut PgConnection,
        order: Uuid,
        known: Option<i64>,
    ) -> Result<(Uuid, Version), Attempt> {
        let mut fold = Fold::<P>::over(P::load(connection, &[order]).await?);
        let history = self.history(order).await.map_err(|failure| failure.at(0))?;
        let was = document(fold.version(order), P::revision(connection, order).await?);
        if fold.version(order) == 0 || (history.is_empty() && known.is_none()) {
            fold.remove(order);
        }
        let published = known.map_or(0, |known| known.max(fold.version(order)));
        Self::fold_anew(&mut fold, order, &history, published).map_err(|failure| failure.at(0))?;
        let folded = fold.finish();
        store_rows(connection, &folded).await?;
        let Some(row) = folded.rows.get(&order) else {
            remove::<P>(connection, order).await?;
            let number = was.number + 1;
            return Ok((order, Version { number, ..was }));
        };
        let revision = P::revision(connection, order).await?;
        Ok((order, document(P::version(row), revision)))
    }

    /// Reads a record anew that named no order: another release may know it.
    async fn read_anew(
        &self,
        connection: &mut PgConnection,
        mark: &Mark,
    ) -> Result<Changed, Attempt> {
        let mut changed = Changed::new();
        for record in store::records(connection, P::NAME, &mark.id).await? {
            match carried::<P>(&record.parts()) {
                Ok(Carried::Event(event)) => {
                    let envelope = event.published.envelope;
                    let known = Some(envelope.sequence);
                    let made = self.make_anew(connection, envelope.subject, known);
                    changed.push(made.await?);
                }
                Ok(Carried::EpochBegan(_) | Carried::Other(_)) => {}
                Err(damaged) => return Err(Attempt::Record(0, damaged.into())),
            }
        }
        Ok(changed)
    }

    async fn note_failure(&self, held: &Held, mark: &Mark, reason: &str) -> Result<(), BatchError> {
        let mut transaction = self.views.begin().await?;
        hold::<P>(&mut transaction, held, mark.partition).await?;
        if !store::take_mark(&mut transaction, P::NAME, &mark.id).await? {
            return Ok(());
        }
        let version = self.row_version(&mut transaction, mark).await?;
        store::attempted(&mut transaction, P::NAME, mark, version, reason).await?;
        Ok(transaction.commit().await?)
    }

    /// Version of the row that is served; 0 without one, or with one that
    /// cannot be read.
    async fn row_version(
        &self,
        connection: &mut PgConnection,
        mark: &Mark,
    ) -> Result<i64, sqlx::Error> {
        let Ok(order) = Uuid::try_parse(&mark.id) else {
            return Ok(0);
        };
        match P::load(connection, &[order]).await {
            Ok(rows) => Ok(rows.get(&order).map_or(0, P::version)),
            Err(error) if is_unreadable(&error) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

/// Deletes the rows of an order that the log does not know. What it counted for
/// is taken back already.
async fn remove<P: Projection>(
    connection: &mut PgConnection,
    order: Uuid,
) -> Result<(), sqlx::Error> {
    for owned in P::owned() {
        store::delete(connection, &owned, order).await?;
    }
    note::<P>(connection, &[order]).await
}

/// Gives the transaction its right to write: the partition is ours, and stands
/// where we believe it to.
async fn hold<P: Projection>(
    connection: &mut PgConnection,
    held: &Held,
    partition: i32,
) -> Result<(), BatchError> {
    let at = held.partitions.get(&partition).ok_or(BatchError::Refused)?;
    if offsets::redrive(connection, P::NAME, held.build, partition, at.next).await? {
        Ok(())
    } else {
        Err(BatchError::Refused)
    }
}
