//! `/v1/orders`.

pub mod by_external_id;
pub mod changes;
pub mod diff;
pub mod documents;
pub mod events;
mod expanded;
pub mod get;
pub mod list;
pub mod lookup;
mod past;
pub(super) mod store;
pub mod stream;

use crate::{
    consistency::{About, PROJECTION},
    one::Wanted,
    problems::order_not_found,
    state::State,
};
use infra::{
    http::Problem,
    views::{ORDERS, models, parked},
};
use uuid::Uuid;

/// The order with this id.
const fn about(id: Uuid) -> About {
    About::of(&models::ORDERS, id)
}

/// The same, as it may be cached.
const fn wanted(state: &State, id: Uuid) -> Wanted<'_> {
    Wanted {
        about: about(id),
        cache: Some(&state.orders),
    }
}

/// The id in a path; what is no id is no order's.
fn order_id(text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| order_not_found())
}

/// 404, marked where the order is parked since its first event.
async fn not_found(state: &State, id: Uuid) -> Problem {
    let problem = order_not_found();
    let route = state.servers.for_one();
    let read = route.read(|views| async move { parked::is_parked(&views, ORDERS, id).await });
    match read.await {
        Ok((true, _)) => problem.header(PROJECTION, "parked"),
        Ok((false, _)) => problem,
        Err(error) => Problem::database(&error),
    }
}
