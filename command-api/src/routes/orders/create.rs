//! What making an order takes, however it is made: which one it is, and its
//! number.

use crate::{
    answer::{Success, answer},
    call::Call,
    record::Orders,
    request::OrderParts,
};
use actix_web::HttpResponse;
use domain::{
    ids,
    order::{Order, OrderCommand, Rejection, command::NewOrder},
};
use infra::{
    clock,
    command::{CommandContext, ExecuteError, Expected, Outcome},
    http::Problem,
};
use uuid::Uuid;

/// Makes the order of these parts by `command`, and answers.
pub async fn create<C: Into<OrderCommand>>(
    call: &Call,
    parts: OrderParts,
    command: impl Fn(NewOrder) -> C,
) -> Result<HttpResponse, Problem> {
    let order = order_id(call, &parts);
    let outcome = make(call, &call.context, order, parts, command).await?;
    answer(&outcome, Success::Created)
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
/// key that it was sent under, else new, and nobody's yet.
fn order_id(call: &Call, parts: &OrderParts) -> (Uuid, Expected) {
    match (&parts.external_id, &call.key) {
        (Some(external_id), _) => {
            let id = ids::order_id_of_external(&parts.platform, external_id);
            (id, Expected::Unknown)
        }
        (None, Some(key)) => {
            let id = ids::order_id_of_key(&call.principal, call.route(), key);
            (id, Expected::Unknown)
        }
        (None, None) => (clock::new_id(), Expected::Absent),
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
    let number = call.api.numbers.next(platform).await;
    let number = number.map_err(|error| ExecuteError::Unavailable {
        unknown: false,
        source: Box::new(error),
    })?;
    Ok(number.to_string())
}
