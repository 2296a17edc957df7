//! `PUT /v1/orders/{id}/shipping`: choose another way of shipping.

use crate::{
    answer::Answer,
    call::{Asked, Call},
    documented::{EDIT, OnOrder, QUOTE, answers},
    quotes::{self, ALONE, Shipment},
};
use domain::{
    order::{
        Goods, Order, Rejection,
        command::{ChangeShipping, NewShipping},
    },
    platform::PlatformRules,
    text::{Id, Text, Words},
};
use infra::{command::ExecuteError, http::Problem};
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
    /// The `quote` of the offer that it was chosen by, for the lines of the order as
    /// far as they are not cancelled, and its shipping address. The order is held
    /// against it, and says by what it was quoted.
    quote: Option<String>,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

impl ChangeShippingBody {
    /// The choice, the quote that it was made by, and why it was made.
    fn split(self) -> (NewShipping, Option<String>, Option<Words>) {
        let shipping = NewShipping {
            method: self.method,
            name: self.name,
            amount: self.amount,
            tax: self.tax,
            quote: None,
        };
        (shipping, self.quote, self.reason)
    }
}

/// The choice, held against its quote; what takes none refuses it whatever it costs.
async fn shipped(
    call: &Call,
    order: &Order,
    rules: Option<&PlatformRules>,
    (shipping, quote): (NewShipping, Option<&str>),
) -> Result<NewShipping, ExecuteError<Rejection>> {
    let Ok(head) = order.editable() else {
        return Ok(shipping);
    };
    // The address is in the order as it is told, and nowhere else.
    let state = match quote {
        Some(_) => Some(call.state(head.order_id).await?),
        None => None,
    };
    let told = state.as_ref().and_then(|state| state.view.as_ref());
    let address = told.and_then(|order| order.shipping_address.as_ref());
    let shipment = Shipment {
        platform: &head.platform,
        currency: head.currency,
        goods: Goods::of_order(order, address),
        may_set: rules.is_none_or(|rules| quotes::may_set(call, rules)),
    };
    shipment.shipped(call, shipping, quote, ALONE).await
}

answers!(Answers: 200 "Changed"; EDIT, QUOTE, &["shipping_out_of_range", "tax_out_of_range", "amount_overflow"]);

/// Change the shipping
///
/// Before the first fulfilment. The choice that the order has already changes
/// nothing. Where the platform ships for quoted charges (`client_shipping`), it comes
/// with a `quote`, or from a key that may set prices (scope `orders:price`).
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
    let (shipping, quote, reason) = body.split();
    let (call, shipping, quote, reason) = (&call, &shipping, quote.as_deref(), &reason);
    call.by_rules(|order, rules| async move {
        let chosen = (shipping.clone(), quote);
        let shipping = shipped(call, &order, rules.as_ref(), chosen).await?;
        let reason = reason.clone();
        Ok(ChangeShipping { shipping, reason }.into())
    })
    .await
}
