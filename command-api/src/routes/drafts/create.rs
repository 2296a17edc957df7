//! `POST /v1/drafts`: begin to put an order together.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{CONTENT, Headers, LINE, NEW_ORDER, answers},
    request::{AddressBody, CustomerBody, LineBody, OrderParts, ShippingBody},
    routes::orders::create::{Coming, create},
};
use domain::{
    money::Currency,
    order::command::CreateDraft,
    text::{Id, Slug},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// An order that is being put together.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "platform": "web", "currency": "GBP", "customer": {"id": "c-42"},
    "lines": [{"sku": "85123A", "name": "White hanging heart T-light holder", "quantity": 6, "unit_price": "2.55"}]
}))]
pub struct CreateDraftBody {
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
    /// At most 5,000; a draft may have none yet.
    #[serde(default)]
    lines: Vec<LineBody>,
    /// How it is shipped.
    shipping: Option<ShippingBody>,
    /// Where the bill goes.
    billing_address: Option<AddressBody>,
    /// Where the goods go.
    shipping_address: Option<AddressBody>,
    /// Labels.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    tags: Vec<Id>,
}

impl From<CreateDraftBody> for OrderParts {
    fn from(body: CreateDraftBody) -> Self {
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

answers!(Answers: 201 "Begun"; CONTENT, LINE, NEW_ORDER, &["external_id_taken"]);

/// Create a draft
///
/// It binds nobody until it is completed. It has the id and the number that the
/// order will have. Prices, discounts and quotes are looked at as on an order; how it is
/// shipped may be said later.
#[utoipa::path(
    post,
    path = "/v1/drafts",
    operation_id = "create_draft",
    tag = "drafts",
    params(Headers),
    request_body = CreateDraftBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<CreateDraftBody>) -> Result<Answer, Problem> {
    create(&call, Coming::DRAFT, body.into(), CreateDraft).await
}
