//! `POST /v1/orders/{id}/discounts`: grant a discount on a placed order.

use crate::{
    answer::Answer,
    call::{Asked, Call},
    documented::{EDIT, OnOrder, answers},
    prices::SET_PRICES,
};
use domain::{
    money::Percent,
    order::{
        self, Order, Rejection,
        command::{ApplyDiscount, DiscountValue},
    },
    platform::PlatformRules,
    text::{Id, Words},
};
use infra::{command::ExecuteError, http::Problem};
use serde::Deserialize;
use utoipa::ToSchema;

/// A discount: exactly one of `amount` and `percent`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"percent": "12.5", "code": "SUMMER", "reason": "voucher redeemed late"}))]
pub struct DiscountBody {
    /// So much, minor units of the order's currency.
    amount: Option<i64>,
    /// That share of what the goods cost: a decimal above 0 and up to 100, as
    /// text or as an integer.
    #[schema(value_type = Option<String>)]
    percent: Option<Percent>,
    /// Only on this line; on the whole order, if absent.
    #[schema(value_type = Option<String>)]
    line: Option<Id>,
    /// A voucher or the like.
    #[schema(value_type = Option<String>)]
    code: Option<Id>,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

impl DiscountBody {
    fn value(&self) -> Result<DiscountValue, Problem> {
        match (self.amount, self.percent) {
            (Some(amount), None) => Ok(DiscountValue::Fixed(amount)),
            (None, Some(percent)) => Ok(DiscountValue::Percent(percent)),
            (Some(_), Some(_)) | (None, None) => Err(Problem::unprocessable(
                "amount_or_percent",
                "A discount is either an amount or a percentage",
            )
            .detail("exactly one of `amount` and `percent` is needed")),
        }
    }
}

/// Whether the caller may lower what the order costs; what the order itself
/// refuses comes first.
fn check(
    call: &Call,
    order: &Order,
    rules: &PlatformRules,
    command: &ApplyDiscount,
) -> Result<(), Rejection> {
    if rules.may_set_prices(call.may(SET_PRICES)) {
        return Ok(());
    }
    order::decide(order, command.clone().into())?;
    let pointer = match command.value {
        DiscountValue::Fixed(_) => "/amount",
        DiscountValue::Percent(_) => "/percent",
    };
    Err(Rejection::DiscountNotAllowed {
        pointer: pointer.to_owned(),
        allowed: 0,
    })
}

answers!(Answers: 200 "Granted"; EDIT, &["discount_not_allowed", "422:line_not_found", "amount_or_percent", "amount_not_positive", "discount_exceeds_amount", "amount_overflow"]);

/// Apply a discount
///
/// On the whole order or on one line, on top of those it has. The answer has
/// the discount's id in `discount_id`. Where prices are those of the catalogue
/// (`client_prices`), it takes a key that may set prices (scope `orders:price`).
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/discounts",
    operation_id = "apply_discount",
    tag = "edits",
    params(OnOrder),
    request_body = DiscountBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<DiscountBody>) -> Result<Answer, Problem> {
    let command = ApplyDiscount {
        value: body.value()?,
        line: body.line,
        code: body.code,
        reason: body.reason,
    };
    let (call, command) = (&call, &command);
    call.by_rules(|order, rules| async move {
        if let Some(rules) = &rules {
            check(call, &order, rules, command).map_err(ExecuteError::Rejected)?;
        }
        Ok(command.clone().into())
    })
    .await
}
