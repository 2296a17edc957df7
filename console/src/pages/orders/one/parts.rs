//! Payments, fulfilments, returns and goods of an order.

use super::Money;
use crate::{layout::badge, moment};
use contracts::order::{
    Fulfillment, FulfillmentState, Line, LineQuantity, MovementState, Order, Payment, PaymentState,
    ReturnState,
};
use maud::{Markup, html};

/// How far the units of a line are.
pub fn goods(line: &Line) -> Markup {
    let counts = [
        ("delivered", line.delivered_quantity),
        ("shipped", line.shipped_quantity),
        ("in a fulfilment", line.fulfilled_quantity),
        ("to come back", line.return_requested_quantity),
        ("came back", line.returned_quantity),
    ];
    let told: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    html! {
        @if told.is_empty() { span.none { "–" } } @else { (told.join(", ")) }
    }
}

/// Payments with their captures, and refunds.
pub fn payments(order: &Order, money: &Money<'_>) -> Markup {
    html! {
        @if !order.payments.is_empty() {
            section.card {
                h2 { "Payments" }
                @for payment in &order.payments { (one_payment(payment, money)) }
                @for refund in &order.refunds {
                    p {
                        "Refund " code { (refund.id) } " " (movement(refund.status)) " "
                        strong { (money.written(refund.amount)) }
                        " to " code { (refund.payment) } ", " (refund.purpose.as_str())
                        @if let Some(reason) = &refund.reason { ": " (reason) }
                        " · " span.hint { (moment::moment(refund.at)) }
                    }
                }
                @for back in &order.chargebacks {
                    p {
                        "Chargeback " code { (back.id) } " "
                        strong { (money.written(back.amount)) }
                        @if let Some(reason) = &back.reason { ": " (reason) }
                    }
                }
            }
        }
    }
}

fn one_payment(payment: &Payment, money: &Money<'_>) -> Markup {
    let class = match payment.status {
        PaymentState::Captured => "good",
        PaymentState::Authorized | PaymentState::PartiallyCaptured => "warm",
        PaymentState::Voided | PaymentState::Failed => "bad",
    };
    html! {
        p {
            "Payment " code { (payment.id) } " " (badge(payment.status.as_str(), class)) " "
            strong { (money.written(payment.captured)) } " of " (money.written(payment.amount))
            @if let Some(provider) = &payment.provider { " · " (provider) }
            @if let Some(reference) = &payment.reference { " " code { (reference) } }
            @for capture in &payment.captures {
                br;
                span.hint {
                    "Capture " (capture.id) " " (movement(capture.status)) " "
                    (money.written(capture.amount)) ", " (moment::moment(capture.at))
                }
            }
        }
    }
}

fn movement(status: MovementState) -> Markup {
    let class = match status {
        MovementState::Pending => "warm",
        MovementState::Succeeded => "good",
        MovementState::Failed => "bad",
    };
    badge(status.as_str(), class)
}

/// Fulfilments.
pub fn fulfillments(order: &Order) -> Markup {
    html! {
        @if !order.fulfillments.is_empty() {
            section.card {
                h2 { "Fulfilments" }
                @for fulfillment in &order.fulfillments { (one_fulfillment(order, fulfillment)) }
            }
        }
    }
}

fn one_fulfillment(order: &Order, fulfillment: &Fulfillment) -> Markup {
    let class = match fulfillment.status {
        FulfillmentState::Delivered => "good",
        FulfillmentState::Open | FulfillmentState::Shipped => "warm",
        FulfillmentState::Cancelled => "bad",
    };
    let tracking = &fulfillment.tracking;
    let tracked = [
        &tracking.carrier,
        &tracking.tracking_number,
        &tracking.tracking_url,
    ];
    html! {
        p {
            "Fulfilment " code { (fulfillment.id) } " "
            (badge(fulfillment.status.as_str(), class)) " " (units(order, &fulfillment.lines))
            // A link elsewhere is shown, not followed: anybody may have written it.
            @for text in tracked.into_iter().flatten() { " · " (text) }
            br;
            span.hint {
                "Created " (moment::moment(fulfillment.created_at))
                @if let Some(at) = fulfillment.shipped_at { ", shipped " (moment::moment(at)) }
                @if let Some(at) = fulfillment.delivered_at { ", delivered " (moment::moment(at)) }
                @if let Some(at) = fulfillment.cancelled_at { ", cancelled " (moment::moment(at)) }
            }
        }
    }
}

/// Returns.
pub fn returns(order: &Order, money: &Money<'_>) -> Markup {
    html! {
        @if !order.returns.is_empty() {
            section.card {
                h2 { "Returns" }
                @for returned in &order.returns {
                    p {
                        "Return " code { (returned.id) } " "
                        (badge(returned.status.as_str(), state_class(returned.status))) " "
                        @for line in &returned.lines {
                            (line.received) " of " (line.quantity) " × " (name_of(order, &line.line))
                            @if let Some(reason) = &line.reason { " (" (reason) ")" }
                            " "
                        }
                        @if let Some(reason) = &returned.reason { "· " (reason) " " }
                        @if returned.refunded != 0 { "· refunded " (money.written(returned.refunded)) }
                        br;
                        span.hint { "Asked for " (moment::moment(returned.requested_at)) }
                    }
                }
            }
        }
    }
}

const fn state_class(status: ReturnState) -> &'static str {
    match status {
        ReturnState::Requested | ReturnState::Approved | ReturnState::Received => "warm",
        ReturnState::Refunded | ReturnState::Closed => "good",
        ReturnState::Declined | ReturnState::Cancelled => "bad",
    }
}

fn units(order: &Order, lines: &[LineQuantity]) -> String {
    let units = lines
        .iter()
        .map(|unit| format!("{} × {}", unit.quantity, name_of(order, &unit.line)));
    units.collect::<Vec<_>>().join(", ")
}

/// What a line is called: by its product, else by its SKU.
pub fn name_of<'a>(order: &'a Order, id: &'a str) -> &'a str {
    let line = order.lines.iter().find(|line| line.id == id);
    match line {
        Some(line) if line.name.is_empty() => line.sku.as_str(),
        Some(line) => line.name.as_str(),
        None => id,
    }
}
