//! Writing down what became of jobs: while one batch is written the next one
//! gathers.

use super::store::{self, Conclusion, Verdict};
use crate::{backoff::Backoff, joined::Joined, lifecycle::error_chain, postgres};
use sqlx::PgPool;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use uuid::Uuid;

/// Batches that are written at a time.
const BATCHES: usize = 2;

/// Where conclusions are handed in. The tasks behind it end with this value.
pub struct Concluder(Joined<Conclusion, Arc<BTreeSet<(Uuid, Uuid)>>>);

impl Concluder {
    pub fn start(ops: PgPool) -> Self {
        Self(Joined::start(BATCHES, move |ended: Vec<Conclusion>| {
            let ops = ops.clone();
            async move { Arc::new(write(&ops, ended).await) }
        }))
    }

    /// Whether the job was still ours, so that this holds.
    pub async fn conclude(&self, conclusion: Conclusion) -> bool {
        let key = (conclusion.id, conclusion.lease);
        let held = self.0.ask(vec![conclusion]).await;
        held.is_some_and(|held| held.contains(&key))
    }
}

/// Waits for a database that is away: a lease that ends meanwhile is noticed
/// by its token.
async fn write(ops: &PgPool, ended: Vec<Conclusion>) -> BTreeSet<(Uuid, Uuid)> {
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
    loop {
        match store::conclude(ops, &ended).await {
            Ok(held) => return held_of(&ended, &held),
            Err(error) if postgres::is_connection_error(&error) => {
                tracing::warn!(error = error_chain(&error), "jobs.not_concluded");
                tokio::time::sleep(backoff.pause()).await;
            }
            Err(error) => return singly(ops, ended, &error).await,
        }
    }
}

/// One of them is at fault; a result that cannot be stored, say. The others
/// must not suffer.
async fn singly(
    ops: &PgPool,
    ended: Vec<Conclusion>,
    error: &sqlx::Error,
) -> BTreeSet<(Uuid, Uuid)> {
    tracing::warn!(error = error_chain(error), "jobs.concluded_singly");
    let mut all = BTreeSet::new();
    for conclusion in ended {
        let one = [conclusion];
        let held = match store::conclude(ops, &one).await {
            Ok(held) => Ok(held),
            Err(error) if postgres::is_connection_error(&error) => Err(error),
            Err(error) => {
                let why = format!("what it came to cannot be stored: {}", error_chain(&error));
                let [Conclusion { id, lease, .. }] = one;
                let dead = Conclusion {
                    id,
                    lease,
                    verdict: Verdict::Dead(why),
                    progress: None,
                };
                store::conclude(ops, &[dead]).await
            }
        };
        match held {
            Ok(held) => all.extend(held_of(&one, &held)),
            // Its lease ends, and it is done again.
            Err(error) => tracing::error!(error = error_chain(&error), "jobs.not_concluded"),
        }
    }
    all
}

fn held_of(ended: &[Conclusion], held: &[Uuid]) -> BTreeSet<(Uuid, Uuid)> {
    let held: BTreeSet<&Uuid> = held.iter().collect();
    let those = ended.iter().filter(|c| held.contains(&c.id));
    those.map(|c| (c.id, c.lease)).collect()
}
