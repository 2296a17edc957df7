//! Telling the rest of the world that a projection has moved on: readers that
//! wait for it, and the cache of what is computed from it. Both are hints:
//! lost ones cost a reader its patience and the cache its time-to-live.

use super::{projection::Projection, store};
use infra::{
    lifecycle::Lifecycle,
    redis::{Redis, Version, announce_version},
    views::NOTIFY_CHANNEL,
};
use sqlx::PgPool;
use std::collections::BTreeSet;
use tokio::sync::{mpsc, watch};

/// Where workers say that partitions have moved. Cheap to clone; the tasks
/// behind it end with its last copy.
#[derive(Debug, Clone)]
pub struct Announcer {
    moved: mpsc::UnboundedSender<i32>,
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
        if let Some(family) = P::CACHED {
            lifecycle.spawn("projector cache announcer", async move {
                tell_cache(family, versions, &redis).await;
                Ok(())
            });
        }
        Self { moved }
    }

    /// Says that these partitions have moved. Never waits.
    pub(super) fn moved(&self, partitions: impl IntoIterator<Item = i32>) {
        for partition in partitions {
            // The receiver ends only after the last sender.
            let _ = self.moved.send(partition);
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

/// Tells the cache the latest version; those in between do not matter. A task
/// of its own, so that a slow Redis never delays readers that wait.
async fn tell_cache(family: &str, mut versions: watch::Receiver<Option<Version>>, redis: &Redis) {
    while versions.changed().await.is_ok() {
        let latest = *versions.borrow_and_update();
        if let Some(version) = latest {
            announce_version(redis, family, version).await;
        }
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
        store::data_version(views, projection).await
    };
    match told.await {
        Ok((build, number)) => Some(Version {
            build: build.cast_unsigned(),
            number: number.cast_unsigned(),
        }),
        Err(error) => {
            tracing::debug!(projection, %error, "projector.readers_not_woken");
            None
        }
    }
}
