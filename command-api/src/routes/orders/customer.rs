//! `PUT /v1/orders/{id}/customer`: say whose order it is.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{EDIT, OnOrder, answers},
    request::CustomerBody,
};
use domain::order::command::AssignCustomer;
use infra::http::Problem;

answers!(Answers: 200 "Assigned"; EDIT);

/// Assign a customer
///
/// Before the first fulfilment. Replaces what the order says of its customer.
#[utoipa::path(
    put,
    path = "/v1/orders/{id}/customer",
    operation_id = "assign_customer",
    tag = "edits",
    params(OnOrder),
    request_body = CustomerBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<CustomerBody>) -> Result<Answer, Problem> {
    let command = AssignCustomer {
        customer: body.into(),
    };
    call.carry_out(command).await
}
