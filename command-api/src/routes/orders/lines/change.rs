//! `PATCH /v1/orders/{id}/lines/{line}`: change how much of a line is ordered.

use crate::{
    answer::Answer,
    call::{Asked, Call},
    documented::{EDIT, LINE, OnOrder, PRICE, answers},
    prices::{Line, Sale},
    quotes::check_kept,
};
use domain::{
    order::{Order, Part, Rejection, command::ChangeLine, keeps_discount},
    platform::PlatformRules,
    text::Words,
};
use infra::{command::ExecuteError, http::Problem};
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

/// More of a line is sold at its price, which is held against the catalogue as
/// that of a new line is; and what it has of a discount does not grow.
async fn check(
    call: &Call,
    order: &Order,
    rules: &PlatformRules,
    change: &ChangeLine,
) -> Result<(), ExecuteError<Rejection>> {
    let Ok(head) = order.live_sale() else {
        return Ok(());
    };
    let sale = Sale::of(call, rules, head.currency);
    let there = order.line(&change.line, None);
    let there = &there.map_err(ExecuteError::Rejected)?.line;
    let more = change.quantity.is_some_and(|more| more > there.quantity);
    if more {
        check_kept(call, rules).map_err(ExecuteError::Rejected)?;
    }
    if sale.may_set {
        return Ok(());
    }
    keeps_discount(order, change).map_err(ExecuteError::Rejected)?;
    if !more {
        return Ok(());
    }
    let line = Line::of_order(there).map_err(|error| ExecuteError::Broken(Box::new(error)))?;
    let added = Line {
        discount: 0,
        ..line
    };
    let at = |_, _: &str| "/quantity".to_owned();
    sale.lines(call, vec![added], at).await.map(|_| ())
}

answers!(Answers: 200 "Changed"; EDIT, LINE, PRICE, &["quote_required", "line_not_found", "below_fulfilled", "nothing_to_change"]);

/// Change a line
///
/// Not below what is fulfilled or cancelled of it; less of it, or other money for
/// it, only before the first fulfilment. Discount and tax stay in proportion, unless
/// they are given. Where prices are those of the catalogue (`client_prices`), more of a
/// line costs what it costs there, and the discount grows only for a key that may set
/// prices (scope `orders:price`): else give the one that the line has.
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
    let (call, command) = (&call, &command);
    call.by_rules(|order, rules| async move {
        if let Some(rules) = &rules {
            check(call, &order, rules, command).await?;
        }
        Ok(command.clone().into())
    })
    .await
}
