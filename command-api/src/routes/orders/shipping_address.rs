//! `PUT /v1/orders/{id}/shipping_address`: send the goods elsewhere.

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

/// Change the shipping address
///
/// Before the first fulfilment. The order's country follows the shipping address,
/// else the billing address.
#[utoipa::path(
    put,
    path = "/v1/orders/{id}/shipping_address",
    operation_id = "change_shipping_address",
    tag = "edits",
    params(OnOrder),
    request_body = AddressBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<AddressBody>) -> Result<Answer, Problem> {
    let command = ChangeAddress {
        kind: AddressKind::Shipping,
        address: body.into(),
    };
    call.carry_out(command).await
}
