//! `POST /v1/orders/{id}/lines`: add a line to a placed order.

use crate::{
    answer::Answer,
    call::{Asked, Call},
    documented::{LINE, LIVE_SALE, OnOrder, PRICE, answers},
    prices::{Line, Sale},
    quotes::check_kept,
};
use contracts::order::UnitPrice;
use domain::{
    money::Price,
    order::{
        Order, Rejection,
        command::{AddLine, NewLine},
    },
    platform::PlatformRules,
    text::{Id, Text, Words},
};
use infra::{command::ExecuteError, http::Problem};
use serde::Deserialize;
use utoipa::ToSchema;

/// A line to add. Amounts in minor units of the order's currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "22423", "name": "Regency cakestand 3 tier", "quantity": 1, "unit_price": "12.75", "reason": "forgotten at the checkout"}))]
pub struct AddLineBody {
    /// Stock keeping unit, 1–255 characters.
    #[schema(value_type = String)]
    sku: Id,
    /// Name; that of the product, if absent.
    #[schema(value_type = Option<String>)]
    name: Option<Text>,
    /// How many.
    quantity: i64,
    /// Integer in minor units, or a decimal string in major units; that of the
    /// catalogue, if absent.
    #[schema(value_type = Option<UnitPrice>)]
    unit_price: Option<Price>,
    /// Tax on the whole line.
    #[serde(default)]
    tax: i64,
    /// Discount on the whole line.
    #[serde(default)]
    discount: i64,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

impl AddLineBody {
    fn split(self) -> (Line, Option<Words>) {
        let line = Line {
            sku: self.sku,
            name: self.name,
            quantity: self.quantity,
            unit_price: self.unit_price,
            tax: self.tax,
            discount: self.discount,
        };
        (line, self.reason)
    }
}

/// The line with its price; what takes no line refuses it whatever it costs.
async fn added(
    call: &Call,
    order: &Order,
    rules: Option<&PlatformRules>,
    line: Line,
) -> Result<NewLine, ExecuteError<Rejection>> {
    let (Some(rules), Ok(head)) = (rules, order.live_sale()) else {
        return Ok(line.given());
    };
    check_kept(call, rules).map_err(ExecuteError::Rejected)?;
    let sale = Sale::of(call, rules, head.currency);
    let at = |_, member: &str| format!("/{member}");
    let lines = sale.lines(call, vec![line.clone()], at);
    let priced = lines.await?.pop();
    Ok(priced.unwrap_or_else(|| line.given()))
}

answers!(Answers: 200 "Added"; LIVE_SALE, LINE, PRICE, &["quote_required", "too_many_lines"]);

/// Add a line
///
/// Additions are taken after the first fulfilment, too. The answer has the
/// line's id in `line_id`. Where the platform ships for quoted charges
/// (`client_shipping`), it takes a key that may set prices (scope `orders:price`): what
/// was quoted was less.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/lines",
    operation_id = "add_line",
    tag = "edits",
    params(OnOrder),
    request_body = AddLineBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<AddLineBody>) -> Result<Answer, Problem> {
    let (line, reason) = body.split();
    let (call, line, reason) = (&call, &line, &reason);
    call.by_rules(|order, rules| async move {
        let line = added(call, &order, rules.as_ref(), line.clone()).await?;
        let reason = reason.clone();
        Ok(AddLine { line, reason }.into())
    })
    .await
}
