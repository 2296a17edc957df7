//! Orders, lines, discounts of a walk: small numbers in four currencies.

use super::{
    arithmetic::exact_amount,
    choices::{Place, any_line},
    dice::Dice,
    model::Model,
};
use crate::{
    money::Price,
    order::{
        OrderCommand,
        command::{
            CreateDraft, History, ImportOrder, NewLine, NewOrder, NewShipping, PastCancellation,
            PastFulfillment, PastPayment, PastRefund, PastReturn, UpdateDraft,
        },
        specification::commands as c,
    },
};
use contracts::order::{Kind, RefundPurpose};
use time::OffsetDateTime;

/// The first command of a walk.
pub fn begin(d: &mut Dice) -> (&'static str, OrderCommand) {
    match d.roll(20) {
        0..=9 => ("Place", place(d)),
        10..=14 => ("CreateDraft", draft(d)),
        _ => ("Import", import(d)),
    }
}

pub fn line(d: &mut Dice, exponent: u32, included: bool) -> NewLine {
    let scale = d.one_of(&[0_u8, 1, 2, 3, 5]);
    let major = 10_i64.pow(u32::from(scale));
    let mantissa = d.roll(20 * major);
    let quantity = match d.roll(60) {
        0 => 0,
        1 => 1_000_000_001,
        _ => 1 + d.roll(6),
    };
    let amount = exact_amount((i128::from(mantissa), u32::from(scale)), quantity, exponent);
    let discount = if d.rarely(3) { d.roll(amount + 1) } else { 0 };
    let discount = if d.rarely(60) { amount + 1 } else { discount };
    let most = if included { amount - discount } else { amount };
    let highest = most / d.one_of(&[1, 3, 9]);
    let tax = if d.rarely(60) {
        -1
    } else {
        d.roll(highest + 1)
    };
    let price = Price::Major { mantissa, scale };
    NewLine {
        tax,
        discount,
        ..c::priced(quantity, price)
    }
}

fn lines(d: &mut Dice, exponent: u32, included: bool) -> Vec<NewLine> {
    let many = if d.rarely(30) { 0 } else { 1 + d.roll(4) };
    (0..many).map(|_| line(d, exponent, included)).collect()
}

fn shipping(d: &mut Dice) -> NewShipping {
    let amount = d.roll(900);
    let tax = d.roll(amount / 5 + 1);
    let amount = if d.rarely(30) { -1 } else { amount };
    c::shipping(amount, tax)
}

fn order(d: &mut Dice) -> NewOrder {
    let currency = d.one_of(&["JPY", "GBP", "BHD", "CLF"]);
    let currency: crate::money::Currency = currency.parse().expect("known");
    let included = d.rarely(2);
    let lines = lines(d, u32::from(currency.exponent()), included);
    NewOrder {
        country: None,
        currency,
        prices_include_tax: included,
        shipping: if d.rarely(2) { Some(shipping(d)) } else { None },
        tags: if d.rarely(3) {
            vec![c::id("b"), c::id("a"), c::id("b")]
        } else {
            Vec::new()
        },
        ..c::order(lines)
    }
}

pub fn place(d: &mut Dice) -> OrderCommand {
    c::place_order(order(d))
}

pub fn draft(d: &mut Dice) -> OrderCommand {
    CreateDraft(order(d)).into()
}

pub fn update(d: &mut Dice, model: &Model) -> OrderCommand {
    UpdateDraft {
        lines: d
            .rarely(2)
            .then(|| lines(d, model.exponent, model.included)),
        shipping: d.rarely(2).then(|| d.rarely(2).then(|| shipping(d))),
        tags: d.rarely(2).then(|| vec![c::id("draft")]),
        ..UpdateDraft::default()
    }
    .into()
}

fn import(d: &mut Dice) -> OrderCommand {
    if d.rarely(12) {
        let credit = vec![c::line(-2, "2.55")];
        return c::import(Kind::Credit, credit);
    }
    let order = order(d);
    let history = history(d, &order);
    c::import_order(order, Kind::Order, history)
}

fn history(d: &mut Dice, order: &NewOrder) -> History {
    let now = Some(OffsetDateTime::UNIX_EPOCH);
    let mut model = Model::default();
    model.begin(order, super::model::Phase::Placed, Kind::Order);
    let amount = model.totals().total.max(1);
    let mut history = History::default();
    if d.rarely(2) {
        let captured = if d.rarely(4) { 0 } else { amount };
        history.payments.push(PastPayment {
            amount,
            captured,
            provider: None,
            reference: None,
            captured_at: now.filter(|_| captured > 0),
        });
    }
    if !history.payments.is_empty() && d.rarely(3) {
        history.refunds.push(PastRefund {
            payment: d.rarely(2).then(|| c::id("p1")),
            amount: d.amount(amount),
            purpose: d.one_of(&[RefundPurpose::Goodwill, RefundPurpose::Cancellation]),
            return_id: None,
            reason: None,
            refunded_at: now,
        });
    }
    if d.rarely(3) {
        history.fulfillments.push(PastFulfillment {
            lines: if d.rarely(3) {
                c::units(&[("l1", 1)])
            } else {
                Vec::new()
            },
            tracking: crate::order::command::NewTracking::default(),
            shipped_at: now.filter(|_| d.rarely(2)),
            delivered_at: now.filter(|_| d.rarely(3)),
        });
        returned(d, amount, &mut history);
    } else if d.rarely(6) {
        history.cancellation = Some(PastCancellation {
            reason: None,
            cancelled_at: now,
        });
    }
    history
}

/// Goods of the first line that came back, and what was given for them.
fn returned(d: &mut Dice, amount: i64, history: &mut History) {
    if !d.rarely(3) {
        return;
    }
    let now = Some(OffsetDateTime::UNIX_EPOCH);
    let units = c::units(&[("l1", 1)]).into_iter();
    history.returns.push(PastReturn {
        lines: units.map(|units| (units, d.rarely(2))).collect(),
        reason: None,
        returned_at: now,
    });
    if d.rarely(2) {
        history.refunds.push(PastRefund {
            payment: None,
            amount: d.amount(amount),
            purpose: d.one_of(&[RefundPurpose::Return, RefundPurpose::Goodwill]),
            return_id: Some(c::id("r1")),
            reason: None,
            refunded_at: now,
        });
    }
}

/// The import that made the order, or another one.
pub fn import_again(d: &mut Dice, place: &Place<'_>) -> OrderCommand {
    let Some(imported) = place.imported.filter(|_| !d.rarely(4)) else {
        return import(d);
    };
    let mut again: ImportOrder = imported.clone();
    again.order.number = format!("{}", d.roll(1_000));
    if d.rarely(4) {
        again.order.lines.push(c::line(1, "3"));
    }
    again.into()
}

pub fn change(d: &mut Dice, model: &Model) -> OrderCommand {
    let id = any_line(d, model);
    let line = model.line(&id);
    let (ordered, least) = line.map_or((1, 1), |l| (l.ordered, l.fulfilled + l.cancelled));
    let quantity = match d.roll(6) {
        0 => None,
        1 => Some(least),
        2 => Some(least - 1),
        3 => Some(ordered + 1 + d.roll(5)),
        _ => Some(1 + d.roll(8)),
    };
    let amount = line.map_or(1, |l| l.amount(model.exponent));
    let discount = if d.rarely(4) {
        Some(d.amount(amount))
    } else {
        None
    };
    let tax = if d.rarely(4) {
        Some(d.amount(amount / 4 + 1))
    } else {
        None
    };
    c::reprice(&id, quantity, discount, tax)
}

pub fn reship(d: &mut Dice, model: &Model) -> OrderCommand {
    match model.shipping {
        Some((amount, tax)) if d.rarely(4) => c::change_shipping(amount, tax),
        _ => {
            let new = shipping(d);
            c::change_shipping(new.amount, new.tax)
        }
    }
}

pub fn discount(d: &mut Dice, model: &Model) -> OrderCommand {
    let line = any_line(d, model);
    let line = if d.rarely(3) {
        Some(line.as_str())
    } else {
        None
    };
    let value = if d.rarely(2) {
        c::percent(d.one_of(&["12.5", "50", "100", "0.0001", "33.3333"]))
    } else {
        c::fixed(d.amount(model.discountable(line) / 2))
    };
    c::discount(value, line)
}
