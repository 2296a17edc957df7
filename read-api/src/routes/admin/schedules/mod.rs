//! `/v1/admin/schedules`: jobs at certain times.

pub mod list;
pub mod pause;
pub mod run;

use crate::{problems::schedule_not_found, state::State};
use infra::{
    http::Problem,
    jobs::{self, ScheduleRecord},
};

/// The schedule whose name stands in a path; Postgres takes no text with a
/// zero byte.
async fn known(state: &State, name: &str) -> Result<ScheduleRecord, Problem> {
    if name.contains('\0') {
        return Err(schedule_not_found());
    }
    let found = jobs::find_schedule(&state.ops, name).await;
    let found = found.map_err(|error| Problem::database(&error))?;
    found.ok_or_else(schedule_not_found)
}
