//! Goods on their way out.

use super::{
    form::{Form, send},
    offered::Forms,
};
use crate::pages::orders::one::parts::name_of;
use contracts::order::{Fulfillment, FulfillmentState};
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
    let form = forms.of("fulfill");
    html! {
        @if !open.is_empty() {
            (form.boxed("Fulfil", &html! {
                (quantities(&form, &open, true))
                (send("Create the fulfilment"))
            }))
        }
    }
}

/// A number of each line, at most as many as are given, which a form begins with where
/// it is `filled`.
pub fn quantities(form: &Form<'_>, lines: &[(&str, i64)], filled: bool) -> Markup {
    html! {
        @if lines.len() > MOST {
            p.hint { "The first " (MOST) " lines; others by API." }
        }
        @for (line, most) in lines.iter().take(MOST) {
            @let first = if filled { *most } else { 0 };
            @let name = format!("quantity.{line}");
            label {
                (name_of(form.order(), line)) ", at most " (most)
                input.small type="number" name=(name) min="0" max=(most)
                    value=(form.value(&name, &first.to_string()));
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
                    @let form = forms.about("deliver", ("fulfillment", &fulfillment.id));
                    (form.button(&format!("Fulfilment {} was delivered", fulfillment.id)))
                }
                FulfillmentState::Delivered | FulfillmentState::Cancelled => {}
            }
        }
    }
}

fn open(forms: &Forms<'_>, fulfillment: &Fulfillment) -> Markup {
    let part = ("fulfillment", fulfillment.id.as_str());
    let (ship, cancel) = (
        forms.about("ship", part),
        forms.about("cancel_fulfillment", part),
    );
    html! {
        @if forms.order.holds.is_empty() {
            (shipped(&ship, &fulfillment.id))
        } @else {
            p.hint { "Fulfilment " (fulfillment.id) " can be shipped once no hold is on." }
        }
        (cancel.boxed(&format!("Cancel fulfilment {}", fulfillment.id), &html! {
            (cancel.text("reason", "Reason", false))
            button.bad type="submit" { "Cancel the fulfilment" }
        }))
    }
}

fn shipped(ship: &Form<'_>, fulfillment: &str) -> Markup {
    html! {
        (ship.boxed(&format!("Ship fulfilment {fulfillment}"), &html! {
            (ship.text("carrier", "Carrier", false))
            (ship.text("tracking_number", "Tracking number", false))
            label {
                "Where to track it"
                input type="url" name="tracking_url" value=(ship.value("tracking_url", ""));
            }
            label.inline {
                input type="checkbox" name="force" value="yes"
                    checked[!ship.value("force", "").is_empty()];
                "Although it is not paid"
            }
            (ship.text("reason", "Reason, where it is not paid", false))
            (send("Ship"))
        }))
    }
}
