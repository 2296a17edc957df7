//! Throws away what a deleted export has left.

use super::{Exporting, failed, metrics};
use crate::work::Running;
use infra::{
    exports::{self, RemoveExport, object_prefix},
    jobs::{Context, Ended, Outcome},
};
use serde_json::json;

/// Removes files, then the row.
pub fn handler(
    exporting: Exporting,
) -> impl Fn(RemoveExport, Context) -> Running + Send + Sync + use<> {
    move |job, _| {
        let exporting = exporting.clone();
        Box::pin(async move { remove(&exporting, job).await })
    }
}

async fn remove(exporting: &Exporting, RemoveExport { export }: RemoveExport) -> Ended {
    let prefix = object_prefix(export);
    let removed = exporting.objects()?.delete_below(&prefix);
    let removed = removed.await.map_err(|error| failed(&error))?;
    metrics::removed(removed);
    exports::forget(&exporting.ops, export).await?;
    Ok(Outcome::Done(Some(json!({ "files": removed }))))
}
