//! `DELETE /v1/orders/{id}/lines/{line}`: remove a line.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{EDIT, OnOrder, answers},
    request::ReasonBody,
};
use domain::order::{Part, command::RemoveLine};
use infra::http::Problem;

answers!(Answers: 200 "Removed"; EDIT, &["line_not_found", "line_fulfilled", "last_line", "amount_overflow"]);

/// Remove a line
///
/// Not once any of it is fulfilled, and not the last one: an order without lines is
/// a cancelled order.
#[utoipa::path(
    delete,
    path = "/v1/orders/{id}/lines/{line}",
    operation_id = "remove_line",
    tag = "edits",
    params(OnOrder, ("line" = String, Path, description = "Id of the line, e.g. `l1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = RemoveLine {
        line: call.part("line", Part::Line)?,
        reason: body.reason,
    };
    call.carry_out(command).await
}
