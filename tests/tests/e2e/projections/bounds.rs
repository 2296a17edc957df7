//! What a builder holds in memory is bounded in bytes, whatever orders hold.

use super::{
    orders::{NewEvent, noted, orders, placed},
    stall::{At, Stall},
    world::World,
};
use anyhow::{Result, bail, ensure};
use contracts::{LogPosition, order::Fact, order::NoteText, personal::Personal};
use infra::{clock, config::Config};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

/// A note of so many bytes that cannot be compressed.
fn long_note(order: Uuid, sequence: i64, bytes: usize) -> Result<NewEvent> {
    let mut random = StdRng::seed_from_u64(sequence.cast_unsigned());
    let letters = (0..bytes).map(|_| char::from(random.random_range(b'a'..=b'z')));
    let text: String = letters.collect();
    let mut event = noted(order, sequence);
    let Fact::NoteAdded(note) = &mut event.event.fact else {
        bail!("it is no note");
    };
    note.personal = Personal::Open(NoteText { text });
    Ok(event)
}

/// A page of streams has as many large events as it would have small ones of
/// the same size together; every stream comes, whole.
pub async fn a_page_of_large_orders_is_a_short_one(config: &Config) -> Result<()> {
    const LIMIT: i64 = 100;
    /// Of a page, where 100 events are worth 2 KiB each.
    const BYTES: usize = 200 << 10;
    let world = World::new(config).await?;
    for n in 0..6 {
        let id = clock::new_id();
        let mut history = vec![placed(id, n)];
        for sequence in 2..=3 {
            history.push(long_note(id, sequence, 60 << 10)?);
        }
        world.append(&history).await?;
    }
    let whole = clock::new_id();
    let mut history = vec![placed(whole, 1)];
    for sequence in 2..=5 {
        history.push(long_note(whole, sequence, 90 << 10)?);
    }
    world.append(&history).await?;
    world.append(&orders(30)).await?;

    let log = world.reader();
    let horizon = log.horizon().await?;
    let (mut after, mut events, mut pages) = (String::new(), 0, 0);
    loop {
        let page = log.read_streams("order", &after, horizon, LIMIT).await?;
        let Some(last_id) = page.last_id else { break };
        let bytes: usize = page.events.iter().map(|event| event.payload.len()).sum();
        let streams = page
            .events
            .chunk_by(|a, b| a.aggregate_id == b.aggregate_id);
        ensure!(
            bytes < BYTES || streams.clone().count() == 1,
            "a page of {bytes} bytes"
        );
        for stream in streams {
            let last: i64 =
                sqlx::query_scalar("SELECT max(sequence) FROM events WHERE aggregate_id = $1")
                    .bind(&stream[0].aggregate_id)
                    .fetch_one(&world.log)
                    .await?;
            ensure!(i64::try_from(stream.len())? == last, "a stream was cut");
        }
        events += page.events.len();
        pages += 1;
        after = last_id;
    }
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM events")
        .fetch_one(&world.log)
        .await?;
    ensure!(i64::try_from(events)? == stored, "{events} of {stored}");
    ensure!(pages >= 7, "{pages} pages");
    world.rebuild().await?;
    world.check().await
}

/// Few events that are much to read are applied before the switch, not in it.
pub async fn large_events_are_caught_up_with_before_the_switch(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.append(&orders(20)).await?;
    let id = clock::new_id();
    let stall = Stall::put_in(&world, At::First).await?;
    let arrive = async {
        stall.reached(&world).await?;
        world.append(&[placed(id, 1)]).await?;
        for sequence in 2..=24 {
            world.append(&[long_note(id, sequence, 800 << 10)?]).await?;
        }
        stall.take_out().await?;
        anyhow::Ok(())
    };
    let (made, arrived) = tokio::join!(world.rebuild(), arrive);
    arrived?;
    made?;
    let (at, position): (i64, i64) = sqlx::query_as(
        "SELECT at_xid, at_position FROM projection_builds WHERE projection = 'orders'",
    )
    .fetch_one(&world.views)
    .await?;
    ensure!(position > 0, "nothing was applied before the switch");
    let log = world.reader();
    let at = LogPosition {
        epoch: 1,
        xid: at.cast_unsigned(),
        position,
    };
    ensure!(!log.has_much_after(at, 500, 16 << 20).await?);
    ensure!(
        log.has_much_after(LogPosition::START, 500, 16 << 20)
            .await?
    );
    ensure!(
        !log.has_much_after(LogPosition::START, 500, 64 << 20)
            .await?
    );
    ensure!(log.has_much_after(LogPosition::START, 20, 64 << 20).await?);
    world.check().await
}
