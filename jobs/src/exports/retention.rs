//! Throws away files that were kept for long enough, what killed workers have left
//! of others, and exports that nobody looks at any more.

use super::{DAY, Exporting, failed, metrics};
use crate::work::{
    Running,
    sweep::{self, BATCH, Sweep},
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use infra::{
    clock,
    exports::{self, FOLDER},
    jobs::{Context, Ended, Job, JobError, Kind},
    objects::Objects,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::time::Duration;

/// How long an export is shown whose file is gone.
const SHOWN: Duration = DAY.saturating_mul(30);
/// How long ago a file that nobody writes any more was begun, or added to: longer than
/// the job of one may take.
const ABANDONED: Duration = DAY;
/// Objects that are looked up at once.
const PAGE: usize = 500;

/// Throws away what has been kept for long enough.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Retention {}

impl Job for Retention {
    const KIND: Kind = sweep::kind("exports.retention");
}

/// Keeps files as long as the configuration says.
pub fn handler(
    exporting: Exporting,
) -> impl Fn(Retention, Context) -> Running + Send + Sync + use<> {
    move |_, context| {
        let exporting = exporting.clone();
        Box::pin(async move { tidy(&exporting, &context).await })
    }
}

async fn tidy(exporting: &Exporting, context: &Context) -> Ended {
    let ops = &exporting.ops;
    let mut sweep = Sweep::new(context);
    // First: what has failed for good has no file any more that might yet be its own.
    while exports::settle(ops, BATCH).await? >= BATCH.cast_unsigned() {}
    if let Some(objects) = &exporting.objects {
        while sweep.batch(expire(ops, objects)).await? > 0 {}
        sweep_orphans(ops, objects, &mut sweep).await?;
        let unfinished = objects.delete_unfinished(ABANDONED).await;
        unfinished.map_err(|error| failed(&error))?;
    }
    while sweep.batch(exports::forget_old(ops, SHOWN, BATCH)).await? >= BATCH.cast_unsigned() {}
    Ok(sweep.done())
}

/// A page of files whose time is over; how many.
///
/// # Errors
/// The store or the database.
pub async fn expire(ops: &PgPool, objects: &Objects) -> Result<u64, JobError> {
    let expired = exports::expired(ops, BATCH).await?;
    for file in &expired {
        let deleted = objects.delete(&file.object).await;
        deleted.map_err(|error| failed(&error))?;
    }
    let gone = exports::without_file(ops, &expired).await?;
    metrics::removed(gone);
    Ok(gone)
}

/// Old files that no export has: of workers that were killed, and of exports that are
/// not known any more.
async fn sweep_orphans(
    ops: &PgPool,
    objects: &Objects,
    sweep: &mut Sweep<'_>,
) -> Result<(), JobError> {
    let before = clock::now() - ABANDONED;
    let mut pages = objects.list(FOLDER).try_chunks(PAGE);
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed(&error.1))?;
        let old = page.into_iter().filter(|object| object.written_at < before);
        let names: Vec<String> = old.map(|object| object.name).collect();
        let orphans = async {
            let orphans = exports::orphans(ops, &names).await?;
            for orphan in &orphans {
                let deleted = objects.delete(orphan).await;
                deleted.map_err(|error| failed(&error))?;
            }
            let gone = orphans.len() as u64;
            metrics::removed(gone);
            Ok::<_, JobError>(gone)
        };
        sweep.batch(orphans).await?;
    }
    Ok(())
}
