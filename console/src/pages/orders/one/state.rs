//! What an order is: axes, lines, money, parts.

use super::{Money, lines, parts};
use crate::{Visit, moment, pages::orders::axes};
use contracts::order::{Address, Customer, Order};
use maud::{Markup, html};

/// Notes that are shown, the newest first; the story has all of them.
const MOST_NOTES: usize = 50;

/// All of it, without anything that is filled in.
pub fn state(visit: &Visit, order: &Order) -> Markup {
    let money = Money::of(visit, order);
    html! {
        (glance(order))
        div.grid {
            (sums(order, &money))
            (whom(order))
        }
        (lines::lines(order, &money, 0))
        (parts::payments(order, &money))
        (parts::fulfillments(order))
        (parts::returns(order, &money))
        (notes(visit, order))
    }
}

fn glance(order: &Order) -> Markup {
    html! {
        section.card {
            p.row {
                (axes::order(order.status))
                (axes::payment(order.payment_status))
                (axes::fulfillment(order.fulfillment_status))
                (axes::returned(order.return_status))
                @if order.confirmed { span.badge.good { "confirmed" } }
                @if order.archived { span.badge { "archived" } }
                @for tag in &order.tags { span.badge { (tag) } }
            }
            @for hold in &order.holds {
                p.notice.refused {
                    "On hold since " (moment::moment(hold.at))
                    @if let Some(reason) = &hold.reason { ": " (reason) }
                }
            }
            @if let Some(cancelled) = &order.cancellation {
                p.notice.refused {
                    "Cancelled " (moment::moment(cancelled.at))
                    @if let Some(reason) = &cancelled.reason { ": " (reason) }
                }
            }
            dl.figures {
                dt { "Placed" } dd { (moment::maybe(order.placed_at)) }
                dt { "Changed" } dd { (moment::moment(order.updated_at)) }
                dt { "Platform" }
                dd {
                    (order.platform)
                    @if let Some(external) = &order.external_id { " · " (external) }
                }
                @if let Some(shipping) = &order.shipping {
                    dt { "Shipping" } dd { (shipping.name) }
                }
                @if let Some(number) = order.invoice_number {
                    dt { "Invoice" } dd { (number) }
                }
            }
        }
    }
}

fn sums(order: &Order, money: &Money<'_>) -> Markup {
    let totals = &order.totals;
    let always = [("Items", totals.items), ("Shipping", totals.shipping)];
    let sometimes = [
        ("Discounts", -totals.discounts),
        ("Tax", totals.tax),
        ("Included tax", totals.included_tax),
    ];
    let moved = [
        ("Captured", totals.captured),
        ("Refunded", totals.refunded),
        ("Credited", totals.credited),
        ("Charged back", totals.charged_back),
    ];
    let row = |(name, amount): (&str, i64)| html! { dt { (name) } dd { (money.written(amount)) } };
    html! {
        section.card {
            h2 { "Money" }
            dl.sums {
                @for sum in always { (row(sum)) }
                @for sum in sometimes { @if sum.1 != 0 { (row(sum)) } }
                dt.total { "Total" } dd.total { (money.written(totals.total)) }
                @for sum in moved { @if sum.1 != 0 { (row(sum)) } }
                dt.total { "To be paid" } dd.total { (money.written(totals.balance_due)) }
            }
        }
    }
}

fn whom(order: &Order) -> Markup {
    html! {
        section.card {
            h2 { "Customer" }
            @match &order.customer {
                Some(customer) => { (person(customer)) }
                None => { p.none { "A guest" } }
            }
            @if let Some(shipping) = &order.shipping_address {
                h3 { "Ships to" }
                (address(shipping))
            }
            @if let Some(billing) = &order.billing_address {
                h3 { "Bill to" }
                (address(billing))
            }
            @if let Some(erased) = order.personal_data_erased_at {
                p.hint { "Personal data was erased " (moment::moment(erased)) "." }
            }
        }
    }
}

fn person(customer: &Customer) -> Markup {
    let known = [&customer.name, &customer.email, &customer.id];
    html! { p { @for text in known.into_iter().flatten() { (text) br; } } }
}

fn address(address: &Address) -> Markup {
    let place = [&address.postal_code, &address.city, &address.region];
    let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
    let place = Some(place.join(" ")).filter(|place| !place.is_empty());
    let rows = [
        &address.name,
        &address.company,
        &address.line1,
        &address.line2,
        &place,
        &address.country,
        &address.phone,
    ];
    html! { p { @for row in rows.into_iter().flatten() { (row) br; } } }
}

fn notes(visit: &Visit, order: &Order) -> Markup {
    html! {
        @if !order.notes.is_empty() {
            section.card {
                h2 { "Notes" }
                @for note in order.notes.iter().rev().take(MOST_NOTES) {
                    p {
                        (note.text) br;
                        span.hint { (visit.who(&note.author)) ", " (moment::moment(note.at)) }
                    }
                }
            }
        }
    }
}
