//! What is offered of an order: what its state allows and the viewer's key is for. The
//! API decides all the same.

use super::{
    form::{Form, Typed, send},
    goods, money, returns,
};
use crate::{Visit, pages::orders::one::path};
use contracts::order::{FulfillmentState, Kind, Order, OrderStatus, ReturnState};
use maud::{Markup, html};

/// The route that stands for all commands on an order.
const COMMANDS: &str = "/v1/orders/{id}/notes";

/// Forms that lead to commands on an order.
pub struct Forms<'a> {
    /// Whose.
    pub visit: &'a Visit,
    /// The order as it is now.
    pub order: &'a Order,
    /// What was refused, and stays in its form.
    pub typed: Option<Typed<'a>>,
}

impl Forms<'_> {
    /// The form of an action on the order as a whole.
    pub fn of<'a>(&'a self, action: &'a str) -> Form<'a> {
        Form::new(self, action, None)
    }

    /// The form of an action on a part of it, by the field that names the part.
    pub fn about<'a>(&'a self, action: &'a str, part: (&'a str, &'a str)) -> Form<'a> {
        Form::new(self, action, Some(part))
    }
}

/// Whether they may do anything to orders.
pub fn may_act(visit: &Visit) -> bool {
    visit.may("POST", COMMANDS)
}

/// Everything that may be done now. What was `typed` and refused is filled in anew.
pub fn offer(visit: &Visit, order: &Order, typed: Option<Typed<'_>>) -> Markup {
    if !may_act(visit) {
        return html! {};
    }
    let forms = Forms {
        visit,
        order,
        typed,
    };
    let is_sale = order.kind == Kind::Order;
    let is_draft = order.status == OrderStatus::Draft;
    let is_live = is_sale && order.status == OrderStatus::Placed;
    html! {
        section.card {
            h2 { "Actions" }
            // The module shows it where it leaves a form as somebody is filling it in.
            p.notice.warm data-stale role="status" hidden {
                "The order has changed since: what is sent from here is refused. "
                a href=(path(order.id, "")) { "Load the actions anew" }
            }
            // It has to have something in it.
            @if is_sale && is_draft && !order.lines.is_empty() {
                (forms.of("complete").button("Place the order"))
            }
            @if is_live { (next(&forms)) }
            @if is_sale && !is_draft {
                (money::void(&forms))
                (money::refund(&forms))
                @if is_live { (returns::ask(&forms)) }
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
        @if !order.confirmed { (forms.of("confirm").button("Confirm")) }
        (money::capture(forms))
        (goods::fulfill(forms))
        (goods::steps(forms))
        @if order.invoice_number.is_none() {
            (forms.of("invoice").button("Issue the invoice"))
        }
    }
}

fn always(forms: &Forms<'_>, is_live: bool) -> Markup {
    let order = forms.order;
    html! {
        (note(&forms.of("note")))
        (tag(&forms.of("tag")))
        @for tag in &order.tags {
            (forms.about("untag", ("tag", tag)).button(&format!("Take the tag {tag} away")))
        }
        @if is_live { (hold(&forms.of("hold"))) }
        @for hold in &order.holds {
            (forms.about("release", ("hold", &hold.id)).button("Release the hold"))
        }
        @if may_be_cancelled(order) { (cancel(&forms.of("cancel"))) }
        @if order.archived {
            (forms.of("unarchive").button("Take out of the archive"))
        } @else if order.status != OrderStatus::Draft {
            (forms.of("archive").button("Archive"))
        }
    }
}

/// Whether it can be called off as a whole, a draft too: no goods are packed or gone, and
/// none are on their way back.
fn may_be_cancelled(order: &Order) -> bool {
    let over = [
        ReturnState::Declined,
        ReturnState::Closed,
        ReturnState::Cancelled,
    ];
    let mut parcels = order.fulfillments.iter();
    let mut returns = order.returns.iter();
    order.kind == Kind::Order
        && order.status != OrderStatus::Cancelled
        && parcels.all(|parcel| parcel.status == FulfillmentState::Cancelled)
        && returns.all(|returned| over.contains(&returned.status))
}

fn note(form: &Form<'_>) -> Markup {
    let text = html! {
        label {
            "Note"
            textarea name="text" rows="3" maxlength="2000" required { (form.value("text", "")) }
        }
        (send("Add the note"))
    };
    form.boxed("Note", &text)
}

fn tag(form: &Form<'_>) -> Markup {
    let fields = html! { (form.text("tag", "Tag", true)) (send("Add the tag")) };
    form.boxed("Tag", &fields)
}

fn hold(form: &Form<'_>) -> Markup {
    let fields = html! { (form.text("reason", "Reason", true)) (send("Put on hold")) };
    form.boxed("Hold", &fields)
}

fn cancel(form: &Form<'_>) -> Markup {
    let fields = html! {
        (form.text("reason", "Reason", true))
        button.bad type="submit" { "Cancel the order" }
    };
    form.boxed("Cancel", &fields)
}
