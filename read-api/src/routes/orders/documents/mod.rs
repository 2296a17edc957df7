//! `/v1/orders/{id}/*.pdf`: documents of an order, of what the log says.

pub mod credit_note;
pub mod invoice;
pub mod packing_slip;

use crate::{
    documents::KnownSeller,
    own::about_order,
    problems::invoice_not_issued,
    routes::orders::past::{self, Moment},
    state::State,
};
use actix_web::web::ServiceConfig;
use contracts::order::{Order, Totals};
use documents::credited;
use infra::http::{Problem, ProblemDocument};
use std::sync::Arc;
use time::OffsetDateTime;
use utoipa::IntoResponses;
use uuid::Uuid;

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders/{id}/invoice.pdf", about_order(invoice::handle))
        .route(
            "/v1/orders/{id}/credit_note.pdf",
            about_order(credit_note::handle),
        )
        .route(
            "/v1/orders/{id}/packing_slip.pdf",
            about_order(packing_slip::handle),
        );
}

/// An order whose invoice was issued, and what became of it.
struct Invoiced {
    /// The order in the version that recorded the invoice.
    issued: Order,
    /// The number of the invoice.
    invoice: i64,
    /// The order at the moment that was asked for.
    now: Order,
    /// Versions by which it came to cost less since.
    credits: Vec<i64>,
}

/// The order `id` from its invoice on, up to `moment`.
///
/// # Errors
/// 404 where there is no such order or version, or no invoice by then.
async fn invoiced(state: &State, id: Uuid, moment: Option<Moment>) -> Result<Invoiced, Problem> {
    let (mut past, moment) = past::begin(state, id, moment).await?;
    let mut issued = None;
    let mut before = Totals::default();
    let mut credits = Vec::new();
    while past.step(moment).await? {
        let Some(order) = past.order() else {
            continue;
        };
        if issued.is_some() {
            let is_credit = credited(&before, &order.totals).is_some();
            credits.extend(is_credit.then_some(order.version));
        } else if let Some(invoice) = order.invoice_number {
            issued = Some((order.clone(), invoice));
        }
        before = order.totals;
    }
    let (issued, invoice) = issued.ok_or_else(invoice_not_issued)?;
    let now = past.into_order().ok_or_else(invoice_not_issued)?;
    Ok(Invoiced {
        issued,
        invoice,
        now,
        credits,
    })
}

/// Who sold on the channel of an order at a moment.
///
/// # Errors
/// 409 where nobody has said, or it cannot be printed.
async fn seller(
    state: &State,
    order: &Order,
    moment: OffsetDateTime,
) -> Result<Arc<KnownSeller>, Problem> {
    let sellers = &state.documents.sellers;
    sellers.of(&state.log, &order.platform, moment).await
}

/// A document.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers, is never one")]
pub enum Drawn {
    /// The document
    #[response(
        status = 200,
        content_type = "application/pdf",
        headers(
            ("ETag" = String, description = "Of everything that the document depends on"),
            ("Content-Disposition" = String, description = "`inline`, with a file name")
        )
    )]
    Found(String),
    /// The client has it already
    #[response(
        status = 304,
        headers(("ETag" = String, description = "Of everything that the document depends on"))
    )]
    Unchanged,
    /// `no_seller`, `seller_unusable`; of packing slips also `nothing_to_pack`
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemDocument),
    /// `order_not_found`, `version_not_found`, `order_not_recorded_yet`; of invoices and credit notes also `invoice_not_issued`, of credit notes `credit_note_not_found`, of packing slips `fulfillment_not_found`
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDocument),
}
