//! `POST /v1/orders/import`: record an order that was placed elsewhere.

mod history;

use super::create::{Coming, create};
use crate::{
    answer::Answer,
    call::Asked,
    documented::{CONTENT, CreatePlatforms, Headers, LINE, answers},
    request::{AddressBody, CustomerBody, LineBody, OrderParts, Time},
};
use contracts::order::Kind;
use domain::{
    money::Currency,
    order::command::{History, ImportOrder},
    text::{Id, Slug},
};
use history::{
    CancellationBody, PastFulfillmentBody, PastPaymentBody, PastRefundBody, PastReturnBody,
    PastShippingBody,
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// An order that was placed elsewhere, and what became of it there.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "platform": "online-retail", "external_id": "536365", "kind": "order", "currency": "GBP",
    "customer": {"id": "17850"},
    "lines": [{"sku": "85123A", "name": "WHITE HANGING HEART T-LIGHT HOLDER", "quantity": 6, "unit_price": "2.55"}],
    "shipping_address": {"country": "GB"}, "placed_at": "2010-12-01T08:26:00Z",
    "payments": [{"amount": 1530, "captured_at": "2010-12-01T08:26:00Z"}],
    "fulfillments": [{"carrier": "royal-mail", "shipped_at": "2010-12-02T10:00:00Z"}]
}))]
pub struct ImportOrderBody {
    /// Slug of the sales channel.
    #[schema(value_type = String)]
    platform: Slug,
    /// The channel's own id of the order: what makes an import repeatable.
    #[schema(value_type = String)]
    external_id: Id,
    /// Credits and adjustments take negative amounts, and have no history.
    #[serde(default = "sale")]
    kind: Kind,
    /// ISO 4217 code; every amount is in its minor units.
    #[schema(value_type = String)]
    currency: Currency,
    /// Who it is for.
    customer: Option<CustomerBody>,
    /// At least one, at most 5,000.
    lines: Vec<LineBody>,
    /// How it was shipped.
    shipping: Option<PastShippingBody>,
    /// Where the bill went.
    billing_address: Option<AddressBody>,
    /// Where the goods went.
    shipping_address: Option<AddressBody>,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    placed_at: Time,
    /// Labels.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    tags: Vec<Id>,
    /// Payments, in order; the first one is `p1`.
    #[serde(default)]
    payments: Vec<PastPaymentBody>,
    /// Refunds, in order.
    #[serde(default)]
    refunds: Vec<PastRefundBody>,
    /// Fulfilments, in order.
    #[serde(default)]
    fulfillments: Vec<PastFulfillmentBody>,
    /// Goods that came back, in order; the first is `r1`.
    #[serde(default)]
    returns: Vec<PastReturnBody>,
    /// That it was called off.
    cancellation: Option<CancellationBody>,
}

const fn sale() -> Kind {
    Kind::Order
}

impl ImportOrderBody {
    /// What already happened to it, and the rest.
    fn split(self) -> (History, OrderParts) {
        let history = History {
            payments: self.payments.into_iter().map(Into::into).collect(),
            refunds: self.refunds.into_iter().map(Into::into).collect(),
            fulfillments: self.fulfillments.into_iter().map(Into::into).collect(),
            returns: self.returns.into_iter().map(Into::into).collect(),
            cancellation: self.cancellation.map(Into::into),
        };
        let parts = OrderParts {
            quote: None,
            platform: self.platform,
            external_id: Some(self.external_id),
            currency: self.currency,
            customer: self.customer.map(Into::into),
            lines: self.lines.into_iter().map(Into::into).collect(),
            shipping: self.shipping.map(Into::into),
            billing_address: self.billing_address.map(Into::into),
            shipping_address: self.shipping_address.map(Into::into),
            tags: self.tags,
        };
        (history, parts)
    }
}

/// Codes of what happened to it, with a pointer to where it says so.
const HISTORY: &[&str] = &[
    "422:not_for_kind",
    "422:order_cancelled",
    "422:payment_not_found",
    "422:line_not_found",
    "422:capture_exceeds_authorized",
    "422:refund_exceeds_captured",
    "422:exceeds_open",
    "422:nothing_to_fulfill",
    "422:fulfillments_live",
    "422:return_exceeds_shipped",
    "422:return_not_found",
    "purpose_needs_return",
    "amount_not_positive",
    "duplicate_line",
    "units_out_of_range",
];

answers!(Answers: 200 "Imported before with equal content: nothing stored", 201 "Imported"; CONTENT, LINE, HISTORY, &["no_lines", "no_positive_quantity", "credit_quantity_positive", "import_differs", "external_id_taken", "history_too_long", "422:platform_not_found", "platform_archived", "price_unknown"]);

/// Import an order
///
/// Importing an order again with equal content stores nothing and answers
/// 200; with other content it is refused. What already happened to it is
/// recorded as on one of our own, but for the rules of what may be shipped
/// when; what cannot have happened is refused as a whole (422, with the rule's
/// own code and a pointer).
#[utoipa::path(
    post,
    path = "/v1/orders/import",
    operation_id = "import_order",
    tag = "orders",
    params(Headers, CreatePlatforms),
    request_body = ImportOrderBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ImportOrderBody>) -> Result<Answer, Problem> {
    let (kind, placed_at) = (body.kind, body.placed_at.into());
    let coming = Coming::elsewhere(call.create_platforms);
    let (history, parts) = body.split();
    let import = |order| ImportOrder {
        order,
        placed_at,
        kind,
        history: history.clone(),
    };
    create(&call, coming, parts, import).await
}
