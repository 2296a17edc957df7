//! Goods on their way out.

use super::offered::{Forms, hidden, send, text};
use crate::pages::orders::one::parts::name_of;
use contracts::order::{Fulfillment, FulfillmentState, Order};
use maud::{Markup, html};

/// Lines that a form has a field for.
pub const MOST: usize = 50;

/// What is in no fulfilment yet.
pub fn fulfill(forms: &Forms<'_>) -> Markup {
    let lines = forms.order.lines.iter();
    let open = lines.map(|line| {
        let open = line.quantity - line.cancelled_quantity - line.fulfilled_quantity;
        (line.id.as_str(), open)
    });
    let open: Vec<_> = open.filter(|(_, open)| *open > 0).collect();
    html! {
        @if !open.is_empty() {
            (forms.boxed("fulfill", "Fulfil", &html! {
                (quantities(forms.order, &open, true))
                (send("Create the fulfilment"))
            }))
        }
    }
}

/// A number of each line, at most as many as are given, which a form begins with where
/// it is `filled`.
pub fn quantities(order: &Order, lines: &[(&str, i64)], filled: bool) -> Markup {
    html! {
        @if lines.len() > MOST {
            p.hint { "The first " (MOST) " lines; others by API." }
        }
        @for (line, most) in lines.iter().take(MOST) {
            @let first = if filled { *most } else { 0 };
            label {
                (name_of(order, line)) ", at most " (most)
                input.small type="number" name={ "quantity." (line) } min="0" max=(most)
                    value=(first);
            }
        }
    }
}

/// What comes next of each fulfilment.
pub fn steps(forms: &Forms<'_>) -> Markup {
    html! {
        @for fulfillment in &forms.order.fulfillments {
            @match fulfillment.status {
                FulfillmentState::Open => { (open(forms, fulfillment)) }
                FulfillmentState::Shipped => {
                    (forms.button(
                        "deliver",
                        &format!("Fulfilment {} was delivered", fulfillment.id),
                        &hidden("fulfillment", &fulfillment.id),
                    ))
                }
                FulfillmentState::Delivered | FulfillmentState::Cancelled => {}
            }
        }
    }
}

fn open(forms: &Forms<'_>, fulfillment: &Fulfillment) -> Markup {
    let id = hidden("fulfillment", &fulfillment.id);
    html! {
        (forms.boxed("ship", &format!("Ship fulfilment {}", fulfillment.id), &html! {
            (id)
            (text("carrier", "Carrier", false))
            (text("tracking_number", "Tracking number", false))
            label { "Where to track it" input type="url" name="tracking_url"; }
            label.inline { input type="checkbox" name="force" value="yes"; "Although it is not paid" }
            (text("reason", "Reason, where it is not paid", false))
            (send("Ship"))
        }))
        (forms.boxed("cancel_fulfillment", &format!("Cancel fulfilment {}", fulfillment.id), &html! {
            (id)
            (text("reason", "Reason", false))
            button.bad type="submit" { "Cancel the fulfilment" }
        }))
    }
}
