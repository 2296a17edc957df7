//! What is offered of an order: what its state allows and the viewer's key is for. The
//! API decides all the same.

use super::{goods, money, returns};
use crate::{Visit, pages::orders::one::path};
use contracts::order::{Kind, Order, OrderStatus};
use maud::{Markup, html};

/// The route that stands for all commands on an order.
const COMMANDS: &str = "/v1/orders/{id}/notes";

/// Forms that lead to commands on an order.
pub struct Forms<'a> {
    visit: &'a Visit,
    /// The order as it is now.
    pub order: &'a Order,
}

impl Forms<'_> {
    /// A form in a box that is opened by its title.
    pub fn boxed(&self, action: &str, title: &str, fields: &Markup) -> Markup {
        html! {
            details.action {
                summary { (title) }
                (self.form(action, "stack", fields))
            }
        }
    }

    /// A form that is a button.
    pub fn button(&self, action: &str, title: &str, fields: &Markup) -> Markup {
        let with_button = html! { (fields) button type="submit" { (title) } };
        self.form(action, "row", &with_button)
    }

    fn form(&self, action: &str, class: &str, fields: &Markup) -> Markup {
        let to = path(self.order.id, &format!("/actions/{action}"));
        let all = html! {
            input type="hidden" name="version" value=(self.order.version.to_string());
            input type="hidden" name="currency" value=(self.order.currency);
            (fields)
        };
        self.visit.form(&to, class, &all)
    }
}

/// A hidden field.
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// A field for one line of text.
pub fn text(name: &str, title: &str, required: bool) -> Markup {
    html! {
        label { (title) input type="text" name=(name) maxlength="2000" required[required]; }
    }
}

/// The button of a form.
pub fn send(title: &str) -> Markup {
    html! { button.primary type="submit" { (title) } }
}

/// Everything that may be done now.
pub fn offer(visit: &Visit, order: &Order) -> Markup {
    if !visit.may("POST", COMMANDS) {
        return html! {};
    }
    let forms = Forms { visit, order };
    let is_live = order.status == OrderStatus::Placed && order.kind == Kind::Order;
    html! {
        section.card {
            h2 { "Actions" }
            @if is_live { (next(&forms)) }
            @if order.kind == Kind::Order && order.status != OrderStatus::Draft {
                (money::refund(&forms))
                (returns::ask(&forms))
                (returns::steps(&forms))
            }
            (always(&forms, is_live))
        }
    }
}

/// What an order that is on its way waits for.
fn next(forms: &Forms<'_>) -> Markup {
    let order = forms.order;
    html! {
        @if !order.confirmed { (forms.button("confirm", "Confirm", &html! {})) }
        (money::capture(forms))
        (goods::fulfill(forms))
        (goods::steps(forms))
        @if order.invoice_number.is_none() {
            (forms.button("invoice", "Issue the invoice", &html! {}))
        }
    }
}

fn always(forms: &Forms<'_>, is_live: bool) -> Markup {
    let order = forms.order;
    html! {
        (forms.boxed("note", "Note", &html! {
            label { "Note" textarea name="text" rows="3" maxlength="2000" required {} }
            (send("Add the note"))
        }))
        (forms.boxed("tag", "Tag", &html! { (text("tag", "Tag", true)) (send("Add the tag")) }))
        @for tag in &order.tags {
            (forms.button("untag", &format!("Take the tag {tag} away"), &hidden("tag", tag)))
        }
        @if is_live {
            (forms.boxed("hold", "Hold", &html! {
                (text("reason", "Reason", true))
                (send("Put on hold"))
            }))
        }
        @for hold in &order.holds {
            (forms.button("release", "Release the hold", &hidden("hold", &hold.id)))
        }
        @if is_live {
            (forms.boxed("cancel", "Cancel", &html! {
                (text("reason", "Reason", true))
                button.bad type="submit" { "Cancel the order" }
            }))
        }
        @if order.archived {
            (forms.button("unarchive", "Take out of the archive", &html! {}))
        } @else if order.status != OrderStatus::Draft {
            (forms.button("archive", "Archive", &html! {}))
        }
    }
}
