//! `/v1/admin/jobs`: work that happens outside of requests.

pub mod cancel;
pub mod list;
pub mod retry;
pub mod show;

use crate::{problems::job_not_found, state::State};
use infra::{
    http::Problem,
    jobs::{self, JobRecord},
};
use uuid::Uuid;

/// The job whose id stands in a path.
async fn known(state: &State, id: &str) -> Result<JobRecord, Problem> {
    let id: Uuid = id.parse().map_err(|_| job_not_found())?;
    let found = jobs::find(&state.ops, id).await;
    let found = found.map_err(|error| Problem::database(&error))?;
    found.ok_or_else(job_not_found)
}
