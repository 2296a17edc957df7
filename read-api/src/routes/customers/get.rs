//! `GET /v1/customers/{id}`: one customer.

use super::{
    named::{Named, meant},
    told::OneCustomer,
};
use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED},
    documented::{
        AmbiguousCustomer, Conditional, CustomerName, FieldsOfCustomer, MinPosition,
        NoSuchCustomer, OfPlatform, Refused, ToldOfViews,
    },
    fields::{Fields, Shape},
    lag,
    reply::{Reply, TagHash},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::http::{Principal, Problem, Query};
use std::sync::LazyLock;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["platform", "fields", "min_position"];

/// Its fields.
static SHAPE: LazyLock<Shape> = LazyLock::new(Shape::of::<OneCustomer>);

/// One customer
///
/// Whoever has placed an order, by the id that customers are told under, or by the
/// channel's own. Name, email and addresses are those of the last order, as far as
/// nobody had them erased; figures are of all orders, by the days on which they were
/// placed.
#[utoipa::path(
    get,
    path = "/v1/customers/{id}",
    operation_id = "get_customer",
    tag = "customers",
    params(CustomerName, OfPlatform, FieldsOfCustomer, MinPosition, Conditional),
    responses(ToldOfViews<OneCustomer>, NoSuchCustomer, AmbiguousCustomer, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let consistency = Consistency::of(&request, &query)?;
    let fields = Fields::of(&query, &SHAPE)?;
    let named = &Named::of(&id, &query)?;
    let route = if consistency.is_asked_for() {
        consistency.wait(&state, None).await?.route
    } else {
        state.servers.for_one()
    };
    let read = route.read(|views| async move { named.read(&views).await });
    let (found, by) = read.await.map_err(|error| Problem::database(&error))?;
    let lag = state.lag.header(by);
    let customer = meant(found).map_err(|problem| {
        let lag = lag.to_str().unwrap_or_default().to_owned();
        problem.header(lag::HEADER, lag)
    })?;
    let mut json = serde_json::to_string(&customer).map_err(Problem::internal)?;
    if let Some(fields) = &fields {
        json = fields.of_stored(&json)?;
    }
    Ok(Reply::new(tag(fields.as_ref(), &json))
        .header(lag::HEADER, lag)
        .maybe(PREFERENCE_APPLIED, consistency.applied())
        .send(&request, json))
}

/// Nobody counts a customer's versions: of all that is told.
fn tag(fields: Option<&Fields>, json: &str) -> String {
    let mut hash = TagHash::of(&fields.map(Fields::canonical).unwrap_or_default());
    hash.add(json.as_bytes());
    format!("\"{}\"", hash.finish())
}
