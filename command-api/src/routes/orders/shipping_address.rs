//! `PUT /v1/orders/{id}/shipping_address`: send the goods elsewhere.

use crate::{
    answer::Answer,
    call::{Asked, Call},
    documented::{EDIT, OnOrder, answers},
    quotes::{self, check_kept},
    request::AddressBody,
};
use contracts::order::AddressKind;
use domain::{
    order::{
        Goods, Order, Rejection,
        command::{ChangeAddress, NewAddress},
        place,
    },
    platform::PlatformRules,
};
use infra::{command::ExecuteError, http::Problem};

/// To another place it goes for another charge, where charges are quoted.
async fn check(
    call: &Call,
    order: &Order,
    rules: &PlatformRules,
    address: &NewAddress,
) -> Result<(), ExecuteError<Rejection>> {
    let Ok(head) = order.editable() else {
        return Ok(());
    };
    if quotes::may_set(call, rules) {
        return Ok(());
    }
    let state = call.state(head.order_id).await?;
    let now = state.view.as_ref();
    let now = now.and_then(|order| order.shipping_address.as_ref());
    if Goods::of_order(order, now).place == place(address) {
        return Ok(());
    }
    check_kept(call, rules).map_err(ExecuteError::Rejected)
}

answers!(Answers: 200 "Changed"; EDIT, &["quote_required"]);

/// Change the shipping address
///
/// Before the first fulfilment. The order's country follows the shipping address,
/// else the billing address. Where the platform ships for quoted charges
/// (`client_shipping`), another country, region or postal code takes a key that may set
/// prices (scope `orders:price`).
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
    let (call, command) = (&call, &command);
    call.by_rules(|order, rules| async move {
        if let Some(rules) = &rules {
            check(call, &order, rules, &command.address).await?;
        }
        Ok(command.clone().into())
    })
    .await
}
