//! `GET /v1/customers/{id}/orders`: the list of orders, of one customer.

use super::named::{Named, meant};
use crate::{
    documented::{
        AmbiguousCustomer, Conditional, CustomerName, ExpandOf, FieldsOf, MinPosition,
        NoSuchCustomer, OfPlatform, Paging, Refused, ToldPage,
    },
    filters::{CUSTOMER, PLATFORM},
    lag,
    routes::orders::list::{
        ListParameters, ListRequest, OF_CUSTOMER, OrderList, OtherFilterParameters, answer,
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::http::{Principal, Problem, Query};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = OF_CUSTOMER;

/// Orders of one customer
///
/// The same answer as that of `GET /v1/orders`, with the same parameters, of the
/// orders that are this customer's now; `platform` is no filter here, but belongs to
/// the id. `customer_not_found` says that nobody of this name has placed an order.
#[utoipa::path(
    get,
    path = "/v1/customers/{id}/orders",
    operation_id = "list_customer_orders",
    tag = "customers",
    params(
        CustomerName,
        OfPlatform,
        OtherFilterParameters,
        ListParameters,
        FieldsOf,
        ExpandOf,
        Paging,
        MinPosition,
        Conditional,
    ),
    responses(ToldPage<OrderList>, NoSuchCustomer, AmbiguousCustomer, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let named = &Named::of(&id, &query)?;
    let mut list = ListRequest::first_page_but(&request, &query, &[PLATFORM, CUSTOMER])?;
    let route = list.consistency.wait(&state, None).await?.route;
    let read = route.read(|views| async move { named.whose(&views).await });
    let (found, by) = read.await.map_err(|error| Problem::database(&error))?;
    let (platform, customer) = meant(found).map_err(|problem| {
        let lag = state.lag.header(by);
        let lag = lag.to_str().unwrap_or_default().to_owned();
        problem.header(lag::HEADER, lag)
    })?;
    list.chosen.narrow(platform, customer);
    list.turn(&query, &state.cursors).await?;
    answer(&request, &state, &route, &list).await
}
