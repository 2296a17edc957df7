//! Writing down what became of jobs: while one batch is written the next one
//! gathers.

use super::{
    record::JobState,
    store::{self, Conclusion, Verdict, is_unstorable},
    text::bounded,
};
use crate::{backoff::Backoff, joined::Joined, lifecycle::error_chain};
use sqlx::PgPool;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use uuid::Uuid;

/// Batches that are written at a time.
const BATCHES: usize = 2;

/// Where conclusions are handed in. The tasks behind it end with this value.
pub struct Concluder(Joined<Conclusion, Arc<Held>>);

/// What became of those that held, by job and lease.
type Held = BTreeMap<(Uuid, Uuid), JobState>;

impl Concluder {
    pub fn start(ops: PgPool) -> Self {
        Self(Joined::start(BATCHES, move |ended: Vec<Conclusion>| {
            let ops = ops.clone();
            async move { Arc::new(write(&ops, ended).await) }
        }))
    }

    /// What became of the job; none where it was no longer ours.
    pub async fn conclude(&self, conclusion: Conclusion) -> Option<JobState> {
        let key = (conclusion.id, conclusion.lease);
        let held = self.0.ask(vec![conclusion]).await;
        held.and_then(|held| held.get(&key).copied())
    }
}

async fn write(ops: &PgPool, ended: Vec<Conclusion>) -> Held {
    match patiently(ops, &ended).await {
        Ok(held) => held,
        Err(error) => singly(ops, ended, &error).await,
    }
}

/// Waits for a database that is away, or whose table somebody holds: what a
/// handler has said is not lost with that. A lease that ends meanwhile is
/// noticed by its token. An error is one of what is written.
async fn patiently(ops: &PgPool, ended: &[Conclusion]) -> Result<Held, sqlx::Error> {
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
    loop {
        match store::conclude(ops, ended).await {
            Err(error) if !is_unstorable(&error) => {
                tracing::warn!(error = error_chain(&error), "jobs.not_concluded");
                tokio::time::sleep(backoff.pause()).await;
            }
            written => return written,
        }
    }
}

/// One of them is at fault; a result that cannot be stored, say. The others
/// must not suffer.
async fn singly(ops: &PgPool, ended: Vec<Conclusion>, error: &sqlx::Error) -> Held {
    tracing::warn!(error = error_chain(error), "jobs.concluded_singly");
    let mut all = Held::new();
    for conclusion in ended {
        let one = [conclusion];
        let held = match patiently(ops, &one).await {
            Ok(held) => Ok(held),
            Err(error) => {
                let why = format!("what it came to cannot be stored: {}", error_chain(&error));
                let [Conclusion { id, lease, .. }] = one;
                let dead = Conclusion {
                    id,
                    lease,
                    verdict: Verdict::Dead(bounded(&why)),
                    progress: None,
                };
                patiently(ops, &[dead]).await
            }
        };
        match held {
            Ok(held) => all.extend(held),
            // Its lease ends, and it is done again.
            Err(error) => tracing::error!(error = error_chain(&error), "jobs.not_concluded"),
        }
    }
    all
}
