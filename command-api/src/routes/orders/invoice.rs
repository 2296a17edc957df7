//! `POST /v1/orders/{id}/invoice`: give an order its invoice number.

use crate::{
    answer::{Answer, Success},
    call::{Asked, Call},
    documented::{LIVE_SALE, OnOrder, answers},
    record::Registers,
    request::NoMembers,
};
use domain::{
    ids,
    invoice_register::{Assign, InvoiceRegisterEvent},
    order::{Order, OrderCommand, Rejection, command::IssueInvoice},
};
use infra::{
    command::{CommandContext, CommandIdentity, ExecuteError, Outcome},
    http::Problem,
};
use std::future::ready;

answers!(Answers: 200 "Has its number, since now or before"; LIVE_SALE);

/// Issue an invoice
///
/// Numbers are gap-free per platform, from 1. An order has one invoice: once it
/// has its number, nothing changes.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/invoice",
    operation_id = "issue_invoice",
    tag = "orders",
    params(OnOrder),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let issue = |order: &Order| issue(&call, order);
    let outcome = call.execute(call.order_id()?, issue).await?;
    Ok(Answer::new(outcome, Success::Done))
}

/// The command, with the order's number in the register: a new one, if the
/// order is to have one; else the one that it was assigned before, by a call
/// that did not come to its end or was overtaken by a cancellation. So no
/// number stays without its invoice.
fn issue<'a>(
    call: &'a Call,
    order: &Order,
) -> impl Future<Output = Result<OrderCommand, ExecuteError<Rejection>>> + use<'a> {
    let has_one = order.invoice_number.is_some();
    let (wanted, sale) = (order.live_sale().is_ok(), order.sale().is_ok());
    let head = order.head.as_ref().filter(|_| sale && !has_one);
    let register = head.map(|head| Assign {
        platform: head.platform.clone(),
        order_id: head.order_id,
    });
    async move {
        let number = match register {
            Some(assign) => assigned(call, assign, wanted).await?,
            None => None,
        };
        Ok(IssueInvoice { number }.into())
    }
}

/// The order's number; a new one only if it is `wanted`. Assigning is one
/// command per order, for ever: two calls get the same number, and so does one
/// that follows one that died half-way.
async fn assigned(
    call: &Call,
    assign: Assign,
    wanted: bool,
) -> Result<Option<i64>, ExecuteError<Rejection>> {
    let register = ids::invoice_register_id(&assign.platform);
    let context = CommandContext {
        identity: CommandIdentity {
            id: ids::invoice_command_id(assign.order_id),
            // The id says all there is to say.
            payload_hash: String::new(),
        },
        if_match: None,
        ..call.context.clone()
    };
    let (id, registers) = (register.hyphenated().to_string(), &call.api.invoices);
    let outcome = if wanted && call.rehearsal.is_none() {
        let assign = |_: &_| ready(Ok(assign.clone()));
        registers.execute(&id, &context, assign).await.map(Some)
    } else {
        registers.repeated(&id, &context).await
    };
    let outcome = outcome.map_err(ExecuteError::of_another)?;
    let number = outcome.as_ref().and_then(number);
    // A rehearsal assigns none, and goes on as with the first.
    Ok(number.or((wanted && call.rehearsal.is_some()).then_some(1)))
}

fn number(outcome: &Outcome<Registers>) -> Option<i64> {
    outcome.events.last().map(InvoiceRegisterEvent::number)
}
