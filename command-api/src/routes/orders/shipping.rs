//! `PUT /v1/orders/{id}/shipping`: choose another way of shipping.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{EDIT, OnOrder, answers},
};
use domain::{
    order::command::{ChangeShipping, NewShipping},
    text::{Id, Text, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// Another shipping choice. Amounts in minor units of the order's currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"method": "express", "name": "Express delivery", "amount": 899, "reason": "needed by Friday"}))]
pub struct ChangeShippingBody {
    /// Code of the method.
    #[schema(value_type = String)]
    method: Id,
    /// Its name.
    #[schema(value_type = String)]
    name: Text,
    /// Charge; without its tax, unless the platform's prices include tax.
    amount: i64,
    /// Tax on the charge.
    #[serde(default)]
    tax: i64,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

impl From<ChangeShippingBody> for ChangeShipping {
    fn from(body: ChangeShippingBody) -> Self {
        let shipping = NewShipping {
            method: body.method,
            name: body.name,
            amount: body.amount,
            tax: body.tax,
        };
        let reason = body.reason;
        Self { shipping, reason }
    }
}

answers!(Answers: 200 "Changed"; EDIT, &["shipping_out_of_range", "tax_out_of_range", "amount_overflow"]);

/// Change the shipping
///
/// Before the first fulfilment. The choice that the order has already changes
/// nothing.
#[utoipa::path(
    put,
    path = "/v1/orders/{id}/shipping",
    operation_id = "change_shipping",
    tag = "edits",
    params(OnOrder),
    request_body = ChangeShippingBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ChangeShippingBody>) -> Result<Answer, Problem> {
    call.carry_out(ChangeShipping::from(body)).await
}
