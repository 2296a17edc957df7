//! Capturing and refunding.

use super::offered::{Forms, hidden, send, text};
use crate::locale::plain_amount;
use contracts::order::{MovementState, Payment, PaymentState, RefundPurpose, ReturnState};
use maud::{Markup, html};

/// What is left to be captured of a payment; a pending capture reserves its amount.
fn capturable(payment: &Payment) -> i64 {
    let pending = payment.captures.iter();
    let pending = pending.filter(|capture| capture.status == MovementState::Pending);
    payment.amount - payment.captured - pending.map(|capture| capture.amount).sum::<i64>()
}

/// Of each payment that has something left; voiding where nothing was captured.
pub fn capture(forms: &Forms<'_>) -> Markup {
    let order = forms.order;
    let open = order.payments.iter().filter(|payment| {
        let open = [PaymentState::Authorized, PaymentState::PartiallyCaptured];
        open.contains(&payment.status) && capturable(payment) > 0
    });
    html! {
        @for payment in open {
            (forms.boxed("capture", &format!("Capture payment {}", payment.id), &html! {
                (hidden("payment", &payment.id))
                (amount(&order.currency, capturable(payment)))
                (send("Capture"))
            }))
            @if payment.status == PaymentState::Authorized && payment.captures.is_empty() {
                (forms.boxed("void", &format!("Void payment {}", payment.id), &html! {
                    (hidden("payment", &payment.id))
                    (text("reason", "Reason", false))
                    button.bad type="submit" { "Void" }
                }))
            }
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
            (forms.boxed("refund", &format!("Refund payment {}", payment.id), &html! {
                (hidden("payment", &payment.id))
                (amount(&order.currency, left(payment)))
                (text("reason", "Reason", true))
                label {
                    "Purpose"
                    select name="purpose" {
                        @for purpose in PURPOSES {
                            option { (purpose.as_str()) }
                        }
                    }
                }
                @if !returns.is_empty() {
                    label {
                        "For the goods of"
                        select name="return" {
                            option value="" { "no return" }
                            @for returned in &returns {
                                option value=(returned.id) { "return " (returned.id) }
                            }
                        }
                    }
                }
                (send("Refund"))
            }))
        }
    }
}

fn amount(currency: &str, most: i64) -> Markup {
    html! {
        label {
            "Amount in " (currency)
            input type="text" name="amount" inputmode="decimal" required
                value=(plain_amount(most, currency));
        }
    }
}
