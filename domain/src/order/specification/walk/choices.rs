//! The next command of a walk: mostly one that the model thinks possible.

use super::{
    dice::Dice,
    model::{Line, Model, Payment},
    orders,
};
use crate::{
    order::{
        OrderCommand,
        command::{
            CancelLines, CreateFulfillment, ImportOrder, ReceiveReturn, RefundPayment,
            RequestReturn, Settled, ShipFulfillment,
        },
        specification::commands as c,
    },
    text::Id,
};
use contracts::order::{AddressKind, FulfillmentState, RefundPurpose, ReturnState};
use uuid::Uuid;

/// What a walk has come to.
pub struct Place<'a> {
    pub model: &'a Model,
    pub imported: Option<&'a ImportOrder>,
}

type Choice = fn(&mut Dice, &Place<'_>) -> OrderCommand;

/// Every kind of command, and how often it is chosen.
pub const KINDS: &[(&str, i64, Choice)] = &[
    ("CreateDraft", 1, |d, _| orders::draft(d)),
    ("UpdateDraft", 6, |d, p| orders::update(d, p.model)),
    ("CompleteDraft", 4, |_, _| c::complete()),
    ("Place", 1, |d, _| orders::place(d)),
    ("Import", 2, orders::import_again),
    ("Confirm", 2, |_, _| c::confirm()),
    ("AddLine", 3, |d, p| {
        c::add_line(orders::line(d, p.model.exponent, p.model.included))
    }),
    ("ChangeLine", 7, |d, p| orders::change(d, p.model)),
    ("RemoveLine", 2, |d, p| {
        c::remove_line(&any_line(d, p.model))
    }),
    ("ChangeShipping", 3, |d, p| orders::reship(d, p.model)),
    ("ApplyDiscount", 4, |d, p| orders::discount(d, p.model)),
    ("RemoveDiscount", 2, |d, p| {
        c::remove_discount(&d.part("d", p.model.discounted, |_| true))
    }),
    ("ChangeAddress", 2, |d, _| {
        let kind = d.one_of(&[AddressKind::Billing, AddressKind::Shipping]);
        c::change_address(kind, c::address("Leeds", "GB"))
    }),
    ("AssignCustomer", 2, |_, _| c::assign(c::customer("7"))),
    ("LinkCustomer", 1, |d, _| c::link(d.one_of(&["7", "8"]))),
    ("PlaceHold", 2, |d, _| {
        c::hold(d.one_of(&[None, Some("fraud"), Some("stock")]))
    }),
    ("ReleaseHold", 4, |d, p| {
        let by_id = d.part("h", p.model.holds.len(), |at| p.model.holds[at].on);
        c::release(d.one_of(&[None, None, Some("fraud"), Some(&by_id)]))
    }),
    ("Authorize", 8, authorize),
    ("Capture", 10, capture),
    ("SettleCapture", 6, |d, p| {
        let waits = |at: usize| p.model.captures[at].pending;
        let capture = d.part("c", p.model.captures.len(), waits);
        c::settle_capture(&capture, outcome(d))
    }),
    ("Void", 2, |d, p| {
        c::void(&any_payment(d, p.model, Payment::untouched))
    }),
    ("FailPayment", 2, |d, p| {
        c::fail(&any_payment(d, p.model, Payment::untouched))
    }),
    ("Refund", 12, refund),
    ("SettleRefund", 6, |d, p| {
        let waits = |at: usize| p.model.refunds[at].pending;
        let refund = d.part("rf", p.model.refunds.len(), waits);
        c::settle_refund(&refund, outcome(d))
    }),
    ("GrantCredit", 3, |d, p| {
        let amount = d.amount(p.model.totals().total - p.model.credited);
        let returned = d.part("r", p.model.returns.len(), |_| true);
        c::credit(amount, d.one_of(&[None, None, Some(&returned)]))
    }),
    ("RecordChargeback", 3, |d, p| {
        let payment = any_payment(d, p.model, |payment| {
            payment.captured > payment.charged_back
        });
        let most = of(p.model, &payment, |p| p.captured - p.charged_back);
        c::charge_back(&payment, d.amount(most))
    }),
    ("Fulfill", 9, |d, p| {
        let lines = d.units(&left(p.model, Line::open));
        CreateFulfillment { lines }.into()
    }),
    ("Ship", 10, ship),
    ("UpdateTracking", 2, |d, p| {
        c::track(&fulfillment(d, p.model, FulfillmentState::Shipped))
    }),
    ("Deliver", 6, |d, p| {
        c::deliver(&fulfillment(d, p.model, FulfillmentState::Shipped))
    }),
    ("CancelFulfillment", 2, |d, p| {
        c::unpack(&fulfillment(d, p.model, FulfillmentState::Open))
    }),
    ("Cancel", 1, |_, _| c::cancel()),
    ("CancelLines", 2, |d, p| {
        let lines = d.units(&left(p.model, Line::open));
        CancelLines {
            lines,
            reason: None,
        }
        .into()
    }),
    ("RequestReturn", 8, |d, p| {
        let units = d.units(&left(p.model, |l| l.shipped - l.asked_back));
        let lines = units.into_iter().map(|units| (units, None)).collect();
        RequestReturn {
            lines,
            reason: None,
        }
        .into()
    }),
    ("ApproveReturn", 7, |d, p| {
        c::approve(&returned(d, p.model, &[ReturnState::Requested]))
    }),
    ("DeclineReturn", 2, |d, p| {
        c::decline(&returned(d, p.model, &[ReturnState::Requested]))
    }),
    ("ReceiveReturn", 8, receive),
    ("LinkExchange", 2, |d, p| {
        let order = Uuid::from_u128(d.one_of(&[2, 2, 3]));
        c::exchange(&d.part("r", p.model.returns.len(), |_| true), order)
    }),
    ("CloseReturn", 3, |d, p| {
        c::close(&returned(
            d,
            p.model,
            &[ReturnState::Received, ReturnState::Refunded],
        ))
    }),
    ("CancelReturn", 2, |d, p| {
        c::call_off(&returned(
            d,
            p.model,
            &[ReturnState::Requested, ReturnState::Approved],
        ))
    }),
    ("AddNote", 1, |_, _| c::note()),
    ("RecordErasure", 1, |_, _| c::erasure()),
    ("Tag", 2, |d, _| c::tag(d.one_of(&["a", "b", "c"]))),
    ("Untag", 2, |d, _| c::untag(d.one_of(&["a", "b", "c"]))),
    ("Archive", 1, |_, _| c::archive()),
    ("Unarchive", 1, |_, _| c::unarchive()),
    ("IssueInvoice", 1, |d, _| c::invoice(1 + d.roll(9))),
];

fn outcome(d: &mut Dice) -> Settled {
    d.one_of(&[Settled::Succeeded, Settled::Succeeded, Settled::Failed])
}

pub fn any_line(d: &mut Dice, model: &Model) -> String {
    let lines: Vec<&str> = model.lines.iter().map(|l| l.id.as_str()).collect();
    if lines.is_empty() || d.rarely(20) {
        return "l99".to_owned();
    }
    d.one_of(&lines).to_owned()
}

fn left(model: &Model, of: fn(&Line) -> i64) -> Vec<(String, i64)> {
    model.lines.iter().map(|l| (l.id.clone(), of(l))).collect()
}

fn any_payment(d: &mut Dice, model: &Model, fits: impl Fn(&Payment) -> bool) -> String {
    d.part("p", model.payments.len(), |at| fits(&model.payments[at]))
}

fn of(model: &Model, payment: &str, amount: fn(&Payment) -> i64) -> i64 {
    let at = super::model::index(payment, "p", model.payments.len());
    at.map_or(1, |at| amount(&model.payments[at]))
}

fn authorize(d: &mut Dice, p: &Place<'_>) -> OrderCommand {
    let due = p.model.totals().balance_due.max(1);
    let due = if d.rarely(8) { 2 * due } else { due };
    c::authorize(d.amount(due))
}

fn capture(d: &mut Dice, p: &Place<'_>) -> OrderCommand {
    let payment = any_payment(d, p.model, |p| p.capturable() > 0);
    let amount = d.amount(of(p.model, &payment, Payment::capturable));
    let amount = if d.rarely(5) { None } else { Some(amount) };
    c::taking(&payment, amount, d.rarely(3))
}

fn refund(d: &mut Dice, p: &Place<'_>) -> OrderCommand {
    let payment = any_payment(d, p.model, |p| p.refundable() > 0);
    let most = of(p.model, &payment, Payment::refundable);
    let came_back = [ReturnState::Received, ReturnState::Refunded];
    let can = p.model.returns.iter().any(|r| came_back.contains(&r.state));
    let return_id = if (can && d.rarely(2)) || d.rarely(20) {
        Some(c::id(&returned(d, p.model, &came_back)))
    } else {
        None
    };
    let purpose = match d.roll(12) {
        0 => Some(RefundPurpose::Goodwill),
        1 => Some(RefundPurpose::Return),
        2 => Some(RefundPurpose::Overpayment),
        3 => Some(RefundPurpose::Cancellation),
        _ => None,
    };
    let purpose = match (purpose, &return_id) {
        (None, None) if p.model.overpaid() > 0 => Some(RefundPurpose::Overpayment),
        (purpose, None) => purpose,
        (purpose, Some(_)) => purpose.filter(|_| d.rarely(4)),
    };
    let most = match purpose {
        Some(RefundPurpose::Overpayment | RefundPurpose::Cancellation) => {
            most.min(p.model.overpaid()).max(0)
        }
        _ => most,
    };
    let amount = d.amount(most);
    RefundPayment {
        purpose,
        return_id,
        pending: d.rarely(3),
        ..c::giving_back(&payment, amount)
    }
    .into()
}

fn fulfillment(d: &mut Dice, model: &Model, state: FulfillmentState) -> String {
    let fits = |at: usize| model.fulfillments[at].1 == state;
    d.part("f", model.fulfillments.len(), fits)
}

fn ship(d: &mut Dice, p: &Place<'_>) -> OrderCommand {
    let fulfillment = fulfillment(d, p.model, FulfillmentState::Open);
    let force = d.rarely(4);
    let reason = if d.rarely(4) {
        None
    } else {
        Some(c::words("a friend"))
    };
    ShipFulfillment {
        allow_unpaid: d.rarely(2),
        force,
        reason,
        ..c::shipment(&fulfillment)
    }
    .into()
}

fn returned(d: &mut Dice, model: &Model, states: &[ReturnState]) -> String {
    let fits = |at: usize| states.contains(&model.returns[at].state);
    d.part("r", model.returns.len(), fits)
}

fn receive(d: &mut Dice, p: &Place<'_>) -> OrderCommand {
    let states = [
        ReturnState::Approved,
        ReturnState::Received,
        ReturnState::Refunded,
    ];
    let return_id = returned(d, p.model, &states);
    let expected: Vec<(String, i64)> = p.model.returned(&return_id).map_or(Vec::new(), |r| {
        let lines = r.lines.iter();
        lines
            .map(|(line, asked, received)| (line.clone(), asked - received))
            .collect()
    });
    let units = d.units(&expected);
    let lines = units
        .into_iter()
        .map(|units| (units, d.rarely(2)))
        .collect();
    let return_id: Id = c::id(&return_id);
    ReceiveReturn { return_id, lines }.into()
}
