//! Telling the rest of the world that a projection has moved on: readers that
//! wait for it, and the cache of what is computed from it. All of it is hints:
//! lost ones cost a reader its patience and the cache its time-to-live.

use super::{projection::Projection, store};
use infra::{
    lifecycle::Lifecycle,
    redis::{LIFE, Redis, Version, announce_documents, announce_version},
    views::{NOTIFY_CHANNEL, states},
};
use sqlx::PgPool;
use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use uuid::Uuid;

/// How long after a failure the cache is told again.
const AGAIN: Duration = Duration::from_secs(1);

/// Aggregates that a transaction has changed, with the versions and revisions
/// of their documents.
pub(super) type Changed = Vec<(Uuid, Version)>;

/// Where workers say what has moved. Cheap to clone; the tasks behind it end
/// with its last copy.
#[derive(Debug, Clone)]
pub struct Announcer {
    moved: mpsc::UnboundedSender<i32>,
    /// None: what the projection makes of an aggregate is in no cache.
    changed: Option<mpsc::UnboundedSender<(Instant, Changed)>>,
}

impl Announcer {
    /// Starts the tasks that pass it on.
    pub fn spawn<P: Projection>(views: PgPool, redis: Redis, lifecycle: &Lifecycle) -> Self {
        let (moved, partitions) = mpsc::unbounded_channel();
        let (computed, versions) = watch::channel(None);
        lifecycle.spawn("projector announcer", async move {
            pass_on(P::NAME, partitions, &views, &computed).await;
            Ok(())
        });
        let documents = redis.clone();
        if let Some(family) = P::CACHED {
            lifecycle.spawn("projector cache announcer", async move {
                tell_state(family, versions, &redis).await;
                Ok(())
            });
        }
        let changed = P::DOCUMENTS.map(|family| {
            let (changed, batches) = mpsc::unbounded_channel();
            lifecycle.spawn("projector document announcer", async move {
                tell_documents(family, batches, &documents).await;
                Ok(())
            });
            changed
        });
        Self { moved, changed }
    }

    /// Says that these partitions have moved. Never waits.
    pub(super) fn moved(&self, partitions: impl IntoIterator<Item = i32>) {
        for partition in partitions {
            // The receiver ends only after the last sender.
            let _ = self.moved.send(partition);
        }
    }

    /// Says that a transaction that has just been committed has brought these
    /// aggregates to these versions. Never waits.
    pub(super) fn changed(&self, aggregates: Changed) {
        if let Some(changed) = self.changed.as_ref().filter(|_| !aggregates.is_empty()) {
            let _ = changed.send((Instant::now(), aggregates));
        }
    }
}

/// Tells at once that all partitions have moved: for a rebuild that no role
/// runs. Returns when everybody was told or could not be.
pub async fn announce_rebuilt<P: Projection>(views: &PgPool, redis: &Redis) {
    let partitions: BTreeSet<i32> = (0..P::TOPIC.partitions).collect();
    let version = wake(P::NAME, &partitions, views).await;
    if let (Some(family), Some(version)) = (P::CACHED, version) {
        announce_version(redis, family, version).await;
    }
}

/// Wakes readers. What arrives during one round is told in the next, at once.
async fn pass_on(
    projection: &'static str,
    mut moved: mpsc::UnboundedReceiver<i32>,
    views: &PgPool,
    computed: &watch::Sender<Option<Version>>,
) {
    let mut received = Vec::new();
    while moved.recv_many(&mut received, usize::MAX).await > 0 {
        let partitions: BTreeSet<i32> = received.drain(..).collect();
        if let Some(version) = wake(projection, &partitions, views).await {
            computed.send_replace(Some(version));
        }
    }
}

/// Tells the cache the latest state; those in between do not matter. A task
/// of its own, so that a slow Redis never delays readers that wait.
async fn tell_state(family: &str, mut versions: watch::Receiver<Option<Version>>, redis: &Redis) {
    while versions.changed().await.is_ok() {
        loop {
            let latest = *versions.borrow_and_update();
            let Some(version) = latest else { break };
            if announce_version(redis, family, version).await {
                break;
            }
            // Told again, or something newer instead; the end of the role is
            // not waited for.
            if let Ok(Err(_)) = timeout(AGAIN, versions.changed()).await {
                return;
            }
        }
    }
}

/// Tells the cache which documents have changed. What was committed longer
/// ago than a cached document lives is told nobody: so what waits here while
/// Redis is away is bounded by what is committed in that time.
async fn tell_documents(
    family: &str,
    mut batches: mpsc::UnboundedReceiver<(Instant, Changed)>,
    redis: &Redis,
) {
    let (mut received, mut waiting) = (Vec::new(), Vec::new());
    while batches.recv_many(&mut received, usize::MAX).await > 0 {
        waiting.append(&mut received);
        while !waiting.is_empty() {
            if announce_documents(redis, family, &latest(&mut waiting))
                .await
                .is_ok()
            {
                break;
            }
            // The end of the role is not waited for.
            if batches.is_closed() {
                return;
            }
            sleep(AGAIN).await;
            while let Ok(batch) = batches.try_recv() {
                waiting.push(batch);
            }
        }
        waiting.clear();
    }
}

/// The last version of each aggregate; batches of long ago are dropped.
fn latest(batches: &mut Vec<(Instant, Changed)>) -> Vec<(String, Version)> {
    batches.retain(|(committed, _)| committed.elapsed() < LIFE);
    let mut latest = HashMap::new();
    for (id, version) in batches.iter().flat_map(|(_, changed)| changed) {
        let last = latest.entry(id).or_insert(*version);
        *last = (*last).max(*version);
    }
    let documents = latest.into_iter();
    documents
        .map(|(id, version)| (id.to_string(), version))
        .collect()
}

/// What a document is told to be of this version and revision.
pub(super) const fn document(version: i64, revision: i64) -> Version {
    Version {
        build: version.cast_unsigned(),
        number: revision.cast_unsigned(),
    }
}

/// Sends the notifications; what the projection's data is now the version of.
async fn wake(
    projection: &'static str,
    partitions: &BTreeSet<i32>,
    views: &PgPool,
) -> Option<Version> {
    let payloads = partitions.iter().map(|p| format!("{projection}:{p}"));
    let payloads: Vec<String> = payloads.collect();
    let told = async {
        store::notify(views, NOTIFY_CHANNEL, &payloads).await?;
        states(views, [projection]).await
    };
    match told.await {
        Ok([version]) => Some(version),
        Err(error) => {
            tracing::debug!(projection, %error, "projector.readers_not_woken");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_version_of_what_changed_lately_is_told() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let now = Instant::now();
        let long_ago = now.checked_sub(LIFE).expect("the machine is older");
        let mut batches = vec![
            (long_ago, vec![(one, document(9, 0))]),
            (now, vec![(one, document(2, 0)), (two, document(1, 0))]),
            (now, vec![(one, document(4, 1)), (one, document(4, 0))]),
        ];
        let mut told = latest(&mut batches);
        told.sort_unstable();
        let expected = [
            (one.to_string(), document(4, 1)),
            (two.to_string(), document(1, 0)),
        ];
        assert_eq!(told, expected);
        assert_eq!(batches.len(), 2);
    }
}
