//! Orders as they were: `?version=` and `?as_of=` of single orders, folded from
//! the log by the domain's own rules.

mod fold;
mod moment;

pub use fold::Past;
pub use moment::{Moment, version};

use crate::{
    fields::Fields,
    problems::{order_not_found, order_not_recorded_yet, version_not_found},
    reply::{Reply, TagHash},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse};
use contracts::order::Order;
use infra::http::Problem;
use uuid::Uuid;

/// The order `id` as it was at `moment`, as an answer.
///
/// # Errors
/// 404 where there is no such order, or it had no such version, or not yet.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    id: Uuid,
    moment: Moment,
    fields: Option<&Fields>,
) -> Result<HttpResponse, Problem> {
    let order = order(state, id, Some(moment)).await?;
    let json = serde_json::to_string(&order).map_err(Problem::internal)?;
    let tag = tag(order.version, &json);
    let json = match fields {
        Some(fields) => fields.of_stored(&json)?,
        None => json,
    };
    Ok(Reply::new(tag).send(request, json))
}

/// The order `id` as it was at `moment`; without one, as the log has it now.
///
/// # Errors
/// 404 where there is no such order, or it had no such version, or not yet.
pub async fn order(state: &State, id: Uuid, moment: Option<Moment>) -> Result<Order, Problem> {
    let (mut past, moment) = begin(state, id, moment).await?;
    past.advance(moment).await?;
    past.into_order().ok_or_else(order_not_recorded_yet)
}

/// The order `id` before its first event, and up to where it is to be folded.
///
/// # Errors
/// 404 where there is no such order, or it has no such version.
pub async fn begin(
    state: &State,
    id: Uuid,
    moment: Option<Moment>,
) -> Result<(Past<'_>, Moment), Problem> {
    let past = Past::of(&state.log, id).await?;
    let past = past.ok_or_else(order_not_found)?;
    let newest = past.newest();
    match moment.unwrap_or(Moment::Version(newest)) {
        Moment::Version(version) if version > newest => Err(version_not_found(newest)),
        moment => Ok((past, moment)),
    }
}

/// Strong, and of the content: the same version reads otherwise once a subject
/// of it was erased, or a rule that its sums come from was mended. Its version
/// part is the version, as in every tag of an order.
fn tag(version: i64, json: &str) -> String {
    let mut hash = TagHash::of("past");
    hash.add(json.as_bytes());
    format!("\"{version}-{}\"", hash.finish())
}
