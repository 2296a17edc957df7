//! `POST /v1/drafts/{id}/complete`: place a draft.

use crate::{
    answer::Answer,
    call::{Asked, Call},
    catalogue::are_shipped,
    documented::{ANY, NEW_ORDER, OnOrder, answers},
    prices::{Line, Sale},
    quotes::{self, OF_ORDER, SHIPPING},
    request::Time,
};
use domain::{
    order::{Order, Rejection, command::CompleteDraft, quote_holds},
    platform::{Origin, PlatformRules},
};
use infra::{clock, command::ExecuteError, http::Problem};
use serde::Deserialize;
use utoipa::ToSchema;

/// When a draft is placed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"placed_at": "2026-11-23T08:30:00Z"}))]
pub struct CompleteDraftBody {
    /// When it was placed; now, if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    placed_at: Option<Time>,
}

/// A draft that is to be placed is an order of now.
async fn check(
    call: &Call,
    order: &Order,
    rules: &PlatformRules,
) -> Result<(), ExecuteError<Rejection>> {
    let Some((head, draft)) = order.head.as_ref().zip(order.draft.as_ref()) else {
        return Ok(());
    };
    let takes = rules.takes(Origin::Here);
    takes
        .and_then(|()| rules.takes_currency(head.currency, Origin::Here))
        .map_err(|refused| ExecuteError::Rejected(Rejection::Rules(refused)))?;
    let lines = draft.snapshot.lines.iter().map(Line::of_order);
    let lines = lines.collect::<Result<_, _>>();
    let lines = lines.map_err(|error| ExecuteError::Broken(Box::new(error)))?;
    let sale = Sale::of(call, rules, head.currency);
    let at = |index, member: &str| format!("/lines/{index}/{member}");
    sale.lines(call, lines, at).await?;
    if !quotes::may_set(call, rules) {
        let content = &draft.snapshot;
        let pointer = if let Some(shipping) = &content.shipping {
            shipping.quote.is_none().then_some(OF_ORDER)
        } else {
            let skus = content.lines.iter().map(|line| &*line.sku).collect();
            are_shipped(call, skus).await?.then_some(SHIPPING)
        };
        if let Some(pointer) = pointer {
            return Err(ExecuteError::Rejected(Rejection::QuoteRequired { pointer }));
        }
    }
    quote_holds(order, clock::now()).map_err(ExecuteError::Rejected)
}

answers!(Answers: 200 "Placed"; ANY, NEW_ORDER, &["order_not_draft", "order_cancelled", "no_lines", "amount_overflow"]);

/// Complete a draft
///
/// Its content becomes binding as it is; it needs a line. The platform has to
/// take orders, and prices are held against the catalogue once more. The quote that its
/// shipping was chosen by has to hold still, for these lines and this address: else
/// choose anew, with another quote or without.
#[utoipa::path(
    post,
    path = "/v1/drafts/{id}/complete",
    operation_id = "complete_draft",
    tag = "drafts",
    params(OnOrder),
    request_body = CompleteDraftBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<CompleteDraftBody>) -> Result<Answer, Problem> {
    let placed_at = body.placed_at.map_or_else(clock::now, Into::into);
    let call = &call;
    call.by_rules(|order, rules| async move {
        if let Some(rules) = &rules {
            check(call, &order, rules).await?;
        }
        Ok(CompleteDraft { placed_at }.into())
    })
    .await
}
