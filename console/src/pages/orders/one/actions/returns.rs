//! Goods on their way back.

use super::{
    form::send,
    goods::{MOST, quantities},
    offered::Forms,
};
use crate::pages::orders::one::parts::name_of;
use contracts::order::{Return, ReturnState};
use maud::{Markup, html};

/// What was shipped and is in no return yet.
pub fn ask(forms: &Forms<'_>) -> Markup {
    let lines = forms.order.lines.iter();
    let there = lines.map(|line| {
        let there = line.shipped_quantity - line.return_requested_quantity;
        (line.id.as_str(), there)
    });
    let there: Vec<_> = there.filter(|(_, there)| *there > 0).collect();
    let form = forms.of("return");
    html! {
        @if !there.is_empty() {
            (form.boxed("Return", &html! {
                (quantities(&form, &there, false))
                (form.text("reason", "Reason", false))
                (send("Ask for the return"))
            }))
        }
    }
}

/// What comes next of each return.
pub fn steps(forms: &Forms<'_>) -> Markup {
    html! {
        @for returned in &forms.order.returns { (steps_of(forms, returned)) }
    }
}

fn steps_of(forms: &Forms<'_>, returned: &Return) -> Markup {
    let button = |action: &str, title: &str| {
        let form = forms.about(action, ("return", &returned.id));
        form.button(&format!("{title} return {}", returned.id))
    };
    html! {
        @match returned.status {
            ReturnState::Requested => {
                (button("approve", "Approve"))
                (button("decline", "Decline"))
                (button("cancel_return", "Cancel"))
            }
            ReturnState::Approved => {
                (receive(forms, returned))
                (button("cancel_return", "Cancel"))
            }
            ReturnState::Received | ReturnState::Refunded => {
                (receive(forms, returned))
                (button("close", "Close"))
            }
            ReturnState::Declined | ReturnState::Closed | ReturnState::Cancelled => {}
        }
    }
}

fn receive(forms: &Forms<'_>, returned: &Return) -> Markup {
    let lines = returned.lines.iter();
    let open = lines.filter(|line| line.quantity > line.received);
    let open: Vec<_> = open
        .map(|line| (line.line.as_str(), line.quantity - line.received))
        .collect();
    let form = forms.about("receive", ("return", &returned.id));
    html! {
        @if !open.is_empty() {
            (form.boxed(&format!("Receive return {}", returned.id), &html! {
                (quantities(&form, &open, true))
                @for (line, _) in open.iter().take(MOST) {
                    @let name = format!("resellable.{line}");
                    label.inline {
                        input type="checkbox" name=(name) value="yes"
                            checked[!form.value(&name, "yes").is_empty()];
                        (name_of(forms.order, line)) " can be sold again"
                    }
                }
                (send("Receive"))
            }))
        }
    }
}
