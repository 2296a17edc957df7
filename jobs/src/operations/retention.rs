//! Throws away operations that were kept for long enough, and objects that belong
//! to nothing.

use super::{input::unreadable, job::tidy};
use crate::work::{
    Running,
    sweep::{self, BATCH, Sweep},
};
use futures_util::TryStreamExt as _;
use infra::{
    clock,
    jobs::{Context, Job, JobError, Kind},
    objects::Objects,
    operations::{self, OBJECTS, folder, operation_of},
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// How old an upload is at least that no operation came of: one that is under
/// way is younger.
const ORPHANED: Duration = Duration::from_hours(24);
/// Operations that are looked up at a time.
const LOOKED_UP: usize = 1_000;

/// Throws away what has been kept for long enough.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Retention {}

impl Job for Retention {
    const KIND: Kind = sweep::kind("operations.retention");
}

/// Keeps operations for so many days.
pub fn handler(
    ops: PgPool,
    objects: Objects,
    days: f64,
) -> impl Fn(Retention, Context) -> Running + Send + Sync {
    move |_, context| {
        let (ops, objects) = (ops.clone(), objects.clone());
        Box::pin(async move {
            let mut sweep = Sweep::new(&context);
            for id in operations::settle(&ops, days).await? {
                tidy(&ops, &objects, id).await?;
            }
            loop {
                let expired = operations::expired(&ops, BATCH).await?;
                if expired.is_empty() {
                    break;
                }
                for id in expired {
                    // Its objects first: of what has a row somebody knows.
                    let deleted = objects.delete_below(&folder(id)).await;
                    deleted.map_err(|error| unreadable(&error))?;
                    sweep.batch(operations::delete(&ops, id)).await?;
                }
            }
            sweep_orphans(&ops, &objects).await?;
            Ok(sweep.done())
        })
    }
}

/// Deletes old objects of operations that are not there: their uploads were
/// stored and never asked for, as whoever had taken them was killed. And lines of
/// operations that have ended, where whoever was to tidy up was killed.
async fn sweep_orphans(ops: &PgPool, objects: &Objects) -> Result<(), JobError> {
    let old = clock::now() - ORPHANED;
    let mut listed = objects.list(OBJECTS);
    let mut found: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    loop {
        let object = listed
            .try_next()
            .await
            .map_err(|error| unreadable(&error))?;
        let at_end = object.is_none();
        if let Some(object) = object.filter(|object| object.written_at < old)
            && let Some(id) = operation_of(&object.name)
        {
            found.entry(id).or_default().push(object.name);
        }
        if at_end || found.len() >= LOOKED_UP {
            let ids: Vec<Uuid> = found.keys().copied().collect();
            for (known, has_ended) in operations::known(ops, &ids).await? {
                let names = found.remove(&known).unwrap_or_default();
                let lines = operations::input(known);
                if has_ended && names.contains(&lines) {
                    found.insert(known, vec![lines]);
                }
            }
            for name in std::mem::take(&mut found).into_values().flatten() {
                let deleted = objects.delete(&name).await;
                deleted.map_err(|error| unreadable(&error))?;
            }
        }
        if at_end {
            return Ok(());
        }
    }
}
