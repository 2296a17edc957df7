//! The two steps of an exchange, each a command of its own: repeating the call
//! finds those that were carried out, and carries out the rest.

use super::{ExchangeBody, taken_over::order_parts};
use crate::{
    answer::document,
    call::Call,
    refusal::{refused, rejected},
    routes::orders::create::make,
};
use contracts::order::Order as Document;
use domain::order::{
    self, Order, OrderCommand, Rejection,
    command::{LinkExchange, PlaceOrder},
};
use infra::{clock, command::Outcome, http::Problem, log::StoredEvent};
use std::future::ready;
use uuid::Uuid;

/// Number of the step that places the new order, and of the one that links it.
const PLACE: u32 = 0;
const LINK: u32 = 1;

type Loaded = (Order, Vec<StoredEvent>);

async fn load(call: &Call, order_id: Uuid) -> Result<Loaded, Problem> {
    let id = order_id.hyphenated().to_string();
    call.api.orders.aggregate(&id).await.map_err(refused)
}

/// An order as it is told; none where there is none.
pub async fn document_of(call: &Call, order_id: Uuid) -> Result<Option<Document>, Problem> {
    let (_, stream) = load(call, order_id).await?;
    document(&stream)
}

/// Whether the order takes `link` as it is now; its refusals come before
/// anything else is looked at.
pub async fn check(call: &Call, order_id: Uuid, link: &LinkExchange) -> Result<Loaded, Problem> {
    let (order, stream) = load(call, order_id).await?;
    order::decide(&order, link.clone().into()).map_err(|e| rejected(&e))?;
    Ok((order, stream))
}

/// Places the new order, unless this very call did so before; then neither the
/// return nor `If-Match` is looked at again.
pub(super) async fn place(
    call: &Call,
    original: Uuid,
    link: &LinkExchange,
    body: ExchangeBody,
) -> Result<Outcome, Problem> {
    let mut context = call.step(PLACE);
    let condition = context.if_match.take();
    let (_, there) = load(call, link.order_id).await?;
    let mine = |e: &StoredEvent| e.metadata.command_id == Some(context.identity.id);
    let (order, stream) = if there.iter().any(mine) {
        load(call, original).await?
    } else {
        let loaded = check(call, original, link).await?;
        let version = loaded.1.last().map_or(0, |event| event.sequence);
        if condition.is_some_and(|c| !c.allows(version)) {
            return Err(Problem::precondition_failed(version));
        }
        if !there.is_empty() {
            return Err(rejected(&taken(link)));
        }
        loaded
    };
    let placed_at = body.placed_at.map_or_else(clock::now, Into::into);
    let parts = order_parts(body, &order, document(&stream)?)?;
    let exchange_of = Some((original, link.return_id.clone()));
    let command = |order| PlaceOrder {
        order,
        placed_at,
        exchange_of: exchange_of.clone(),
    };
    make(call, &context, link.order_id, parts, command).await
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
) -> Result<Outcome, Problem> {
    let mut context = call.step(LINK);
    context.if_match = None;
    let exchange = link.order_id;
    let command: OrderCommand = link.into();
    let linked = call
        .execute_as(&context, original, |_| ready(Ok(command.clone())))
        .await;
    linked.map_err(|problem| problem.with("exchange_order_id", exchange.to_string().into()))
}
