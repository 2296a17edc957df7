//! The accounts that the model keeps: sums of the commands that were
//! accepted, never of the order's own state or events.

use super::arithmetic::{exact_amount, share_of};
use crate::order::command::{DiscountValue, NewLine};
use contracts::order::{FulfillmentState, Kind, RefundPurpose, ReturnState};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What the model thinks that a command leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Stored,
    Unchanged,
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    #[default]
    Absent,
    Draft,
    Placed,
    Cancelled,
}

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub phase: Phase,
    pub kind: Option<Kind>,
    pub exponent: u32,
    pub included: bool,
    pub confirmed: bool,
    pub archived: bool,
    pub lines: Vec<Line>,
    /// Lines there ever were.
    pub numbered: usize,
    pub shipping: Option<(i64, i64)>,
    pub discounts: Vec<Discount>,
    pub discounted: usize,
    pub payments: Vec<Payment>,
    pub captures: Vec<Movement>,
    pub refunds: Vec<Movement>,
    pub credited: i64,
    pub credits: usize,
    pub chargebacks: usize,
    pub fulfillments: Vec<(Vec<(String, i64)>, FulfillmentState)>,
    pub returns: Vec<Return>,
    pub holds: Vec<Hold>,
    pub tags: BTreeSet<String>,
    pub notes: usize,
    pub invoice: Option<i64>,
    pub customer: Option<String>,
    /// The import that made it, in words.
    pub imported: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    /// 10^−scale of major units.
    pub price: (i128, u32),
    pub ordered: i64,
    pub cancelled: i64,
    pub fulfilled: i64,
    pub shipped: i64,
    pub delivered: i64,
    pub asked_back: i64,
    pub came_back: i64,
    pub discount: i64,
    pub tax: i64,
    /// Discount and tax as they were last given, and for how many units.
    pub given_discount: (i64, i64),
    pub given_tax: (i64, i64),
}

#[derive(Debug, Clone)]
pub struct Discount {
    pub id: String,
    pub line: Option<String>,
    pub value: DiscountValue,
    pub amount: i64,
    /// By line, those that are not 0.
    pub shares: Vec<(String, i64)>,
}

#[derive(Debug, Clone, Default)]
pub struct Payment {
    pub authorized: i64,
    pub captured: i64,
    pub capturing: i64,
    pub refunded: i64,
    pub refunding: i64,
    pub charged_back: i64,
    pub voided: bool,
    pub failed: bool,
}

/// A capture or a refund.
#[derive(Debug, Clone)]
pub struct Movement {
    pub payment: usize,
    pub amount: i64,
    pub purpose: RefundPurpose,
    pub for_return: Option<usize>,
    pub pending: bool,
    pub succeeded: bool,
}

#[derive(Debug, Clone)]
pub struct Return {
    /// Line, asked for, received.
    pub lines: Vec<(String, i64, i64)>,
    pub state: ReturnState,
    pub exchange: Option<Uuid>,
    pub refunded: i64,
    pub credited: i64,
}

#[derive(Debug, Clone)]
pub struct Hold {
    pub handle: Option<String>,
    pub on: bool,
}

impl Line {
    pub fn new(id: String, new: &NewLine) -> Self {
        let price = match new.unit_price {
            crate::money::Price::Major { mantissa, scale } => {
                shortest(i128::from(mantissa), u32::from(scale))
            }
            crate::money::Price::Minor(_) => panic!("walks price in major units"),
        };
        Self {
            id,
            price,
            ordered: new.quantity,
            cancelled: 0,
            fulfilled: 0,
            shipped: 0,
            delivered: 0,
            asked_back: 0,
            came_back: 0,
            discount: new.discount,
            tax: new.tax,
            given_discount: (new.discount, new.quantity),
            given_tax: (new.tax, new.quantity),
        }
    }

    pub const fn live(&self) -> i64 {
        self.ordered - self.cancelled
    }

    pub const fn open(&self) -> i64 {
        self.live() - self.fulfilled
    }

    pub fn amount(&self, exponent: u32) -> i64 {
        exact_amount(self.price, self.live(), exponent)
    }

    /// Discount and tax go with the number of units.
    pub fn rescale(&mut self, exponent: u32, included: bool) {
        let (amount, live) = (self.amount(exponent), self.live());
        self.discount = share_of(self.given_discount, live).min(amount);
        self.tax = share_of(self.given_tax, live);
        if included {
            self.tax = self.tax.min(amount - self.discount);
        }
    }

    /// What was given counts from now on, unless it is the share anyway.
    pub fn give(&mut self, exponent: u32, included: bool) {
        let live = self.live();
        let mut share = self.clone();
        share.rescale(exponent, included);
        if live > 0 && share.discount != self.discount {
            self.given_discount = (self.discount, live);
        }
        if live > 0 && share.tax != self.tax {
            self.given_tax = (self.tax, live);
        }
    }
}

impl Payment {
    pub const fn ended(&self) -> bool {
        self.voided || self.failed
    }

    pub const fn capturable(&self) -> i64 {
        if self.ended() {
            return 0;
        }
        self.authorized - self.captured - self.capturing
    }

    pub fn refundable(&self) -> i64 {
        let given_back = self.refunded + self.charged_back + self.refunding;
        (self.captured - given_back).max(0)
    }

    pub const fn untouched(&self) -> bool {
        self.captured == 0 && self.capturing == 0 && !self.ended()
    }
}

impl Return {
    pub const fn is_open(&self) -> bool {
        !matches!(
            self.state,
            ReturnState::Declined | ReturnState::Cancelled | ReturnState::Closed
        )
    }
}

impl Model {
    pub fn is_sale(&self) -> bool {
        self.kind == Some(Kind::Order) && matches!(self.phase, Phase::Placed | Phase::Cancelled)
    }

    pub fn is_live_sale(&self) -> bool {
        self.is_sale() && self.phase == Phase::Placed
    }

    pub fn is_editable(&self) -> bool {
        let live = |(_, state): &(_, FulfillmentState)| *state != FulfillmentState::Cancelled;
        self.is_live_sale() && !self.fulfillments.iter().any(live)
    }

    pub fn line(&self, id: &str) -> Option<&Line> {
        self.lines.iter().find(|l| l.id == id)
    }

    pub fn line_mut(&mut self, id: &str) -> &mut Line {
        let line = self.lines.iter_mut().find(|l| l.id == id);
        line.expect("the model accepted a line it has not")
    }
}

/// A decimal without zeros at its end.
const fn shortest(mut mantissa: i128, mut scale: u32) -> (i128, u32) {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    (mantissa, scale)
}

/// Index of the part that `prefix` and a number from 1 name, of `many`.
pub fn index(id: &str, prefix: &str, many: usize) -> Option<usize> {
    let number: usize = id.strip_prefix(prefix)?.parse().ok()?;
    (1..=many).contains(&number).then(|| number - 1)
}
