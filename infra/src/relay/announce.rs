//! From one epoch of the log to the next (`docs/ARCHITECTURE.md`, invariant 16):
//! what older epochs still hold is published, then the next one is announced on
//! every partition, and only then its events follow.

use super::{
    batch::Batch,
    checks::Start,
    error::{RelayError, Trouble},
    progress::{Progress, beginning},
    publish::{Announcement, Publisher},
    run::Relay,
    session::trouble,
    source::{BATCH_BYTES, BATCH_EVENTS},
};
use crate::{epoch::Epoch, kafka::blocking, log::StoredEvent};
use contracts::{
    PositionToken,
    epoch::EpochBegan,
    topics::{self, TopicSpec},
};
use std::{iter, sync::Arc};

/// Publishes up to the beginning of the present epoch, if that was not done
/// before; how far that is. What fails here is tried again by the next session.
pub async fn enter_present_epoch(
    relay: &Relay,
    publisher: &Arc<Publisher>,
    start: Start,
) -> Result<Progress, Trouble> {
    let Start {
        mut progress,
        epochs,
        ..
    } = start;
    // A log that was never published has nobody to whom its first epoch is new.
    let first = epochs.first().map_or(1, |epoch| epoch.epoch);
    let known = progress.at.epoch.max(first);
    progress = tell_platforms(publisher, progress, &epochs, known).await?;
    let mut previous = known;
    for epoch in epochs.iter().filter(|epoch| epoch.epoch > known) {
        progress = finish_older(relay, publisher, progress, epoch.epoch).await?;
        progress = announce(publisher, &progress, epoch, previous).await?;
        previous = epoch.epoch;
    }
    Ok(progress)
}

/// Publishes everything before `epoch`; it is final as a whole.
async fn finish_older(
    relay: &Relay,
    publisher: &Arc<Publisher>,
    mut progress: Progress,
    epoch: i32,
) -> Result<Progress, Trouble> {
    loop {
        let batch = relay
            .reader
            .read_batch(progress.at, BATCH_EVENTS, BATCH_BYTES);
        let mut events = batch.await?;
        keep_before(&mut events, epoch);
        let Some(at) = events.last().map(|event| event.at) else {
            return Ok(progress);
        };
        let copies = relay
            .platforms
            .copies(&relay.reader, &events, &progress, None);
        let batch =
            Batch::of(&events, &copies.await?, &*relay.mapping).map_err(RelayError::from)?;
        let next = Progress { at, ..progress };
        let (publisher, committed) = (Arc::clone(publisher), next.clone());
        let attempt = move || publisher.publish(batch, &committed);
        blocking(attempt).await.map_err(trouble)?;
        progress = next;
    }
}

fn keep_before(events: &mut Vec<StoredEvent>, epoch: i32) {
    let older = events.iter().take_while(|e| e.at.epoch < epoch).count();
    events.truncate(older);
}

async fn announce(
    publisher: &Arc<Publisher>,
    progress: &Progress,
    epoch: &Epoch,
    previous: i32,
) -> Result<Progress, Trouble> {
    let mut next = Progress {
        at: beginning(epoch.epoch),
        log: epoch.identity.clone(),
        ..progress.clone()
    };
    let of_platforms = on_platforms(publisher, &mut next, epoch);
    let topics = iter::once(&topics::ORDERS).chain(topics::REFERENCE);
    let named = topics.map(|topic| (publisher.config.kafka_name(topic.name), topic));
    let announcements: Vec<Announcement> = named
        .flat_map(|(name, topic)| on_topic(name, topic, epoch, previous))
        .chain(of_platforms)
        .collect();
    let (publisher, committed) = (Arc::clone(publisher), next.clone());
    let attempt = move || publisher.announce(&announcements, &committed);
    blocking(attempt).await.map_err(trouble)?;
    tracing::info!(epoch = epoch.epoch, last = ?epoch.last, "relay.epoch_announced");
    Ok(next)
}

/// Lets the readers of platforms' topics know of the epochs up to `known` that they
/// have not heard of, as their platform was not named then; what of older epochs is
/// not there yet comes later, and is true.
async fn tell_platforms(
    publisher: &Arc<Publisher>,
    progress: Progress,
    epochs: &[Epoch],
    known: i32,
) -> Result<Progress, Trouble> {
    let (mut next, mut announcements) = (progress.clone(), Vec::new());
    for epoch in epochs.iter().filter(|epoch| epoch.epoch <= known) {
        announcements.extend(on_platforms(publisher, &mut next, epoch));
    }
    if announcements.is_empty() {
        return Ok(progress);
    }
    let (publisher, committed) = (Arc::clone(publisher), next.clone());
    let attempt = move || publisher.announce(&announcements, &committed);
    blocking(attempt).await.map_err(trouble)?;
    Ok(next)
}

/// For the topics of platforms whose readers have not heard of an epoch, which
/// `progress` says they have from then on.
fn on_platforms(
    publisher: &Publisher,
    progress: &mut Progress,
    epoch: &Epoch,
) -> Vec<Announcement> {
    let mut announcements = Vec::new();
    for (slug, name) in &publisher.names.platforms {
        let own = progress.platforms.get_mut(slug);
        if let Some(own) = own.filter(|own| own.epoch < epoch.epoch) {
            let previous = std::mem::replace(&mut own.epoch, epoch.epoch);
            announcements.extend(on_topic(name.clone(), &topics::ORDERS, epoch, previous));
        }
    }
    announcements
}

/// One for each partition of a topic with this full name, which names positions as
/// `like` does.
fn on_topic(
    topic: String,
    like: &TopicSpec,
    epoch: &Epoch,
    previous: i32,
) -> impl Iterator<Item = Announcement> {
    (0..like.partitions).map(move |partition| {
        let token = |at| PositionToken {
            topic: like.name.to_owned(),
            partition,
            at,
        };
        let began = EpochBegan {
            epoch: epoch.epoch,
            previous_epoch: previous,
            last_position: epoch.last.map(|at| token(at).to_string()),
            last_event_at: epoch.last_recorded_at,
            began_at: epoch.began_at,
            reason: epoch.reason.clone(),
        };
        Announcement {
            topic: topic.clone(),
            at: token(beginning(epoch.epoch)),
            began,
        }
    })
}
