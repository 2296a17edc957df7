//! `/v1/admin/parked`: orders that wait because an event of theirs cannot be
//! applied (`docs/ARCHITECTURE.md`, invariant 12).

pub mod discard;
pub mod list;
pub mod redrive;
pub mod show;

use super::told;
use crate::problems::not_parked;
use infra::http::Problem;

/// The id in a path; Postgres takes no text with a zero byte.
fn id(text: &str) -> Result<&str, Problem> {
    if text.contains('\0') {
        return Err(not_parked());
    }
    Ok(text)
}
