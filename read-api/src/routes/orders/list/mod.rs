//! `GET /v1/orders`: orders, filtered, sorted, page by page.

mod chosen;
mod page;
mod plan;
mod request;
mod sort;
mod store;
mod totals;

pub use chosen::{Chosen, FilterParameters, OtherFilterParameters, with_filters};
pub use plan::{PlanError, plan};
pub use request::{ListParameters, ListRequest, OF_CUSTOMER, PARAMETERS};

use crate::{
    consistency::PREFERENCE_APPLIED,
    cursor::Place,
    documented::{
        Conditional, ExpandOf, FieldsOf, MinPosition, Paging, Refused, ToldPage, parts_of,
    },
    expand::{Parts, Related},
    lag, paging,
    reply::{Reply, TagHash},
    servers::Route,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, http::header::LINK, web::Data};
use contracts::order::OrderSummary;
use infra::http::{Principal, Problem, Query};
use page::Page;
use serde::Serialize;
use sqlx::PgPool;
use std::mem;
use store::Row;
use totals::Told;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// A page of orders; put together of stored JSON, never of this.
#[derive(Serialize, ToSchema)]
pub struct OrderList {
    #[schema(schema_with = described)]
    data: Vec<ListedOrder>,
    /// Whether there are more.
    has_more: bool,
    /// To be passed as `cursor`, with the same filters and sort.
    next_cursor: Option<String>,
    /// With `prev_cursor`, `count` and `facets`.
    #[serde(flatten)]
    beside: Beside,
}

fn described() -> RefOr<Schema> {
    parts_of::<ListedOrder>("In the order of `sort`, then of their ids.")
}

/// An order of the page.
#[derive(Serialize, ToSchema)]
pub struct ListedOrder {
    #[serde(flatten)]
    summary: OrderSummary,
    #[serde(flatten)]
    parts: Parts,
}

/// What a list says beside its page.
#[derive(Serialize, ToSchema)]
struct Beside {
    /// The same, for the page before this one; null where this is the first.
    #[schema(required)]
    prev_cursor: Option<String>,
    /// With `count` and `facets`.
    #[serde(flatten)]
    totals: Told,
}

/// Orders
///
/// Filtered, sorted, page by page, both ways. A page never repeats or leaves out
/// an order that did not change meanwhile, since a cursor is a place in the order
/// of the list and not a count. Filters may be repeated or hold several values,
/// separated by commas (not `customer`, `external_id`, `sku` and `tag`); an order
/// is listed that has one of them. `q` searches within them. `count` and `facets` speak of the whole list;
/// each costs a statement more, and is counted apart from the page. `expand` adds
/// what belongs to each order; histories and the figures of customers cost a
/// statement more each, whatever the size of the page.
#[utoipa::path(
    get,
    path = "/v1/orders",
    operation_id = "list_orders",
    tag = "orders",
    params(FilterParameters, ListParameters, FieldsOf, ExpandOf, Paging, MinPosition, Conditional),
    responses(ToldPage<OrderList>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let list = ListRequest::of(&request, &query, &state.cursors).await?;
    let route = list.consistency.wait(&state, None).await?.route;
    answer(&request, &state, &route, &list).await
}

/// The page of a list as an answer; `route` has what the list waits for.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    route: &Route,
    list: &ListRequest,
) -> Result<HttpResponse, Problem> {
    let read = route.read(|views| async move { Read::from(&views, list.clone()).await });
    let (read, by) = read.await.map_err(|error| Problem::database(&error))?;
    let Read {
        mut page,
        totals,
        related,
    } = read;
    let figures = write(&related, list, &mut page.rows)?;
    let next = sealed(state, list, page.next).await?;
    let prev_cursor = sealed(state, list, page.prev).await?;
    let links = paging::links(request, next.as_deref(), prev_cursor.as_deref());
    let beside = Beside {
        prev_cursor,
        totals,
    };
    let members = serde_json::to_string(&beside).map_err(Problem::internal)?;
    let summaries = page.rows.iter().map(|row| row.summary.as_str());
    let body = paging::body_with(summaries, next.as_deref(), &members);
    Ok(Reply::new(tag(list, &page, &(figures + &members)))
        .header(lag::HEADER, state.lag.header(by))
        .maybe(PREFERENCE_APPLIED, list.consistency.applied())
        .maybe(LINK, links)
        .send(request, body))
}

/// What is read for a list, all of it from one server.
struct Read {
    page: Page,
    totals: Told,
    related: Related,
}

impl Read {
    async fn from(views: &PgPool, mut list: ListRequest) -> Result<Self, sqlx::Error> {
        list.chosen.resolve(views).await?;
        let page = Page::read(views, &list).await?;
        let totals = list.totals.read(views, &list).await?;
        let orders = page.rows.iter();
        let orders = orders.map(|row| (row.keyset.id, row.etag.version));
        let related = list.expand.read(views, &orders.collect::<Vec<_>>()).await?;
        Ok(Self {
            page,
            totals,
            related,
        })
    }
}

/// Cuts the summaries down to what is asked for, and adds what is asked for
/// beside it; what that depends on beside the orders themselves.
fn write(related: &Related, list: &ListRequest, rows: &mut [Row]) -> Result<String, Problem> {
    let mut figures = String::new();
    for row in rows {
        let id = row.keyset.id;
        let fields = list.fields.as_ref();
        let cut = fields.map(|fields| fields.of_stored(&row.summary));
        let cut = cut.transpose()?;
        if list.expand.is_empty() {
            row.summary = cut.unwrap_or_else(|| mem::take(&mut row.summary));
            continue;
        }
        let stored = row.document.as_deref().unwrap_or(&row.summary);
        let kept = cut.as_deref().unwrap_or(&row.summary);
        figures += &related.canonical(id)?;
        row.summary = list.expand.write(id, (kept, stored), related)?;
    }
    Ok(figures)
}

async fn sealed(
    state: &State,
    list: &ListRequest,
    place: Option<Place>,
) -> Result<Option<String>, Problem> {
    match place {
        Some(place) => Ok(Some(state.cursors.seal(list.hash(), place).await?)),
        None => Ok(None),
    }
}

fn tag(list: &ListRequest, page: &Page, members: &str) -> String {
    let mut hash = TagHash::of(&format!("{}{members}", list.canonical()));
    hash.add(&[u8::from(page.next.is_some())]);
    for row in &page.rows {
        hash.add(row.keyset.id.as_bytes());
        hash.add(&row.etag.version.to_be_bytes());
        hash.add(&row.etag.revision.to_be_bytes());
    }
    format!("\"{}\"", hash.finish())
}
