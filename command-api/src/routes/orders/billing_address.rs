//! `PUT /v1/orders/{id}/billing_address`: send the bill elsewhere.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{EDIT, OnOrder, answers},
    request::AddressBody,
};
use contracts::order::AddressKind;
use domain::order::command::ChangeAddress;
use infra::http::Problem;

answers!(Answers: 200 "Changed"; EDIT);

/// Change the billing address
///
/// Before the first fulfilment. The order's country follows the shipping address,
/// else the billing address.
#[utoipa::path(
    put,
    path = "/v1/orders/{id}/billing_address",
    operation_id = "change_billing_address",
    tag = "edits",
    params(OnOrder),
    request_body = AddressBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<AddressBody>) -> Result<Answer, Problem> {
    let command = ChangeAddress {
        kind: AddressKind::Billing,
        address: body.into(),
    };
    call.carry_out(command).await
}
