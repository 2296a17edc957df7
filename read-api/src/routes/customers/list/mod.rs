//! `GET /v1/customers`: customers, filtered, by their last orders, page by page.

mod plan;
mod request;
mod store;

pub use plan::plan;
pub use request::PARAMETERS;

use super::told::ListedCustomer;
use crate::{
    consistency::PREFERENCE_APPLIED,
    cursor::{Keyset, Place},
    documented::{
        Conditional, CustomerFilters, FieldsOfCustomer, MinPosition, Paging, Refused, ToldList,
        parts_of,
    },
    lag, paging,
    reply::{Reply, TagHash},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, http::header::LINK, web::Data};
use infra::http::{Principal, Problem, Query};
use request::ListRequest;
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// A page of customers; put together elsewhere, never of this.
#[derive(Serialize, ToSchema)]
pub struct CustomerList {
    #[schema(schema_with = described)]
    data: Vec<ListedCustomer>,
    /// Whether there are more.
    has_more: bool,
    /// To be passed as `cursor`, with the same filters and sort.
    next_cursor: Option<String>,
}

fn described() -> RefOr<Schema> {
    parts_of::<ListedCustomer>("By the business times of their last orders, then by their ids.")
}

/// Customers
///
/// Whoever has placed an order under an id of a sales channel, those who ordered
/// last first, page by page. Name and email are those of the last order; what was
/// erased is null. Only the last order decides whether a customer has the email or
/// the words that are asked for. Figures are of all orders, by the days on which they
/// were placed. A page never repeats or leaves out a customer who did not order
/// meanwhile, since a cursor is a place in the list and not a count. Orders without
/// a customer's id are nobody's.
#[utoipa::path(
    get,
    path = "/v1/customers",
    operation_id = "list_customers",
    tag = "customers",
    params(CustomerFilters, FieldsOfCustomer, Paging, MinPosition, Conditional),
    responses(ToldList<CustomerList>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let list = &ListRequest::of(&request, &query, &state.cursors).await?;
    let route = list.consistency.wait(&state, None).await?.route;
    let read = route.read(|views| async move { store::page(&views, list).await });
    let (mut customers, by) = read.await.map_err(|error| Problem::database(&error))?;
    let has_more = customers.len() > list.limit;
    customers.truncate(list.limit);
    let next = match customers.last().filter(|_| has_more) {
        Some(ListedCustomer { last_order, .. }) => {
            let end = Keyset::at(last_order.placed_at, last_order.id);
            Some(state.cursors.seal(list.hash(), Place::after(end)).await?)
        }
        None => None,
    };
    let rows = customers.iter().map(|customer| written(list, customer));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let body = paging::body(rows.iter().map(String::as_str), next.as_deref());
    Ok(Reply::new(tag(list, &rows, has_more))
        .header(lag::HEADER, state.lag.header(by))
        .maybe(PREFERENCE_APPLIED, list.consistency.applied())
        .maybe(LINK, next.map(|next| paging::link(&request, &next)))
        .send(&request, body))
}

/// As JSON: all of a customer, or what is asked for.
fn written(list: &ListRequest, customer: &ListedCustomer) -> Result<String, Problem> {
    let json = serde_json::to_string(customer).map_err(Problem::internal)?;
    match &list.fields {
        Some(fields) => fields.of_stored(&json),
        None => Ok(json),
    }
}

/// Nobody counts a customer's versions: of all that is told. JSON objects end where
/// they end.
fn tag(list: &ListRequest, rows: &[String], has_more: bool) -> String {
    let mut hash = TagHash::of(&list.canonical());
    hash.add(&[u8::from(has_more)]);
    for row in rows {
        hash.add(row.as_bytes());
    }
    format!("\"{}\"", hash.finish())
}
