//! `/v1/orders`.

pub mod by_external_id;
pub mod cached;
pub mod events;
pub mod get;
pub mod list;
mod store;

use crate::problems::order_not_found;
use infra::http::Problem;
use uuid::Uuid;

/// The id in a path; what is no id is no order's.
fn order_id(text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| order_not_found())
}
