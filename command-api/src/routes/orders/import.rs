//! `POST /v1/orders/import`: record an order that was placed elsewhere.

use super::create::{numbered, order_id};
use crate::{
    answer::{CommandAnswer, Success, answer},
    call::Call,
    documented::CommonProblems,
    request::{AddressBody, CustomerBody, LineBody, Parts, ShippingBody, Time},
    state::CommandApi,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use contracts::order::Kind;
use domain::{
    money::Currency,
    order::{ImportOrder, OrderCommand},
    text::{Id, Slug},
};
use infra::http::{JsonBody, Principal, Problem, ProblemDocument};
use serde::Deserialize;
use utoipa::ToSchema;

/// An order that was placed elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "platform": "online-retail", "external_id": "536365", "kind": "order", "currency": "GBP",
    "customer": {"id": "17850"},
    "lines": [{"sku": "85123A", "name": "WHITE HANGING HEART T-LIGHT HOLDER", "quantity": 6, "unit_price": "2.55"}],
    "shipping_address": {"country": "GB"}, "placed_at": "2010-12-01T08:26:00Z"
}))]
pub struct ImportOrderBody {
    /// Slug of the sales channel.
    #[schema(value_type = String)]
    platform: Slug,
    /// The channel's own id of the order: what makes an import repeatable.
    #[schema(value_type = String)]
    external_id: Id,
    /// Credits and adjustments take negative amounts.
    #[serde(default = "sale")]
    kind: Kind,
    /// ISO 4217 code; every amount is in its minor units.
    #[schema(value_type = String)]
    currency: Currency,
    /// Who it is for.
    #[serde(default)]
    customer: Option<CustomerBody>,
    /// At least one, at most 5,000.
    lines: Vec<LineBody>,
    /// How it was shipped.
    #[serde(default)]
    shipping: Option<ShippingBody>,
    /// Where the bill went.
    #[serde(default)]
    billing_address: Option<AddressBody>,
    /// Where the goods went.
    #[serde(default)]
    shipping_address: Option<AddressBody>,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    placed_at: Time,
    /// Labels.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    tags: Vec<Id>,
}

const fn sale() -> Kind {
    Kind::Order
}

impl From<ImportOrderBody> for Parts {
    fn from(body: ImportOrderBody) -> Self {
        Self {
            platform: body.platform,
            external_id: Some(body.external_id),
            currency: body.currency,
            customer: body.customer,
            lines: body.lines,
            shipping: body.shipping,
            billing_address: body.billing_address,
            shipping_address: body.shipping_address,
            tags: body.tags,
            placed_at: body.placed_at.0,
        }
    }
}

/// Import an order
///
/// Importing an order again with equal content stores nothing and answers
/// 200; with other content it is refused.
#[utoipa::path(
    post,
    path = "/v1/orders/import",
    operation_id = "import_order",
    tag = "orders",
    params(("Idempotency-Key" = Option<String>, Header, description = "1–255 visible characters; stands for this request for ever")),
    request_body = ImportOrderBody,
    responses(
        (status = 200, description = "Imported before with equal content: nothing stored", body = CommandAnswer, headers(("ETag" = String))),
        (status = 201, description = "Imported", body = CommandAnswer, headers(("ETag" = String), ("Location" = String), ("Idempotent-Replayed" = Option<String>, description = "`true` on the answer to a repeat"))),
        (status = 409, description = "`import_differs`, `external_id_taken` with `order_id`, `contended`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency_key_reused`, or a rule of the order with its figures: `no_lines`, `no_positive_quantity`, `credit_quantity_positive`, `too_many_lines`, `quantity_out_of_range`, `negative_price`, `discount_out_of_range`, `tax_out_of_range`, `shipping_out_of_range`, `amount_overflow`, `too_many_tags`", body = ProblemDocument, content_type = "application/problem+json"),
        CommonProblems,
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    api: Data<CommandApi>,
    request: HttpRequest,
    principal: Principal,
    body: JsonBody<ImportOrderBody>,
) -> Result<HttpResponse, Problem> {
    let call = Call::new(&api, &request, &principal, &body.bytes)?;
    let kind = body.value.kind;
    let parts = Parts::from(body.value);
    let id = order_id(&parts, &call);
    let new = parts.new_order(id);
    let outcome = call
        .execute(&api, id, |order| {
            let new = numbered(&api, order.placed.is_some(), new.clone());
            async move {
                let order = new.await?;
                Ok(OrderCommand::Import(Box::new(ImportOrder { order, kind })))
            }
        })
        .await?;
    answer(&outcome, Success::Created)
}
