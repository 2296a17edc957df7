//! `POST /v1/orders/{id}/lines`: add a line to a placed order.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{LINE, LIVE_SALE, OnOrder, answers},
};
use contracts::order::UnitPrice;
use domain::{
    money::Price,
    order::command::{AddLine, NewLine},
    text::{Id, Text, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// A line to add. Amounts in minor units of the order's currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "22423", "name": "Regency cakestand 3 tier", "quantity": 1, "unit_price": "12.75", "reason": "forgotten at the checkout"}))]
pub struct AddLineBody {
    /// Stock keeping unit, 1–255 characters.
    #[schema(value_type = String)]
    sku: Id,
    /// Name.
    #[schema(value_type = String)]
    name: Text,
    /// How many.
    quantity: i64,
    /// Integer in minor units, or a decimal string in major units.
    #[schema(value_type = UnitPrice)]
    unit_price: Price,
    /// Tax on the whole line.
    #[serde(default)]
    tax: i64,
    /// Discount on the whole line.
    #[serde(default)]
    discount: i64,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

impl From<AddLineBody> for AddLine {
    fn from(body: AddLineBody) -> Self {
        let line = NewLine {
            sku: body.sku,
            name: body.name,
            quantity: body.quantity,
            unit_price: body.unit_price,
            tax: body.tax,
            discount: body.discount,
        };
        let reason = body.reason;
        Self { line, reason }
    }
}

answers!(Answers: 200 "Added"; LIVE_SALE, LINE, &["too_many_lines"]);

/// Add a line
///
/// Additions are taken after the first fulfilment, too. The answer has the
/// line's id in `line_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/lines",
    operation_id = "add_line",
    tag = "edits",
    params(OnOrder),
    request_body = AddLineBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<AddLineBody>) -> Result<Answer, Problem> {
    call.carry_out(AddLine::from(body)).await
}
