//! `POST /v1/orders`: place an order.

use super::create::{numbered, order_id};
use crate::{
    answer::{CommandAnswer, Success, answer},
    call::Call,
    documented::CommonProblems,
    request::{AddressBody, CustomerBody, LineBody, Parts, ShippingBody, Time},
    state::CommandApi,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use domain::{
    money::Currency,
    order::{OrderCommand, PlaceOrder},
    text::{Id, Slug},
};
use infra::{
    clock,
    http::{JsonBody, Principal, Problem, ProblemDocument},
};
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
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    external_id: Option<Id>,
    /// ISO 4217 code; every amount is in its minor units.
    #[schema(value_type = String)]
    currency: Currency,
    /// Who it is for.
    #[serde(default)]
    customer: Option<CustomerBody>,
    /// At least one, at most 5,000.
    lines: Vec<LineBody>,
    /// How it is shipped.
    #[serde(default)]
    shipping: Option<ShippingBody>,
    /// Where the bill goes.
    #[serde(default)]
    billing_address: Option<AddressBody>,
    /// Where the goods go.
    #[serde(default)]
    shipping_address: Option<AddressBody>,
    /// When it was placed; now, if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    placed_at: Option<Time>,
    /// Labels.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    tags: Vec<Id>,
}

impl From<PlaceOrderBody> for Parts {
    fn from(body: PlaceOrderBody) -> Self {
        Self {
            platform: body.platform,
            external_id: body.external_id,
            currency: body.currency,
            customer: body.customer,
            lines: body.lines,
            shipping: body.shipping,
            billing_address: body.billing_address,
            shipping_address: body.shipping_address,
            tags: body.tags,
            placed_at: body.placed_at.map_or_else(clock::now, |time| time.0),
        }
    }
}

/// Place an order
///
/// The answer is the order as the command left it. Repeating the request with
/// the same `Idempotency-Key` and body answers the same again.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "place_order",
    tag = "orders",
    params(("Idempotency-Key" = Option<String>, Header, description = "1–255 visible characters; stands for this request for ever")),
    request_body = PlaceOrderBody,
    responses(
        (status = 201, description = "Placed", body = CommandAnswer, headers(("ETag" = String), ("Location" = String), ("Idempotent-Replayed" = Option<String>, description = "`true` on the answer to a repeat"))),
        (status = 409, description = "`external_id_taken` with `order_id`, `contended`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency_key_reused`, or a rule of the order with its figures: `no_lines`, `too_many_lines`, `quantity_out_of_range`, `negative_price`, `discount_out_of_range`, `tax_out_of_range`, `shipping_out_of_range`, `amount_overflow`, `too_many_tags`", body = ProblemDocument, content_type = "application/problem+json"),
        CommonProblems,
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    api: Data<CommandApi>,
    request: HttpRequest,
    principal: Principal,
    body: JsonBody<PlaceOrderBody>,
) -> Result<HttpResponse, Problem> {
    let call = Call::new(&api, &request, &principal, &body.bytes)?;
    let parts = Parts::from(body.value);
    let id = order_id(&parts, &call);
    let new = parts.new_order(id);
    let outcome = call
        .execute(&api, id, |order| {
            let new = numbered(&api, order.placed.is_some(), new.clone());
            async { Ok(OrderCommand::Place(Box::new(PlaceOrder(new.await?)))) }
        })
        .await?;
    answer(&outcome, Success::Created)
}
