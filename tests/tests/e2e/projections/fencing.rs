//! Who may write: only whoever holds the stored offsets.

use super::{
    orders::{AsStored, noted, orders, placed},
    world::World,
};
use anyhow::{Context as _, Result, ensure};
use contracts::order::OrderEvent;
use infra::{clock, config::Config, log::PublishedEvent};
use orderlog::keys::sealing;
use projections::{
    engine::{Applier, BatchError, Delivered, Event, Held, Outcome, Record},
    orders::Orders,
};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};
use std::{collections::BTreeMap, mem, sync::Arc};
use uuid::Uuid;

pub fn applier(world: &World) -> Result<Applier<Orders>> {
    applier_at(world, world.views.clone())
}

/// One that comes to the views some other way.
pub fn applier_at(world: &World, views: PgPool) -> Result<Applier<Orders>> {
    let (log, mapping) = (world.reader(), Arc::new(AsStored));
    let sealing = sealing(&world.config)?;
    Ok(Applier::new(views, log, mapping, sealing))
}

/// Applies a batch; what came of it, if all of it did.
pub async fn applied(
    applier: &Applier<Orders>,
    held: &mut Held,
    records: &[Delivered<OrderEvent>],
) -> Result<Outcome, BatchError> {
    let mut outcome = Outcome::default();
    applier.apply(held, records, &mut outcome).await?;
    Ok(outcome)
}

pub async fn records(world: &World, id: Uuid, offset: i64) -> Result<Vec<Delivered<OrderEvent>>> {
    let stream = world.stream(id).await?;
    let mut ends = stream.first().map_or_else(BTreeMap::new, |first| {
        BTreeMap::from([(first.envelope.position.partition, offset)])
    });
    let stream = stream.into_iter();
    stream
        .map(|published| record(published, &mut ends))
        .collect()
}

/// An event as a record at the end of its partition, which moves on.
pub fn record(
    published: PublishedEvent,
    ends: &mut BTreeMap<i32, i64>,
) -> Result<Delivered<OrderEvent>> {
    let PublishedEvent { envelope, data, .. } = published;
    let partition = envelope.position.partition;
    let end = ends.entry(partition).or_default();
    let offset = mem::replace(end, *end + 1);
    let event = Event {
        data: OrderEvent::from_data(&envelope.event_type, &data)?,
        envelope,
        raw: data,
    };
    Ok(Delivered::Event(Record {
        partition,
        offset,
        event,
        sealed: None,
    }))
}

/// A projector that was frozen with a batch in its hands wakes up after
/// another one has gone on from the same offsets.
pub async fn a_zombie_is_refused(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.rebuild().await?;
    let id = clock::new_id();
    world.append(&[placed(id, 1), noted(id, 2)]).await?;
    let records = records(&world, id, 0).await?;
    let applier = applier(&world)?;
    let (mut zombie, mut living) = (applier.held().await?, applier.held().await?);
    let mut outcome = Outcome::default();
    applier
        .apply(&mut living, &records[..1], &mut outcome)
        .await?;
    ensure!(outcome.applied == 1, "{outcome:?}");
    let (before, version) = (world.tables().await?, world.data_version().await?);
    let refused = applied(&applier, &mut zombie, &records).await;
    ensure!(matches!(refused, Err(BatchError::Refused)), "{refused:?}");
    ensure!(world.tables().await? == before, "the zombie has written");
    ensure!(
        world.data_version().await? == version,
        "the zombie has moved offsets"
    );
    applier
        .apply(&mut living, &records[1..], &mut outcome)
        .await?;
    ensure!(outcome.applied == 2, "{outcome:?}");
    world.check().await
}

/// Its batch touches several partitions, of which only one has moved.
pub async fn all_offsets_move_or_none(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.rebuild().await?;
    world.append(&orders(40)).await?;
    let applier = applier(&world)?;
    let mut batch = Vec::new();
    let ids: Vec<String> = sqlx::query_scalar("SELECT aggregate_id FROM events WHERE sequence = 1")
        .fetch_all(&world.log)
        .await?;
    for id in ids {
        batch.extend(records(&world, id.parse()?, 0).await?.into_iter().take(1));
    }
    let (mut zombie, mut living) = (applier.held().await?, applier.held().await?);
    applied(&applier, &mut living, &batch[..1]).await?;
    let before = world.tables().await?;
    let refused = applied(&applier, &mut zombie, &batch).await;
    ensure!(matches!(refused, Err(BatchError::Refused)), "{refused:?}");
    ensure!(
        world.tables().await? == before,
        "a part of the batch was written"
    );
    Ok(())
}

/// A part of a batch is committed, the next one fails for good: whoever has to
/// tell others of what has changed knows of the first one.
pub async fn what_is_committed_before_a_failure_is_told(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.rebuild().await?;
    let mut ids = [clock::new_id(), clock::new_id(), clock::new_id()];
    ids.sort_unstable();
    let [sound, refused, forbidden] = ids;
    let placed = ids.map(|id| placed(id, 1));
    world.append(&placed).await?;
    let mut batch = Vec::new();
    for (offset, id) in (0..).zip(ids) {
        batch.extend(records(&world, id, offset).await?);
    }
    let trigger = format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF NEW.id = '{refused}' THEN RAISE check_violation; END IF; \
           IF NEW.id = '{forbidden}' THEN RAISE insufficient_privilege; END IF; \
           RETURN NEW; END $$; \
         CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse()"
    );
    world.views.execute(trigger.as_str()).await?;
    let applier = applier(&world)?;
    let (mut held, mut outcome) = (applier.held().await?, Outcome::default());
    let failed = applier.apply(&mut held, &batch, &mut outcome).await;
    ensure!(matches!(failed, Err(BatchError::Database(_))), "{failed:?}");
    let changed: Vec<Uuid> = outcome.changed.iter().map(|(id, _)| *id).collect();
    ensure!(changed == [sound] && outcome.applied == 1, "{outcome:?}");
    ensure!(world.versions().await?.contains_key(&sound));
    ensure!(held == applier.held().await?, "offsets and memory agree");
    Ok(())
}

/// The offsets are the same after a rebuild, but they are another build's.
pub async fn a_zombie_is_refused_after_a_rebuild(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.rebuild().await?;
    let id = clock::new_id();
    world.append(&[placed(id, 1)]).await?;
    let applier = applier(&world)?;
    let mut zombie = applier.held().await?;
    let rebuilt = world.rebuild().await?;
    ensure!(rebuilt.build == 2, "{rebuilt:?}");
    let refused = applied(&applier, &mut zombie, &records(&world, id, 0).await?).await;
    ensure!(matches!(refused, Err(BatchError::Refused)), "{refused:?}");
    world.check().await
}

/// Its connection is cut between moving the offsets and writing the rows:
/// neither has happened, and it goes on by itself.
pub async fn a_batch_cut_in_the_middle_leaves_nothing(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.happen(&orders(10)).await?;
    world.settled().await?;
    let version = world.data_version().await?;
    // A session without our time-outs.
    let mut holder = PgConnection::connect(&config.views_url).await?;
    let mut lock = holder.begin().await?;
    sqlx::query("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await?;
    world.happen(&orders(200)).await?;
    let stuck = "SELECT pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
        WHERE d.datname = current_database() AND NOT granted AND relation = 'orders'::regclass";
    let cut = format!("SELECT pg_terminate_backend(pid) FROM ({stuck}) AS stuck");
    world
        .until("batch that waits", async || {
            Ok(!sqlx::query(stuck).fetch_all(&world.views).await?.is_empty())
        })
        .await?;
    let ended = sqlx::query(&cut).fetch_all(&world.views).await?;
    ensure!(!ended.is_empty(), "there was nothing to cut");
    ensure!(
        world.data_version().await? == version,
        "offsets moved without rows"
    );
    lock.rollback().await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// Connections to the views are cut again and again while events arrive.
pub async fn lost_connections_double_and_lose_nothing(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let views = config
        .views_url
        .rsplit('/')
        .next()
        .context("a URL without a database")?;
    let other = infra::postgres::pool(&config.views_url.replace(views, "postgres"), 1)?;
    let arrive = async {
        for _ in 0..40 {
            world.happen(&orders(25)).await?;
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = $1 AND query LIKE '%order%' \
                    AND query NOT LIKE '%SELECT id, version%'",
            )
            .bind(views)
            .fetch_all(&other)
            .await?;
        }
        anyhow::Ok(())
    };
    arrive.await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// A batch of several partitions waits for a checkpoint that somebody holds with
/// those below it in its hands, and none above: a switch takes all of them in
/// this order, so that neither waits for the other.
pub async fn checkpoints_are_locked_from_the_lowest_on(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.rebuild().await?;
    // A scan meets the last ones first.
    for partition in (0..12).rev() {
        sqlx::query("UPDATE projection_offsets SET updated_at = now() WHERE \"partition\" = $1")
            .bind(partition)
            .execute(&world.views)
            .await?;
    }
    world.append(&orders(40)).await?;
    let mut firsts = BTreeMap::new();
    let ids: Vec<String> = sqlx::query_scalar("SELECT aggregate_id FROM events WHERE sequence = 1")
        .fetch_all(&world.log)
        .await?;
    for id in ids {
        let first = records(&world, id.parse()?, 0).await?.into_iter().next();
        let Some(Delivered::Event(first)) = first else {
            anyhow::bail!("{id} has no events");
        };
        firsts.insert(first.partition, first);
    }
    let partitions: Vec<i32> = firsts.keys().copied().collect();
    let [low, .., high] = partitions[..] else {
        anyhow::bail!("{partitions:?}");
    };
    let middle = partitions[partitions.len() / 2];
    // Whatever the order of the records.
    let batch: Vec<_> = firsts.into_values().rev().map(Delivered::Event).collect();

    let mut holder = PgConnection::connect(&config.views_url).await?;
    let mut holding = holder.begin().await?;
    sqlx::query("SELECT FROM projection_offsets WHERE \"partition\" = $1 FOR UPDATE")
        .bind(middle)
        .execute(&mut *holding)
        .await?;
    let applier = applier(&world)?;
    let mut held = applier.held().await?;
    let meanwhile = async {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
            WHERE NOT l.granted AND l.locktype = 'transactionid' \
              AND a.datname = current_database())";
        world
            .until("batch that waits", async || {
                Ok(sqlx::query_scalar(waits).fetch_one(&world.views).await?)
            })
            .await?;
        let free: Vec<i32> = sqlx::query_scalar(
            "SELECT \"partition\" FROM projection_offsets WHERE \"partition\" IN ($1, $2) \
                FOR UPDATE SKIP LOCKED",
        )
        .bind(low)
        .bind(high)
        .fetch_all(&world.views)
        .await?;
        holding.commit().await?;
        ensure!(free == [high], "{free:?} of {low} and {high} are free");
        anyhow::Ok(())
    };
    let (outcome, waited) = tokio::join!(applied(&applier, &mut held, &batch), meanwhile);
    waited?;
    let outcome = outcome?;
    ensure!(
        outcome.applied == u64::try_from(batch.len())?,
        "{outcome:?}"
    );
    Ok(())
}
