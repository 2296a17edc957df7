//! A log and views that a test writes itself, without a projector in between.

use super::super::views::{Views, token};
use anyhow::Result;
use contracts::LogPosition;
use infra::{config::Config, log::LogReader, postgres::pool};
use sqlx::PgPool;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

/// A read API on views that know orders, and a log that knows none.
pub struct Written {
    pub views: Views,
    pub orders: Vec<Uuid>,
    log: PgPool,
}

/// Where the event of an order stands.
pub type Place = (Uuid, LogPosition);

impl Written {
    /// With so many orders, and a log of the role that shows statements.
    pub async fn start(env: &TestEnv, orders: i32) -> Result<Self> {
        let shows = |config: &mut Config| "info,sqlx=debug".clone_into(&mut config.log);
        let views = Views::start_told(env, shows).await?;
        views.add_orders(1, orders).await?;
        let orders = views.ids("true ORDER BY id").await?;
        let orders = orders.iter().map(|id| Uuid::try_parse(id));
        Ok(Self {
            orders: orders.collect::<Result<_, _>>()?,
            views,
            log: pool(&env.config.events_url, 1)?,
        })
    }

    /// Stores the event of these orders that has this version, in one
    /// transaction; where they stand, in their order.
    pub async fn record(&self, orders: &[Uuid], version: i64) -> Result<Vec<Place>> {
        let reader = LogReader::new(self.log.clone());
        let after = reader.newest_final().await?.unwrap_or(LogPosition::START);
        let insert = sqlx::query(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
                    event_version, payload, metadata) \
             SELECT 'order', id, $2, 'NoteAdded', '1.0', '{}', '{}' \
               FROM unnest($1) WITH ORDINALITY AS given (id, number) ORDER BY number",
        );
        let ids: Vec<String> = orders.iter().map(Uuid::to_string).collect();
        insert.bind(ids).bind(version).execute(&self.log).await?;
        // Whatever else the servers do may still be in front of it.
        let keys = wait_until("the events to be final", async || {
            let keys = reader.keys_after(after, i64::MAX).await?;
            Ok((keys.len() == orders.len()).then_some(keys))
        })
        .await?;
        let places = keys.into_iter();
        let places = places.map(|key| Ok((Uuid::try_parse(&key.aggregate_id)?, key.at)));
        places.collect()
    }

    /// Says that the projection has passed those of these events whose
    /// partitions are chosen.
    pub async fn project(&self, places: Vec<Place>, chosen: impl Fn(i32) -> bool) -> Result<()> {
        let tokens = places.into_iter();
        let tokens = tokens.map(|(order, at)| (token(order, at.position).partition, at));
        let (partitions, places): (Vec<_>, Vec<_>) =
            tokens.filter(|(partition, _)| chosen(*partition)).unzip();
        let upsert = sqlx::query(
            "INSERT INTO projection_offsets (projection, \"partition\", build, next, epoch, xid, \
                    position) \
             SELECT 'orders', \"partition\", 1, 1, 1, max(xid), max(position) \
               FROM unnest($1, $2, $3) AS passed (\"partition\", xid, position) \
              GROUP BY \"partition\" ON CONFLICT (projection, \"partition\") \
             DO UPDATE SET xid = excluded.xid, position = excluded.position",
        );
        let xids: Vec<i64> = places.iter().map(|at| at.xid.cast_signed()).collect();
        let positions: Vec<i64> = places.iter().map(|at| at.position).collect();
        let upsert = upsert.bind(partitions).bind(xids).bind(positions);
        self.views.run(upsert).await?;
        self.views.notify().await
    }
}
