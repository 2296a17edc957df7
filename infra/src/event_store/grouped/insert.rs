//! The statements of an append.

use super::batch::{Append, Columns, Place};
use crate::{
    event_store::{Stamp, stamps::stamp},
    failpoint::{Failpoint, is_in},
};
use sqlx::{PgPool, Postgres, Row as _, postgres::PgArguments, query::Query};
use std::{collections::HashMap, time::Duration};

/// The rows come in the order of (aggregate id, sequence), and identities are
/// drawn in that order, so within one transaction `position` follows `sequence`.
///
/// A command is left out, with all of its events, unless the very event that it
/// was decided after is there: a log that was restored to an earlier moment has
/// lost what a process may still have in memory, and would get a gap. (As a
/// subquery, not a join: always one look-up per row, whatever the planner
/// thinks of the table.)
macro_rules! insert {
    ($on_conflict:literal) => {
        concat!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
                                 event_version, payload, metadata) \
             SELECT e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, \
                    e.event_version, e.payload::json, e.metadata::json \
               FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], \
                           $6::text[], $7::text[], $8::bigint[], $9::bigint[]) \
                 AS e (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                       payload, metadata, first, follows) \
              WHERE e.follows IS NULL OR e.follows = ( \
                    SELECT p.position FROM events p \
                     WHERE p.aggregate_type = e.aggregate_type \
                       AND p.aggregate_id = e.aggregate_id AND p.sequence = e.first - 1) ",
            $on_conflict,
            " RETURNING aggregate_id, sequence, epoch, transaction_id::text::bigint AS xid, \
                        position, recorded_at"
        )
    };
}

/// Stores every row that may follow, or fails and stores none.
const ALL: &str = insert!("");
/// Stores those rows that are in nobody's way.
const THOSE_THAT_CAN: &str = insert!("ON CONFLICT DO NOTHING");

/// Where a command's events are, if they are at these sequences.
const MINE: &str = "SELECT sequence, epoch, transaction_id::text::bigint AS xid, position, \
            recorded_at \
       FROM events \
      WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence BETWEEN $3 AND $4 \
        AND EXISTS (SELECT FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 \
                       AND sequence = $3 AND command_id = $5) \
      ORDER BY sequence";

/// What writers ask of the log. Another implementation fails where tests want
/// it to.
pub trait Store: Send + Sync + 'static {
    /// Stores all of `appends` in one statement, which is the transaction,
    /// but for those whose predecessor is not there. On any error, but a lost
    /// connection, nothing is stored.
    fn insert(
        &self,
        appends: &[&Append],
    ) -> impl Future<Output = Result<HashMap<Place, Stamp>, sqlx::Error>> + Send;

    /// The same, unless one of them is left out or a row is in its way: then
    /// nothing is stored, and the answer is which appends those are, by index.
    fn insert_or_losers(
        &self,
        appends: &[&Append],
    ) -> impl Future<Output = Result<Inserted, sqlx::Error>> + Send;

    /// The stamps of an append that was stored before, whoever was told; to be
    /// asked after an INSERT of it was refused, which has waited for whoever
    /// was in its way.
    fn find(
        &self,
        append: &Append,
    ) -> impl Future<Output = Result<Option<Vec<Stamp>>, sqlx::Error>> + Send;
}

/// What became of [`Store::insert_or_losers`].
#[derive(Debug)]
pub enum Inserted {
    /// All are stored.
    All(HashMap<Place, Stamp>),
    /// None is; these are in somebody's way.
    None(Vec<usize>),
}

/// The log.
#[derive(Debug)]
pub struct Log {
    pool: PgPool,
}

impl Log {
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// What invariant 1 forbids: the transaction id is taken long before the
    /// rows are there. A fault for tests.
    async fn after_another_write(
        &self,
        columns: &Columns<'_>,
    ) -> Result<HashMap<Place, Stamp>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("INSERT INTO order_numbers VALUES (gen_random_uuid()::text, 0)")
            .execute(&mut *transaction)
            .await?;
        // Long enough for another one to be faster.
        tokio::time::sleep(u32::from(rand::random::<u8>()) * Duration::from_micros(200)).await;
        let rows = bound(ALL, columns).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        rows.iter().map(placed).collect()
    }
}

impl Store for Log {
    async fn insert(&self, appends: &[&Append]) -> Result<HashMap<Place, Stamp>, sqlx::Error> {
        let columns = Columns::of(appends.iter().copied());
        if is_in(Failpoint::WriteBeforeInsert, &self.pool) {
            return self.after_another_write(&columns).await;
        }
        let sql = if is_in(Failpoint::HalfACommand, &self.pool) {
            THOSE_THAT_CAN
        } else {
            ALL
        };
        let rows = bound(sql, &columns).fetch_all(&self.pool).await?;
        rows.iter().map(placed).collect()
    }

    async fn insert_or_losers(&self, appends: &[&Append]) -> Result<Inserted, sqlx::Error> {
        let columns = Columns::of(appends.iter().copied());
        let mut transaction = self.pool.begin().await?;
        let rows = bound(THOSE_THAT_CAN, &columns).fetch_all(&mut *transaction);
        let stored: HashMap<Place, Stamp> =
            rows.await?.iter().map(placed).collect::<Result<_, _>>()?;
        let indexed = appends.iter().enumerate();
        let losers = indexed.filter(|(_, append)| append.stamps(&stored).is_none());
        let losers: Vec<usize> = losers.map(|(index, _)| index).collect();
        if losers.is_empty() {
            transaction.commit().await?;
            return Ok(Inserted::All(stored));
        }
        transaction.rollback().await?;
        Ok(Inserted::None(losers))
    }

    async fn find(&self, append: &Append) -> Result<Option<Vec<Stamp>>, sqlx::Error> {
        let rows = sqlx::query(MINE)
            .bind(append.aggregate_type)
            .bind(&append.aggregate_id)
            .bind(append.first())
            .bind(append.last())
            .bind(append.command_id())
            .fetch_all(&self.pool)
            .await?;
        let stamps = rows.iter().map(stamp).collect::<Result<Vec<_>, _>>()?;
        Ok((stamps.len() == append.rows.len()).then_some(stamps))
    }
}

fn bound<'a>(sql: &'a str, columns: &'a Columns<'a>) -> Query<'a, Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(&columns.aggregate_types)
        .bind(&columns.aggregate_ids)
        .bind(&columns.sequences)
        .bind(&columns.event_types)
        .bind(&columns.event_versions)
        .bind(&columns.payloads)
        .bind(&columns.metadata)
        .bind(&columns.firsts)
        .bind(&columns.follows)
}

fn placed(row: &sqlx::postgres::PgRow) -> Result<(Place, Stamp), sqlx::Error> {
    let place = (row.try_get("aggregate_id")?, row.try_get("sequence")?);
    Ok((place, stamp(row)?))
}
