//! `PATCH /v1/orders/{id}/lines/{line}`: change how much of a line is ordered.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{EDIT, LINE, OnOrder, answers},
};
use domain::{
    order::{Part, command::ChangeLine},
    text::Words,
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// What changes: at least one of quantity, discount and tax.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quantity": 2, "reason": "one is enough for the customer"}))]
pub struct ChangeLineBody {
    /// How many are ordered from now on.
    quantity: Option<i64>,
    /// Discount on the whole line, minor units.
    discount: Option<i64>,
    /// Tax on the whole line, minor units.
    tax: Option<i64>,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

impl ChangeLineBody {
    const fn changes_nothing(&self) -> bool {
        self.quantity.is_none() && self.discount.is_none() && self.tax.is_none()
    }
}

fn nothing_to_change() -> Problem {
    Problem::unprocessable("nothing_to_change", "Nothing is to be changed")
        .detail("one of `quantity`, `discount` and `tax` is needed")
}

answers!(Answers: 200 "Changed"; EDIT, LINE, &["line_not_found", "below_fulfilled", "nothing_to_change"]);

/// Change a line
///
/// Not below what is fulfilled or cancelled of it; less of it, or other money for
/// it, only before the first fulfilment. Discount and tax stay in proportion, unless
/// they are given.
#[utoipa::path(
    patch,
    path = "/v1/orders/{id}/lines/{line}",
    operation_id = "change_line",
    tag = "edits",
    params(OnOrder, ("line" = String, Path, description = "Id of the line, e.g. `l1`")),
    request_body = ChangeLineBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ChangeLineBody>) -> Result<Answer, Problem> {
    if body.changes_nothing() {
        return Err(nothing_to_change());
    }
    let command = ChangeLine {
        line: call.part("line", Part::Line)?,
        quantity: body.quantity,
        discount: body.discount,
        tax: body.tax,
        reason: body.reason,
    };
    call.carry_out(command).await
}
