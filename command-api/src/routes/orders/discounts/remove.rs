//! `DELETE /v1/orders/{id}/discounts/{discount}`: take a discount back.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{EDIT, OnOrder, answers},
    request::ReasonBody,
};
use domain::order::{Part, command::RemoveDiscount};
use infra::http::Problem;

answers!(Answers: 200 "Removed"; EDIT, &["discount_not_found", "amount_overflow"]);

/// Remove a discount
///
/// The others are worked out anew: each is on what the earlier ones leave.
#[utoipa::path(
    delete,
    path = "/v1/orders/{id}/discounts/{discount}",
    operation_id = "remove_discount",
    tag = "edits",
    params(OnOrder, ("discount" = String, Path, description = "Id of the discount, e.g. `d1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = RemoveDiscount {
        discount: call.part("discount", Part::Discount)?,
        reason: body.reason,
    };
    call.carry_out(command).await
}
