//! What parks, and what goes on meanwhile.

use super::{begun, empty, event};
use crate::projections::{
    orders::{NewEvent, noted, orders, placed},
    world::{World, as_record},
};
use anyhow::{Result, ensure};
use contracts::{epoch::EPOCH_BEGAN, partition::partition_of, topics::ORDER_EVENTS_PARTITIONS};
use infra::{
    clock,
    config::Config,
    views::{
        ORDERS,
        discards::{self, DiscardError},
        parked,
    },
};
use projections::engine::RawRecord;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Personal data in no form that anybody has sealed it in.
const SEALED_ODDLY: &str =
    r#"{"personal":{"subject":"1b4e28ba-2fa1-11d2-883f-0016d3cca427","sealed":"AA=="}}"#;

/// Events that are stored now, as they are to be published.
async fn stored(world: &World, events: &[NewEvent]) -> Result<Vec<RawRecord>> {
    world.append(events).await?;
    let mut records = Vec::new();
    for order in events
        .iter()
        .map(|event| event.order)
        .collect::<BTreeSet<_>>()
    {
        records.extend(world.stream(order).await?.iter().map(as_record));
    }
    Ok(records)
}

/// Every kind of damage parks its own order: the others are applied to their
/// last event, in the same partition and in the same batch too; what comes of
/// the parked ones later waits in order, and their rows are served as they
/// were.
pub async fn a_damaged_record_parks_its_order_alone(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let kinds: [fn(&mut RawRecord); 5] = [
        |record| record.value = Some(b"{}".to_vec()),
        |record| record.value = None,
        |record| record.value = Some(SEALED_ODDLY.into()),
        |record| record.headers.retain(|(name, _)| name != "ce_id"),
        |record| record.headers.clear(),
    ];
    let mut ids = Vec::new();
    for _ in kinds {
        ids.push(begun(&world).await?);
    }
    let projector = world.projector()?;
    world.settled().await?;

    let mut batch = stored(&world, &orders(20)).await?;
    for (id, damage) in ids.iter().zip(kinds) {
        world.append(&[noted(*id, 2), noted(*id, 3)]).await?;
        let mut damaged = as_record(&event(&world, *id, 2).await?);
        damage(&mut damaged);
        batch.extend([damaged, as_record(&event(&world, *id, 3).await?)]);
    }
    batch.extend(stored(&world, &orders(20)).await?);
    world.send_raw(batch).await?;
    world.settled_but(&ids).await?;
    world.read_to_the_end().await?;

    let parked = world.parked().await?;
    ensure!(parked.len() == ids.len(), "{parked:?}");
    for parked in &parked {
        let id: Uuid = parked.id.parse()?;
        ensure!(ids.contains(&id) && parked.version == 1, "{parked:?}");
        ensure!(world.versions().await?[&id] == 1, "{parked:?}");
        let partition = partition_of(parked.id.as_bytes(), ORDER_EVENTS_PARTITIONS);
        ensure!(parked.partition == partition, "{parked:?}");
        ensure!(!parked.reason.is_empty() && parked.attempts == 0);
        let waiting = parked::waiting(&world.views, ORDERS, &parked.id, 10).await?;
        ensure!(waiting.len() == 2 && parked.waiting == 2, "{waiting:?}");
        ensure!(waiting[0].offset < waiting[1].offset, "{waiting:?}");
        ensure!(waiting[1].version == Some(3), "{waiting:?}");
        let sound = as_record(&event(&world, id, 3).await?);
        let sound = sound.value.map(String::from_utf8).transpose()?;
        ensure!(waiting[1].value == sound, "{waiting:?}");
    }
    world.redrive().await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// The envelope says one version, the data another: higher, the record cannot
/// be waited for; lower, it would pass for an event that the row has already.
/// Either parks the order, which then comes to what the log says.
pub async fn a_record_of_another_version_than_its_envelope_parks(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    for claimed in ["7", "1"] {
        let id = begun(&world).await?;
        world.settled().await?;
        world.append(&[noted(id, 2)]).await?;
        let mut record = as_record(&event(&world, id, 2).await?);
        for (name, value) in &mut record.headers {
            if name == "ce_sequence" {
                *value = Some(claimed.into());
            }
        }
        world.send_raw(vec![record]).await?;
        let parked = world.parks(1).await?.remove(0);
        ensure!(
            parked.id == id.to_string() && parked.version == 1,
            "{parked:?}"
        );
        ensure!(parked.reason.contains("version 2"), "{parked:?}");
        world.redrive().await?;
        world.settled().await?;
        world.check().await?;
    }
    projector.stop().await
}

/// The database refuses one order of a batch: the others are applied, and that
/// one waits until it is taken.
pub async fn a_row_that_is_refused_parks_its_order(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.rebuild().await?;
    let id = clock::new_id();
    let refuse = format!("ALTER TABLE orders ADD CONSTRAINT refused CHECK (number <> 'N-{id}')");
    sqlx::query(&refuse).execute(&world.views).await?;
    let (mut batch, after) = (orders(20), orders(20));
    batch.push(placed(id, 1));
    batch.extend(after);
    world.happen(&batch).await?;
    let projector = world.projector()?;
    world.settled_but(&[id]).await?;
    let parked = world.parks(1).await?.remove(0);
    ensure!(parked.id == id.to_string() && parked.version == 0);
    ensure!(parked.reason.contains("refused"), "{parked:?}");
    world.happen(&[noted(id, 2)]).await?;
    world.read_to_the_end().await?;

    world.redrive().await?;
    let parked = world.parked().await?.remove(0);
    ensure!(parked.attempts == 1 && parked.waiting == 2, "{parked:?}");
    let take = "ALTER TABLE orders DROP CONSTRAINT refused";
    sqlx::query(take).execute(&world.views).await?;
    world.redrive().await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// A row that cannot be read any more parks its order, and no other.
pub async fn a_row_that_cannot_be_read_parks_its_order(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let id = begun(&world).await?;
    let projector = world.projector()?;
    world.settled().await?;
    let spoil = "UPDATE orders SET document = '{}' WHERE id = $1";
    sqlx::query(spoil).bind(id).execute(&world.views).await?;
    world.append(&orders(5)).await?;
    world.happen(&[noted(id, 2)]).await?;
    world.settled_but(&[id]).await?;
    world.parks(1).await?;
    world.happen(&orders(5)).await?;
    world.settled_but(&[id]).await?;
    // What it counts for is known no more: only a new build helps.
    world.redrive().await?;
    ensure!(world.parks(1).await?[0].attempts == 1);
    world.rebuild().await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// A record that names no order is kept under its place, and nothing waits
/// behind it; nobody can make anything of it, and a new build has no place
/// for it, so it stays.
pub async fn a_record_without_an_order_is_kept(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let id = begun(&world).await?;
    let sound = as_record(&event(&world, id, 1).await?);
    let elsewhere = (sound.partition + 1) % ORDER_EVENTS_PARTITIONS;
    let strays = vec![
        RawRecord {
            key: Some(vec![0xff, 0x00]),
            headers: vec![("x".into(), Some(vec![0xfe])), ("y".into(), None)],
            ..sound.clone()
        },
        // An order's, but not of this partition.
        RawRecord {
            partition: elsewhere,
            ..sound.clone()
        },
        RawRecord {
            key: None,
            value: Some(b"nonsense".to_vec()),
            ..sound.clone()
        },
    ];
    world.send_raw(strays).await?;
    world.append(&[noted(id, 2)]).await?;
    world.happen(&orders(10)).await?;
    world.settled().await?;
    let parked = world.parks(3).await?;
    ensure!(parked.iter().all(|p| p.id.starts_with("record-1-")));
    world.redrive().await?;
    ensure!(world.parked().await?.iter().all(|p| p.attempts == 1));
    world.rebuild().await?;
    world.happen(&orders(5)).await?;
    world.settled().await?;
    ensure!(
        world.parked().await?.len() == 3,
        "a rebuild has dropped some"
    );
    // It is discarded for good: neither what drives again, nor a build, nor what
    // is delivered once more brings it back.
    parked::request_redrive(&world.views, ORDERS, None).await?;
    for parked in world.parked().await? {
        let discard =
            discards::discard(&world.views, ORDERS, &parked.id, ("key_1", "a test")).await?;
        ensure!(discard.parked == parked.reason, "{discard:?}");
        let again = discards::discard(&world.views, ORDERS, &parked.id, ("key_1", "a test")).await;
        ensure!(matches!(again, Err(DiscardError::NotParked)), "{again:?}");
    }
    world.driven().await?;
    world.rebuild().await?;
    world.happen(&orders(5)).await?;
    world.settled().await?;
    let discarded = discards::list(&world.views, ORDERS, 0, 10).await?;
    ensure!(discarded.len() == 3, "{discarded:?}");
    world.check().await?;
    projector.stop().await
}

/// An announcement of an epoch that nobody can read is kept, and the log is
/// asked; it goes on.
pub async fn an_unreadable_announcement_asks_the_log(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let announcement = RawRecord {
        partition: 3,
        offset: 0,
        key: None,
        headers: vec![("ce_type".into(), Some(EPOCH_BEGAN.into()))],
        value: Some(b"{}".to_vec()),
    };
    world.send_raw(vec![announcement]).await?;
    world.happen(&orders(30)).await?;
    world.settled().await?;
    let parked = world.parks(1).await?.remove(0);
    ensure!(parked.reason.contains("epoch"), "{parked:?}");
    ensure!(parked.partition == 3, "{parked:?}");
    projector.stop().await
}

/// Everything is delivered once more while an order waits: what waits is
/// there once.
pub async fn redelivery_keeps_what_waits_once(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let id = begun(&world).await?;
    let projector = world.projector()?;
    world.settled().await?;
    world.append(&[noted(id, 2), noted(id, 3)]).await?;
    let waits = as_record(&event(&world, id, 3).await?);
    world
        .send_raw(vec![empty(&event(&world, id, 2).await?), waits])
        .await?;
    world.read_to_the_end().await?;
    let before = world.parks(1).await?;
    projector.stop().await?;
    sqlx::query("UPDATE projection_offsets SET next = 0")
        .execute(&world.views)
        .await?;
    let projector = world.projector()?;
    world.read_to_the_end().await?;
    ensure!(world.parked().await? == before, "{before:?}");
    world.redrive().await?;
    world.check().await?;
    projector.stop().await
}
