//! Writes the file of an export.

use super::{
    Exporting, failed,
    metrics::{self, Outcome as Counted},
};
use crate::work::{Running, told_to_end};
use infra::{
    clock,
    exports::{self, Failure, Finished, Opened, Wanted, WriteExport},
    jobs::{Context, Ended, JobError, Outcome, Progress},
    lifecycle::error_chain,
    objects::PutError,
};
use serde_json::json;
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

/// How often it is noted how far it is.
const NOTE: Duration = Duration::from_secs(1);

/// Writes files: each attempt another one, which is the export's once it is whole.
pub fn handler(
    exporting: Exporting,
) -> impl Fn(WriteExport, Context) -> Running + Send + Sync + use<> {
    move |job, context| {
        let exporting = exporting.clone();
        Box::pin(async move { write(&exporting, job, &context).await })
    }
}

async fn write(exporting: &Exporting, job: WriteExport, context: &Context) -> Ended {
    let Some(wanted) = exports::begin(&exporting.ops, job.export).await? else {
        // It is there, or was deleted.
        return Ok(Outcome::Done(None));
    };
    let began = Instant::now();
    // Told to end, it is dropped where it is, and takes back what it has written.
    let ended = tokio::select! {
        ended = attempt(exporting, job, &wanted, context) => ended,
        () = context.stopped() => Err(told_to_end()),
    };
    let counted = match &ended {
        Ok(Some(file)) => {
            metrics::written(wanted.kind, file.bytes, began.elapsed());
            Counted::Written
        }
        Ok(None) => Counted::Unwanted,
        Err(_) if context.stop_token().is_cancelled() => Counted::Stopped,
        Err(_) => Counted::Failed,
    };
    metrics::ended(wanted.kind, counted);
    let file = ended?;
    Ok(Outcome::Done(file.map(
        |file| json!({ "rows": file.rows, "bytes": file.bytes }),
    )))
}

/// The file, if it is the export's now.
async fn attempt(
    exporting: &Exporting,
    WriteExport { export }: WriteExport,
    wanted: &Wanted,
    context: &Context,
) -> Result<Option<Finished>, JobError> {
    let (ops, objects) = (&exporting.ops, exporting.objects()?);
    let object = wanted.object(export, clock::new_id());
    let opened = match exporting.source.open(wanted).await {
        Ok(opened) => opened,
        Err(failure) => return Err(noted(exporting, export, failure).await),
    };
    let Opened {
        position,
        as_of,
        expected,
        rows,
        pieces,
    } = opened;
    let far = Far {
        context,
        rows: &rows,
        expected,
    };
    let put = objects.put(&object, u64::MAX, pieces);
    let written = match far.watched(put).await {
        Ok(written) => written,
        Err(PutError::Source(failure)) => return Err(noted(exporting, export, failure).await),
        Err(PutError::Objects(error)) => {
            let failure = Failure {
                why: error_chain(&error),
                code: "unavailable",
                is_lasting: false,
            };
            return Err(noted(exporting, export, failure).await);
        }
    };
    let file = Finished {
        object,
        rows: rows.load(Ordering::Relaxed),
        bytes: written.size,
        sha256: written.sha256,
        position,
        as_of,
    };
    if exports::finish(ops, export, &file, exporting.kept).await? {
        return Ok(Some(file));
    }
    let removed = objects.delete(&file.object).await;
    removed.map_err(|error| failed(&error))?;
    Ok(None)
}

/// What an attempt failed with, shown to whoever has asked.
async fn noted(exporting: &Exporting, export: Uuid, failure: Failure) -> JobError {
    if let Err(error) = exports::note_problem(&exporting.ops, export, failure.code).await {
        return error.into();
    }
    if failure.is_lasting {
        JobError::permanent(failure.why)
    } else {
        JobError::retry(failure.why)
    }
}

/// How far a file is.
struct Far<'a> {
    context: &'a Context,
    rows: &'a Arc<AtomicU64>,
    expected: Option<u64>,
}

impl Far<'_> {
    /// What `put` comes to; meanwhile it is noted how far it is.
    async fn watched<T>(&self, put: impl Future<Output = T>) -> T {
        let mut put = pin!(put);
        let mut tick = interval(NOTE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                put = &mut put => return put,
                _ = tick.tick() => self.note(),
            }
        }
    }

    fn note(&self) {
        let rows = self.rows.load(Ordering::Relaxed);
        self.context.progress(Progress {
            done: rows,
            // The planner's guess is not held against what is there already.
            total: self.expected.map(|expected| expected.max(rows)),
            text: format!("{rows} rows"),
        });
    }
}
