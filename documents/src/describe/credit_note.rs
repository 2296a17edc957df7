//! Credit notes: what an order came to cost less after its invoice.

use super::parts::{Telling, item, told};
use crate::{
    locale::Words,
    seller::Seller,
    sheet::{Align, Cell, Sheet, Sum, SumWeight, Table, told as with},
    tax::{Rates, Taxed, discounted, quantity, summed},
};
use contracts::order::{Line, MovementState, Order, Refund, RefundPurpose, Totals};
use domain::money::{allocate, prorate};
use std::collections::{HashMap, HashSet};
use time::OffsetDateTime;

/// One event after the invoice by which the order came to cost less.
#[derive(Debug, Clone, Copy)]
pub struct CreditNote<'a> {
    /// The order in the version that recorded the invoice.
    pub issued: &'a Order,
    /// Number of the invoice.
    pub invoice: i64,
    /// When it was issued.
    pub issued_at: OffsetDateTime,
    /// The how manieth such event it is, from 1.
    pub number: usize,
    /// The order before it.
    pub before: &'a Order,
    /// The order after it.
    pub after: &'a Order,
}

/// By how much an order came to cost less from one version to another, in minor
/// units: goods called off, goods given back, goodwill. Nothing for what only
/// moves money.
pub fn credited(before: &Totals, after: &Totals) -> Option<i64> {
    let costs = |totals: &Totals| totals.total - totals.credited;
    Some(costs(before) - costs(after)).filter(|less| *less > 0)
}

/// The credit note as its seller writes it.
pub fn credit_note(note: &CreditNote<'_>, seller: &Seller) -> Sheet {
    // Whose it is, as the invoice says it.
    let telling = Telling::of(note.issued, seller);
    let (words, money) = (telling.locale.words(), &telling.money);
    let invoice = telling.invoice_number(note.invoice);
    let number = format!("{invoice}-C{}", note.number);
    let mut facts = told([
        (words.credit_note_number, Some(number.clone())),
        (
            words.credit_note_date,
            Some(telling.locale.date(note.after.updated_at)),
        ),
        (words.for_invoice, Some(invoice)),
        (words.of_date, Some(telling.locale.date(note.issued_at))),
    ]);
    facts.extend(telling.facts());
    let amount = with(words.amount_in, money.code());
    let mut lines = Table::new([
        (words.item, Align::Wrapped),
        (words.quantity, Align::Right),
        (amount.as_str(), Align::Right),
    ]);
    let credits = telling.credits(note);
    let row = |credit: &Credited| -> Vec<Cell> {
        let quantity = credit
            .quantity
            .map(|quantity| telling.locale.count(quantity));
        let amount = money.amount(credit.amount);
        vec![
            credit.what.clone(),
            quantity.unwrap_or_default().into(),
            amount.into(),
        ]
    };
    lines.rows = credits.iter().map(row).collect();
    let taxed = taxed(note, seller);
    let tax: i64 = taxed.iter().map(|taxed| taxed.tax).sum();
    let total: i64 = credits.iter().map(|credit| credit.amount).sum();
    let mut sums = vec![Sum::new(
        words.total_credited,
        money.with_currency(total),
        SumWeight::Total,
    )];
    if tax != 0 {
        sums.push(Sum::new(
            words.included_tax,
            money.amount(tax),
            SumWeight::Light,
        ));
    }
    Sheet {
        title: words.credit_note.to_owned(),
        number,
        slug: "credit-note",
        facts,
        parties: telling.parties(),
        lines,
        sums,
        taxes: telling.taxes(&taxed),
        notes: Vec::new(),
    }
}

/// A line of a credit note; with tax.
struct Credited {
    what: Cell,
    quantity: Option<i64>,
    amount: i64,
}

impl Telling<'_> {
    /// What the difference is made of: the parts add up to it.
    fn credits(&self, note: &CreditNote<'_>) -> Vec<Credited> {
        let words = self.locale.words();
        let (before, after) = (note.before, note.after);
        let mut credits: Vec<_> = granted(before, after)
            .map(|grant| Credited {
                what: Cell {
                    text: if grant.returned.is_some() {
                        words.goods_returned
                    } else {
                        grant.label(words)
                    }
                    .to_owned(),
                    detail: grant.detail(after),
                },
                quantity: None,
                amount: grant.amount,
            })
            .collect();
        let left: HashMap<_, _> = after.lines.iter().map(|line| (&line.id, line)).collect();
        let off = before.lines.iter().map(|line| {
            let left = left.get(&line.id).copied();
            let amount = gross(before, line) - left.map_or(0, |line| gross(after, line));
            let quantity = quantity(line) - left.map_or(0, quantity);
            Credited {
                what: item(line),
                quantity: Some(quantity).filter(|n| *n != 0),
                amount,
            }
        });
        credits.extend(off.filter(|credit| credit.amount != 0));
        let shipping = shipping(before) - shipping(after);
        let (total, told) = (
            credited(&before.totals, &after.totals).unwrap_or_default(),
            credits.iter().map(|credit| credit.amount).sum::<i64>(),
        );
        let other = total - told - shipping;
        for (label, amount) in [(words.shipping, shipping), (words.order_changed, other)] {
            if amount != 0 {
                credits.push(Credited {
                    what: label.to_owned().into(),
                    quantity: None,
                    amount,
                });
            }
        }
        credits
    }
}

/// The taxes in it: those of what was called off are known; what was granted
/// has tax in it as the goods have that it is for, else as the invoice has.
fn taxed(note: &CreditNote<'_>, seller: &Seller) -> Vec<Taxed> {
    let rates = Rates::of(note.before, &seller.tax_rates);
    let less = |taxed: Taxed| Taxed {
        net: -taxed.net,
        tax: -taxed.tax,
        ..taxed
    };
    let (was, is) = (rates.taxed(note.before), rates.taxed(note.after));
    let invoiced = Rates::of(note.issued, &seller.tax_rates).taxed(note.issued);
    let granted = granted(note.before, note.after).flat_map(|grant| {
        let goods: Vec<_> = grant
            .goods(note.after)
            .map(|(line, count)| rates.pieces(note.after, line, count))
            .collect();
        let is_told = goods.iter().any(|taxed| taxed.gross() != 0);
        proportional(grant.amount, if is_told { &goods } else { &invoiced })
    });
    summed(
        was.into_iter()
            .chain(is.into_iter().map(less))
            .chain(granted),
    )
}

/// An amount with tax, split as the whole is.
fn proportional(amount: i64, whole: &[Taxed]) -> Vec<Taxed> {
    let weights: Vec<_> = whole.iter().map(Taxed::gross).collect();
    let parts = allocate(amount, &weights).unwrap_or_default();
    let part = |(whole, amount): (&Taxed, i64)| {
        let tax = prorate(amount, whole.tax, whole.gross()).unwrap_or_default();
        Taxed {
            rate: whole.rate,
            net: amount - tax,
            tax,
        }
    };
    whole.iter().zip(parts).map(part).collect()
}

/// What was granted without anything being called off.
struct Grant<'a> {
    amount: i64,
    purpose: Option<RefundPurpose>,
    returned: Option<&'a str>,
    reason: Option<&'a str>,
}

impl Grant<'_> {
    const fn label(&self, words: &Words) -> &'static str {
        match (self.returned, self.purpose) {
            (Some(_), _) | (None, Some(RefundPurpose::Return)) => words.goods_returned,
            (None, Some(_)) => words.goodwill,
            (None, None) => words.credit_granted,
        }
    }

    /// The goods that it is for, and how many of each.
    fn goods<'o>(&self, order: &'o Order) -> impl Iterator<Item = (&'o Line, i64)> {
        let of = |id| order.returns.iter().find(|returned| returned.id == id);
        let goods = self.returned.and_then(of);
        let goods = goods.into_iter().flat_map(|returned| &returned.lines);
        goods.filter_map(move |part| {
            let line = order.lines.iter().find(|line| line.id == part.line)?;
            let count = if part.received == 0 {
                part.quantity
            } else {
                part.received
            };
            Some((line, count))
        })
    }

    /// Why, and which goods it is for.
    fn detail(&self, order: &Order) -> Vec<String> {
        let goods = self.goods(order);
        let goods = goods.map(|(line, count)| format!("{count} × {}", item(line).text));
        goods.chain(self.reason.map(str::to_owned)).collect()
    }
}

/// Refunds that came to be done, and credits that were granted.
fn granted<'a>(before: &'a Order, after: &'a Order) -> impl Iterator<Item = Grant<'a>> {
    let done = |refund: &&Refund| refund.status == MovementState::Succeeded;
    let credits = |refund: &&Refund| {
        matches!(
            refund.purpose,
            RefundPurpose::Return | RefundPurpose::Goodwill
        )
    };
    let were_done = before.refunds.iter().filter(done);
    let were_done: HashSet<_> = were_done.map(|refund| &refund.id).collect();
    let refunds = after.refunds.iter().filter(done).filter(credits);
    let refunds = refunds
        .filter(move |refund| !were_done.contains(&refund.id))
        .map(|refund| Grant {
            amount: refund.amount,
            purpose: Some(refund.purpose),
            returned: refund.return_id.as_deref(),
            reason: refund.reason.as_deref(),
        });
    let had: HashSet<_> = before.credits.iter().map(|credit| &credit.id).collect();
    let credits = after.credits.iter();
    let credits = credits.filter(move |credit| !had.contains(&credit.id));
    refunds.chain(credits.map(|credit| Grant {
        amount: credit.amount,
        purpose: None,
        returned: credit.return_id.as_deref(),
        reason: credit.reason.as_deref(),
    }))
}

/// What a line costs with its tax.
fn gross(order: &Order, line: &Line) -> i64 {
    let added = if order.prices_include_tax {
        0
    } else {
        line.tax
    };
    discounted(line) + added
}

/// What shipping costs with its tax, as far as the totals have it.
fn shipping(order: &Order) -> i64 {
    let lines: i64 = order.lines.iter().map(|line| line.tax).sum();
    let added = if order.prices_include_tax {
        0
    } else {
        order.totals.tax - lines
    };
    order.totals.shipping + added
}
