//! Orders that a build cannot make: they are parked with the switch, at what
//! can be made of them, and no other order waits with them.

use super::{
    orders::{NewEvent, cancelled, noted, orders, placed},
    stall::{At, Stall},
    world::World,
};
use anyhow::{Context as _, Result, ensure};
use contracts::{order::Fact, partition::partition_of, topics::ORDER_EVENTS_PARTITIONS};
use infra::{clock, config::Config};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is wrong with three orders.
struct Broken {
    /// Nobody can read its second event.
    unreadable: Uuid,
    /// It has no second event.
    gap: Uuid,
    /// No text of PostgreSQL has a zero in it, and its number has.
    refused: Uuid,
}

impl Broken {
    /// In the log, among others that there is nothing to say against.
    async fn in_the_log(world: &World, others: usize) -> Result<Self> {
        let broken = Self {
            unreadable: clock::new_id(),
            gap: clock::new_id(),
            refused: clock::new_id(),
        };
        let Self {
            unreadable,
            gap,
            refused,
        } = broken;
        let mut events = orders(others / 2);
        events.extend([placed(unreadable, 1), noted(unreadable, 2)]);
        events.extend([cancelled(unreadable, 3), placed(gap, 2)]);
        events.extend([noted(gap, 2), noted(gap, 3), numbered_oddly(refused)?]);
        events.extend(orders(others - others / 2));
        world.append(&events).await?;
        for damage in [
            format!(
                "UPDATE events SET payload = json_build_object('no', payload) \
                  WHERE aggregate_id = '{unreadable}' AND sequence = 2"
            ),
            format!("UPDATE events SET sequence = 9 WHERE aggregate_id = '{gap}' AND sequence = 2"),
        ] {
            sqlx::query(&damage).execute(&world.log).await?;
        }
        Ok(broken)
    }

    const fn ids(&self) -> [Uuid; 3] {
        [self.unreadable, self.gap, self.refused]
    }

    /// The log is as it should have been.
    async fn mend(&self, world: &World) -> Result<()> {
        for (id, mended) in [
            (
                self.unreadable,
                "payload = payload -> 'no' WHERE sequence = 2",
            ),
            (self.gap, "sequence = 2 WHERE sequence = 9"),
            (
                self.refused,
                "payload = replace(payload::text, '\\u0000', '')::json WHERE sequence = 1",
            ),
        ] {
            let sql = format!("UPDATE events SET {mended} AND aggregate_id = '{id}'");
            let changed = sqlx::query(&sql).execute(&world.log).await?;
            ensure!(changed.rows_affected() == 1, "{sql}");
        }
        Ok(())
    }

    /// They are parked at what can be made of them; everything else is there.
    async fn are_parked(&self, world: &World, attempts: i32) -> Result<()> {
        let parked = world.parked().await?;
        let mut versions = BTreeMap::new();
        for parked in &parked {
            let partition = partition_of(parked.id.as_bytes(), ORDER_EVENTS_PARTITIONS);
            ensure!(parked.partition == partition, "{parked:?}");
            ensure!(!parked.reason.is_empty(), "{parked:?}");
            ensure!(parked.attempts == attempts, "{parked:?}");
            versions.insert(parked.id.parse()?, parked.version);
        }
        let expected = BTreeMap::from([(self.unreadable, 1), (self.gap, 1), (self.refused, 0)]);
        ensure!(versions == expected, "{parked:?}");
        let served = world.versions().await?;
        for (id, version) in expected {
            let served = served.get(&id).copied().unwrap_or_default();
            ensure!(served == version, "order {id} is served as {served}");
        }
        world.settled_but(&self.ids()).await?;
        world.check_sums().await
    }
}

fn numbered_oddly(order: Uuid) -> Result<NewEvent> {
    let mut event = placed(order, 3);
    let Fact::OrderPlaced(placed) = &mut event.event.fact else {
        anyhow::bail!("it is placed otherwise");
    };
    placed.order.number.push('\0');
    Ok(event)
}

/// A release that cannot fold some orders builds the others and follows. They
/// stay parked, as often as they are driven and built again in vain, until the
/// cause is removed.
pub async fn orders_that_cannot_be_made_are_parked(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let broken = Broken::in_the_log(&world, 60).await?;
    world.rebuild_with(3).await?;
    broken.are_parked(&world, 0).await?;
    sqlx::query("UPDATE projections SET version = 0 WHERE name = 'orders'")
        .execute(&world.views)
        .await?;
    let projector = world.projector()?;
    projector.ready().await.context("it does not follow")?;
    broken.are_parked(&world, 0).await?;
    world.redrive().await?;
    broken.are_parked(&world, 1).await?;
    world.rebuild_with(1).await?;
    broken.are_parked(&world, 1).await?;

    broken.mend(&world).await?;
    world
        .until("projector of the new build", async || {
            Ok(projector.status.ready())
        })
        .await?;
    world.redrive().await?;
    world.settled().await?;
    world.check().await?;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM projection_build_parked")
        .fetch_one(&world.views)
        .await?;
    ensure!(left == 0, "{left} are left behind");
    projector.stop().await
}

/// The same of orders that are stored while a build is made: few of them are
/// applied in the switch, many before it.
pub async fn orders_that_break_during_a_build_are_parked(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.append(&orders(20)).await?;
    for others in [20, 700] {
        let stall = Stall::put_in(&world, At::First).await?;
        let arrive = async {
            stall.reached(&world).await?;
            let broken = Broken::in_the_log(&world, others).await?;
            stall.take_out().await?;
            anyhow::Ok(broken)
        };
        let (made, broken) = tokio::join!(world.rebuild(), arrive);
        let broken = broken?;
        made.with_context(|| format!("with {others} others"))?;
        broken.are_parked(&world, 0).await?;
        broken.mend(&world).await?;
        world.rebuild().await?;
        world.check().await?;
    }
    Ok(())
}
