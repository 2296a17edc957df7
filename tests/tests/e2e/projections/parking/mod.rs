//! Orders that wait: no event is dropped, and no other order waits with them.

pub mod damage;
pub mod driving;
pub mod surviving;

use super::{
    orders::{noted, placed},
    world::World,
};
use anyhow::{Context as _, Result};
use infra::{clock, log::PublishedEvent};
use projections::engine::RawRecord;
use uuid::Uuid;

/// A new order, as far as its first event.
async fn begun(world: &World) -> Result<Uuid> {
    let id = clock::new_id();
    world.happen(&[placed(id, 1)]).await?;
    Ok(id)
}

/// Orders, each parked at its second event.
async fn parked_orders(world: &World, count: usize) -> Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = (0..count).map(|_| clock::new_id()).collect();
    let begun: Vec<_> = ids.iter().map(|id| placed(*id, 1)).collect();
    world.happen(&begun).await?;
    let noted: Vec<_> = ids.iter().map(|id| noted(*id, 2)).collect();
    world.append(&noted).await?;
    let mut damaged = Vec::new();
    for id in &ids {
        damaged.push(empty(&event(world, *id, 2).await?));
    }
    world.send_raw(damaged).await?;
    Ok(ids)
}

/// An event of an order in the log, in its published form.
async fn event(world: &World, order: Uuid, sequence: usize) -> Result<PublishedEvent> {
    let stream = world.stream(order).await?;
    let event = stream.get(sequence - 1).context("no such event")?;
    Ok(event.clone())
}

/// A record that says which event it is, and does not carry it.
fn empty(event: &PublishedEvent) -> RawRecord {
    RawRecord {
        value: Some(b"{}".to_vec()),
        ..super::world::as_record(event)
    }
}
