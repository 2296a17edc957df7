//! What making an order takes, however it is made: which one it is, and its
//! number.

use crate::{
    answer::{Answer, Success},
    call::Call,
    record::Orders,
    request::OrderParts,
};
use domain::{
    ids,
    order::{Order, OrderCommand, Rejection, command::NewOrder},
    text::{Id, Slug},
};
use infra::{
    clock,
    command::{CommandContext, ExecuteError, Expected, Outcome},
    http::Problem,
};
use uuid::Uuid;

/// Stands for the number of an order that is not made.
const NO_NUMBER: &str = "0";

/// Makes the order of these parts by `command`, and answers.
pub async fn create<C: Into<OrderCommand>>(
    call: &Call,
    parts: OrderParts,
    command: impl Fn(NewOrder) -> C,
) -> Result<Answer, Problem> {
    let (platform, external_id) = (&parts.platform, parts.external_id.as_ref());
    let key = call.key.as_deref();
    let order = match named(&call.principal, call.route(), key, platform, external_id) {
        Some(id) => (id, Expected::Unknown),
        // It is new, and nobody's yet.
        None => (clock::new_id(), Expected::Absent),
    };
    let outcome = make(call, &call.context, order, parts, command).await?;
    Ok(Answer::new(outcome, Success::Created))
}

/// Makes the order `id`, of which something may be known, of these parts by
/// `command`.
pub async fn make<C: Into<OrderCommand>>(
    call: &Call,
    context: &CommandContext,
    (id, expected): (Uuid, Expected),
    parts: OrderParts,
    command: impl Fn(NewOrder) -> C,
) -> Result<Outcome<Orders>, Problem> {
    let rules = call.api.config.platform(&parts.platform);
    let new = parts.new_order(id, rules.prices_include_tax);
    let command = &command;
    let ordered = |order: &Order| {
        let new = ready(call, order, new.clone());
        async move { Ok(command(new.await?).into()) }
    };
    call.execute_as(context, (id, expected), ordered).await
}

/// The order that a request leads to: named by its external id, else by the
/// key that it was sent under; else by nothing.
pub fn named(
    principal: &str,
    route: &str,
    key: Option<&str>,
    platform: &Slug,
    external_id: Option<&Id>,
) -> Option<Uuid> {
    match external_id {
        Some(external_id) => Some(ids::order_id_of_external(platform, external_id)),
        None => Some(ids::order_id_of_key(principal, route, key?)),
    }
}

/// `new` with a number, unless the order exists already: then none is used up.
fn ready<'a>(
    call: &'a Call,
    order: &Order,
    mut new: NewOrder,
) -> impl Future<Output = Result<NewOrder, ExecuteError<Rejection>>> + use<'a> {
    let exists = order.head.is_some();
    async move {
        if !exists {
            new.number = number(call, &new.platform).await?;
        }
        Ok(new)
    }
}

async fn number(call: &Call, platform: &str) -> Result<String, ExecuteError<Rejection>> {
    if call.rehearsal.is_some() {
        return Ok(NO_NUMBER.to_owned());
    }
    let number = call.api.numbers.next(platform).await;
    let number = number.map_err(|error| ExecuteError::Unavailable {
        unknown: false,
        source: Box::new(error),
    })?;
    Ok(number.to_string())
}
