//! `GET /v1/orders/{id}/credit_note.pdf`: what came off an invoice.

use super::{Drawn, invoiced, seller};
use crate::{
    documented::{AtMoment, OrderId, Refused},
    problems::{credit_note_not_found, version_not_found},
    routes::orders::{
        order_id,
        past::{self, Moment},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use contracts::order::Order;
use documents::CreditNote;
use infra::http::{Principal, Problem, Query, query::invalid};
use uuid::Uuid;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["number", "version", "as_of"];

/// Credit note as PDF
///
/// Each event after the invoice by which the order came to cost less is a credit
/// note: a return or goodwill that is refunded or credited, lines or the order
/// cancelled, a discount. Money that goes back without that, as of an
/// overpayment, is none. They count from 1 in the order of the log, and are
/// called like the invoice with that number behind it: `WEB-17-C1`. One never
/// changes.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/credit_note.pdf",
    operation_id = "get_credit_note",
    tag = "documents",
    params(
        OrderId,
        ("number" = usize, Query, minimum = 1, description = "Which one, from 1", example = 1),
        AtMoment,
        ("If-None-Match" = Option<String>, Header, description = "Tags that the client has"),
    ),
    responses(Drawn, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let number = query.parsed::<usize>("number", "a number from 1")?;
    let number = number.filter(|number| *number > 0);
    let number = number.ok_or_else(|| invalid("number", "must be a number from 1"))?;
    let (moment, id) = (Moment::of(&query)?, order_id(&id)?);
    let order = invoiced(&state, id, moment).await?;
    let version = order.credits.get(number - 1);
    let version = *version.ok_or_else(|| credit_note_not_found(order.credits.len()))?;
    let seller = seller(&state, &order.issued, order.issued.updated_at).await?;
    let (before, after) = around(&state, id, version).await?;
    let note = CreditNote {
        issued: &order.issued,
        invoice: order.invoice,
        issued_at: order.issued.updated_at,
        number,
        before: &before,
        after: &after,
    };
    let sheet = documents::credit_note(&note, &seller.seller);
    state.documents.answer(&request, sheet, seller).await
}

/// The order before and after one event.
async fn around(state: &State, id: Uuid, version: i64) -> Result<(Order, Order), Problem> {
    let (mut past, moment) = past::begin(state, id, Some(Moment::Version(version))).await?;
    past.advance(Moment::Version(version - 1)).await?;
    let before = past.order().cloned();
    past.advance(moment).await?;
    let newest = past.newest();
    let both = before.zip(past.into_order());
    both.ok_or_else(|| version_not_found(newest))
}
