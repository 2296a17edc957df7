//! `POST /v1/orders/{id}/returns/{return}/exchange`: place the order that
//! replaces the goods of a return.

mod steps;
mod taken_over;

pub use steps::{check, document_of};

use crate::{
    answer::{Answer, Success},
    call::Asked,
    documented::{CONTENT, LINE, OnOrder, QUOTE, SALE, answers},
    request::{AddressBody, LineBody, ShippingBody, Time},
};
use domain::{
    ids,
    order::{Part, command::LinkExchange},
    text::Id,
};
use infra::http::Problem;
use serde::Deserialize;
use steps::{link, place};
use utoipa::ToSchema;

/// The order that replaces the goods of a return. Platform, currency and
/// customer are those of the original order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "lines": [{"sku": "85123B", "name": "White hanging heart T-light holder, large", "quantity": 1, "unit_price": 0}]
}))]
pub struct ExchangeBody {
    /// At least one, at most 5,000.
    lines: Vec<LineBody>,
    /// How it is shipped. A `quote` is for these lines, and the address that the new
    /// order has.
    shipping: Option<ShippingBody>,
    /// Where the bill goes; as on the original order, if absent.
    billing_address: Option<AddressBody>,
    /// Where the goods go; as on the original order, if absent.
    shipping_address: Option<AddressBody>,
    /// When it was placed; now, if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    placed_at: Option<Time>,
    /// Labels.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    tags: Vec<Id>,
}

answers!(Answers: 201 "Placed and linked"; SALE, CONTENT, LINE, QUOTE, &["return_not_found", "wrong_return_status", "exchange_taken", "no_lines"]);

/// Exchange a return
///
/// Places the order that replaces the return's goods, and links the two. The
/// answer is the new order, whose `exchange_of` names order and return. A call
/// that died half-way is completed by repeating it under its `Idempotency-Key`,
/// or by `exchange_link`. `If-Match` is about the original order.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/returns/{return}/exchange",
    operation_id = "exchange_return",
    tag = "returns",
    params(OnOrder, ("return" = String, Path, description = "Id of the return, e.g. `r1`")),
    request_body = ExchangeBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ExchangeBody>) -> Result<Answer, Problem> {
    let (original, return_id) = (call.order_id()?, call.part("return", Part::Return)?);
    let command = LinkExchange {
        order_id: ids::order_id_of_exchange(original, &return_id),
        return_id,
    };
    let mut placed = place(&call, original, &command, body).await?;
    let linked = link(&call, original, command).await?;
    placed.replayed &= linked.replayed || linked.events.is_empty();
    Ok(Answer::new(placed, Success::Created))
}
