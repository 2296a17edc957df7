//! Capturing, voiding and refunding.

use super::{
    form::{Form, send},
    offered::Forms,
};
use crate::locale::plain_amount;
use contracts::order::{MovementState, Payment, PaymentState, RefundPurpose, Return, ReturnState};
use maud::{Markup, html};

/// What is left to be captured of a payment; a pending capture reserves its amount.
fn capturable(payment: &Payment) -> i64 {
    let pending = payment.captures.iter();
    let pending = pending.filter(|capture| capture.status == MovementState::Pending);
    payment.amount - payment.captured - pending.map(|capture| capture.amount).sum::<i64>()
}

/// Of each payment that has something left.
pub fn capture(forms: &Forms<'_>) -> Markup {
    let order = forms.order;
    let open = order.payments.iter().filter(|payment| {
        let open = [PaymentState::Authorized, PaymentState::PartiallyCaptured];
        open.contains(&payment.status) && capturable(payment) > 0
    });
    html! {
        @for payment in open {
            @let form = forms.about("capture", ("payment", &payment.id));
            (form.boxed(&format!("Capture payment {}", payment.id), &html! {
                (amount(&form, capturable(payment)))
                (send("Capture"))
            }))
        }
    }
}

/// Of each payment of which nothing was captured, also of a cancelled order: not every
/// platform has that done by itself.
pub fn void(forms: &Forms<'_>) -> Markup {
    let untouched = forms.order.payments.iter().filter(|payment| {
        payment.status == PaymentState::Authorized && payment.captures.is_empty()
    });
    html! {
        @for payment in untouched {
            @let form = forms.about("void", ("payment", &payment.id));
            (form.boxed(&format!("Void payment {}", payment.id), &html! {
                (form.text("reason", "Reason", false))
                button.bad type="submit" { "Void" }
            }))
        }
    }
}

/// What a refund is for that is for no return.
const PURPOSES: [RefundPurpose; 3] = [
    RefundPurpose::Goodwill,
    RefundPurpose::Overpayment,
    RefundPurpose::Cancellation,
];

/// Of each payment that was captured and not given back.
pub fn refund(forms: &Forms<'_>) -> Markup {
    let order = forms.order;
    let left = |payment: &Payment| payment.captured - payment.refunded - payment.charged_back;
    let came_back = [ReturnState::Received, ReturnState::Refunded];
    let returns = order.returns.iter();
    let returns: Vec<_> = returns
        .filter(|one| came_back.contains(&one.status))
        .collect();
    html! {
        @for payment in order.payments.iter().filter(|payment| left(payment) > 0) {
            @let form = forms.about("refund", ("payment", &payment.id));
            (form.boxed(&format!("Refund payment {}", payment.id), &html! {
                (amount(&form, left(payment)))
                (form.text("reason", "Reason", true))
                (what_for(&form, &returns))
                (send("Refund"))
            }))
        }
    }
}

fn what_for(form: &Form<'_>, returns: &[&Return]) -> Markup {
    let (chosen, for_goods) = (form.value("purpose", ""), form.value("return", ""));
    html! {
        label {
            "Purpose"
            select name="purpose" {
                @for purpose in PURPOSES {
                    option selected[chosen == purpose.as_str()] { (purpose.as_str()) }
                }
            }
        }
        @if !returns.is_empty() {
            label {
                "For the goods of"
                select name="return" {
                    option value="" { "no return" }
                    @for returned in returns {
                        option value=(returned.id) selected[for_goods == returned.id] {
                            "return " (returned.id)
                        }
                    }
                }
            }
        }
    }
}

fn amount(form: &Form<'_>, most: i64) -> Markup {
    let currency = &form.order().currency;
    html! {
        label {
            "Amount in " (currency)
            input type="text" name="amount" inputmode="decimal" required
                value=(form.value("amount", &plain_amount(most, currency)));
        }
    }
}
