//! Whoever leads looks at the clock for all.

use super::{Schedule, store};
use crate::{
    jobs,
    leader::{LeaderLock, Leadership},
    lifecycle::{Lifecycle, error_chain},
};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// The lock, in the ops database.
const LOCK: &str = "orderlog.jobs.schedules";
/// How often others ask for the lock, and the leader looks at the clock.
const LOOK: Duration = Duration::from_secs(1);

/// Enqueues what is due, as long as this process leads, until the lifecycle
/// ends. `url` is that of the ops database, without a pooler between.
pub fn spawn_schedules(
    url: &str,
    ops: PgPool,
    schedules: Vec<Schedule>,
    lifecycle: &Lifecycle,
) -> Result<(), sqlx::Error> {
    let lock = LeaderLock::new(url, LOCK.to_owned(), "orderlog schedules")?;
    let clockwork = Clockwork { ops, schedules };
    let shutdown = lifecycle.shutdown.clone();
    lifecycle.spawn("schedules", async move {
        clockwork.run(lock, shutdown).await;
        Ok(())
    });
    Ok(())
}

struct Clockwork {
    ops: PgPool,
    schedules: Vec<Schedule>,
}

impl Clockwork {
    async fn run(self, mut lock: LeaderLock, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            match lock.try_lead().await {
                Ok(Some(leadership)) => {
                    self.lead(&leadership, &shutdown).await;
                    leadership.release().await;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(error = error_chain(&error), "schedules.lock_failed");
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = sleep(LOOK) => {}
            }
        }
    }

    async fn lead(&self, leadership: &Leadership, shutdown: &CancellationToken) {
        let mut defined = false;
        loop {
            let looked = async {
                if !defined {
                    self.define().await?;
                }
                self.fire().await
            };
            match looked.await {
                Ok(()) => defined = true,
                Err(error) => tracing::warn!(error = error_chain(&error), "schedules.unavailable"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = leadership.lost() => return,
                () = sleep(LOOK) => {}
            }
        }
    }

    fn names(&self) -> Vec<&'static str> {
        self.schedules
            .iter()
            .map(|schedule| schedule.name)
            .collect()
    }

    async fn define(&self) -> Result<(), sqlx::Error> {
        let now = jobs::store::now(&self.ops).await?;
        for schedule in &self.schedules {
            match schedule.timing.next(None, now) {
                Ok(next) => store::define(&self.ops, schedule, next).await?,
                Err(error) => tracing::error!(schedule = schedule.name, %error, "schedule.never"),
            }
        }
        store::forget_unknown(&self.ops, &self.names()).await?;
        Ok(())
    }

    async fn fire(&self) -> Result<(), sqlx::Error> {
        for due in store::due(&self.ops, &self.names()).await? {
            let known = self.schedules.iter().find(|s| s.name == due.name);
            let next = match known.map(|known| known.timing.next(Some(due.at), due.now)) {
                Some(Ok(next)) => next,
                Some(Err(error)) => {
                    tracing::error!(schedule = due.name, %error, "schedule.never");
                    continue;
                }
                // Only those that are known are asked for.
                None => continue,
            };
            match store::fire(&self.ops, &due, next).await {
                Ok(true) => {
                    tracing::info!(schedule = due.name, due = %due.at, %next, "schedule.fired");
                }
                Ok(false) => {}
                // The others are due all the same.
                Err(error) => {
                    let error = error_chain(&error);
                    tracing::warn!(schedule = due.name, error, "schedule.not_fired");
                }
            }
        }
        Ok(())
    }
}
