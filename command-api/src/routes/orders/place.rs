//! `POST /v1/orders`: place an order.

use super::create::{Coming, create};
use crate::{
    answer::Answer,
    call::Asked,
    documented::{CONTENT, Headers, LINE, NEW_ORDER, answers},
    request::{AddressBody, CustomerBody, LineBody, OrderParts, ShippingBody, Time},
};
use domain::{
    money::Currency,
    order::command::PlaceOrder,
    text::{Id, Slug},
};
use infra::{clock, http::Problem};
use serde::Deserialize;
use utoipa::ToSchema;

/// An order to place.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "platform": "web", "external_id": "W-1001", "currency": "GBP",
    "customer": {"id": "c-42", "name": "Ada Lovelace", "email": "ada@example.com"},
    "lines": [{"sku": "85123A", "name": "White hanging heart T-light holder", "quantity": 6, "unit_price": "2.55"}],
    "shipping": {"method": "standard", "name": "Standard delivery", "amount": 399},
    "shipping_address": {"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"}
}))]
pub struct PlaceOrderBody {
    /// Slug of the sales channel.
    #[schema(value_type = String)]
    platform: Slug,
    /// The channel's own id of the order; one order per (platform, external id).
    #[schema(value_type = Option<String>)]
    external_id: Option<Id>,
    /// ISO 4217 code; every amount is in its minor units.
    #[schema(value_type = String)]
    currency: Currency,
    /// Who it is for.
    customer: Option<CustomerBody>,
    /// At least one, at most 5,000.
    lines: Vec<LineBody>,
    /// How it is shipped.
    shipping: Option<ShippingBody>,
    /// Where the bill goes.
    billing_address: Option<AddressBody>,
    /// Where the goods go.
    shipping_address: Option<AddressBody>,
    /// When it was placed; now, if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    placed_at: Option<Time>,
    /// Labels.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    tags: Vec<Id>,
}

impl From<PlaceOrderBody> for OrderParts {
    fn from(body: PlaceOrderBody) -> Self {
        let quote = body.shipping.as_ref().and_then(ShippingBody::quote);
        Self {
            quote,
            platform: body.platform,
            external_id: body.external_id,
            currency: body.currency,
            customer: body.customer.map(Into::into),
            lines: body.lines.into_iter().map(Into::into).collect(),
            shipping: body.shipping.map(Into::into),
            billing_address: body.billing_address.map(Into::into),
            shipping_address: body.shipping_address.map(Into::into),
            tags: body.tags,
        }
    }
}

answers!(Answers: 201 "Placed"; CONTENT, LINE, NEW_ORDER, &["no_lines", "external_id_taken"]);

/// Place an order
///
/// The answer is the order as the command left it. A price that the client gives
/// is that of the catalogue, without a discount, unless the platform
/// (`client_prices`) or the key (scope `orders:price`) takes both as they are; lines
/// without a price have that of the catalogue. Where the platform ships for quoted
/// charges (`client_shipping`), the shipping comes with its `quote`, or the key has that
/// scope. Repeating the request with the same `Idempotency-Key` and body answers the
/// same again.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "place_order",
    tag = "orders",
    params(Headers),
    request_body = PlaceOrderBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<PlaceOrderBody>) -> Result<Answer, Problem> {
    let placed_at = body.placed_at.map_or_else(clock::now, Into::into);
    let place = |order| PlaceOrder {
        order,
        placed_at,
        exchange_of: None,
    };
    create(&call, Coming::HERE, body.into(), place).await
}
