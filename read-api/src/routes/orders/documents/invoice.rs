//! `GET /v1/orders/{id}/invoice.pdf`: the invoice of an order.

use super::{Drawn, invoiced, seller};
use crate::{
    documented::{AtMoment, OrderId, Refused},
    routes::orders::{order_id, past::Moment},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use documents::Invoice;
use infra::http::{Principal, Problem, Query};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["version", "as_of"];

/// Invoice as PDF
///
/// What is sold and what it costs is told as it was when the invoice got its
/// number (`POST /v1/orders/{id}/invoice`), and never changes; what was paid,
/// as it is by now, or was in `version` or by `as_of`. The same version of the
/// order makes the same bytes, until personal data in it is erased, its seller
/// is configured otherwise, or a later release draws it otherwise; the seller of a
/// platform that was saved is that of the moment of the number. Folded from
/// the log, and behind nothing.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/invoice.pdf",
    operation_id = "get_invoice",
    tag = "documents",
    params(
        OrderId,
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
    let (moment, id) = (Moment::of(&query)?, order_id(&id)?);
    let order = invoiced(&state, id, moment).await?;
    let seller = seller(&state, &order.issued, order.issued.updated_at).await?;
    let invoice = Invoice {
        issued: &order.issued,
        number: order.invoice,
        issued_at: order.issued.updated_at,
        now: &order.now,
    };
    let sheet = documents::invoice(&invoice, &seller.seller);
    state.documents.answer(&request, sheet, seller).await
}
