//! The two steps of an exchange, each a command of its own: repeating the call
//! finds those that were carried out, and carries out the rest.

use super::{ExchangeBody, taken_over::order_parts};
use crate::{
    call::Call,
    record::Orders,
    refusal::{refused, rejected},
    routes::orders::create::{Coming, make},
};
use contracts::order::Order as Document;
use domain::order::{
    self, OrderCommand, Rejection,
    command::{LinkExchange, PlaceOrder},
};
use infra::{
    clock,
    command::{Expected, Outcome, State},
    http::Problem,
};
use std::{future::ready, sync::Arc};
use uuid::Uuid;

/// Number of the step that places the new order, and of the one that links it.
const PLACE: u32 = 0;
const LINK: u32 = 1;

/// An order as it is told; none where there is none.
pub async fn document_of(call: &Call, order_id: Uuid) -> Result<Option<Document>, Problem> {
    Ok(call.order(order_id).await?.view.clone())
}

/// Whether the order takes `link` as it is now; its refusals come before
/// anything else is looked at.
pub async fn check(
    call: &Call,
    order_id: Uuid,
    link: &LinkExchange,
) -> Result<Arc<State<Orders>>, Problem> {
    let state = call.order(order_id).await?;
    let decided = order::decide(&state.aggregate, link.clone().into());
    decided.map_err(|e| rejected(&e))?;
    Ok(state)
}

/// Places the new order, unless this very call did so before; then neither the
/// return nor `If-Match` is looked at again.
pub(super) async fn place(
    call: &Call,
    original: Uuid,
    link: &LinkExchange,
    body: ExchangeBody,
) -> Result<Outcome<Orders>, Problem> {
    let mut context = call.step(PLACE);
    let condition = context.if_match.take();
    let new_id = link.order_id.hyphenated().to_string();
    let mine = call.api.orders.repeated(&new_id, &context).await;
    let state = if mine.map_err(refused)?.is_some() {
        call.order(original).await?
    } else {
        let state = check(call, original, link).await?;
        if condition.is_some_and(|c| !c.allows(state.version)) {
            return Err(Problem::precondition_failed(state.version));
        }
        if call.order(link.order_id).await?.version > 0 {
            return Err(rejected(&taken(link)));
        }
        state
    };
    context.copied = state.keys.clone();
    let placed_at = body.placed_at.map_or_else(clock::now, Into::into);
    let parts = order_parts(body, &state.aggregate, state.view.clone())?;
    let exchange_of = Some((original, link.return_id.clone()));
    let command = |order| PlaceOrder {
        order,
        placed_at,
        exchange_of: exchange_of.clone(),
    };
    let order = (link.order_id, Expected::Unknown);
    make(call, &context, order, (Coming::EXCHANGE, parts), command).await
}

const fn taken(link: &LinkExchange) -> Rejection {
    Rejection::ExchangeTaken {
        exchange_order_id: link.order_id,
    }
}

/// Links the new order on the original one. Where that is refused, because the
/// return was called off in this very moment, the caller is told which order
/// was placed.
pub(super) async fn link(
    call: &Call,
    original: Uuid,
    link: LinkExchange,
) -> Result<Outcome<Orders>, Problem> {
    let mut context = call.step(LINK);
    context.if_match = None;
    let exchange = link.order_id;
    let command: OrderCommand = link.into();
    let linked = call
        .execute_as(&context, (original, Expected::Unknown), |_| {
            ready(Ok(command.clone()))
        })
        .await;
    linked.map_err(|problem| problem.with("exchange_order_id", exchange.to_string().into()))
}
