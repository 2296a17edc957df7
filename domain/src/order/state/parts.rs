//! Parts of the state. Amounts in minor units.

use crate::{
    money::{self, Overflow},
    order::pricing::Amounts,
};
use contracts::order::{
    FulfillmentState, LineQuantity, OrderedLine, RefundTerms, ReturnState as ReturnStep,
};
use serde::{Deserialize, Serialize};

/// A line and what became of it. Its amounts are those of what is not
/// cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineState {
    /// As ordered.
    pub line: OrderedLine,
    /// Discount that was last given, and for how many units.
    pub discount_rate: Rate,
    /// Tax that was last given, and for how many units.
    pub tax_rate: Rate,
    /// Called off.
    pub cancelled: i64,
    /// In a fulfilment that was not cancelled.
    pub fulfilled: i64,
    /// Of them shipped.
    pub shipped: i64,
    /// Of them delivered.
    pub delivered: i64,
    /// Of the shipped ones, asked to come back, or came back.
    pub return_requested: i64,
    /// Of them, came back.
    pub returned: i64,
}

/// An amount for so many units of a line. Each proportion is taken from the
/// amount that was given, never from another proportion: a line that shrinks
/// and grows again costs what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Minor units.
    pub amount: i64,
    /// How many.
    pub units: i64,
}

impl Rate {
    /// The amount for `units`, rounded half to even.
    ///
    /// # Errors
    /// [`Overflow`] where it does not fit.
    pub fn of(self, units: i64) -> Result<i64, Overflow> {
        money::prorate(self.amount, units, self.units)
    }
}

impl LineState {
    /// A line nothing has happened to.
    pub const fn new(line: OrderedLine) -> Self {
        let units = line.quantity;
        let discount = Rate {
            amount: line.discount,
            units,
        };
        let tax = Rate {
            amount: line.tax,
            units,
        };
        Self {
            line,
            discount_rate: discount,
            tax_rate: tax,
            cancelled: 0,
            fulfilled: 0,
            shipped: 0,
            delivered: 0,
            return_requested: 0,
            returned: 0,
        }
    }

    /// Takes discount and tax over: what is not `in_proportion` was given, and
    /// proportions go by it from now on. Nothing is learnt from what is
    /// charged for no units.
    pub fn rate(&mut self, discount: i64, tax: i64, in_proportion: Option<Amounts>) {
        let units = self.live();
        self.line.discount = discount;
        self.line.tax = tax;
        if units == 0 {
            return;
        }
        let given = |amount| Rate { amount, units };
        if in_proportion.is_none_or(|p| p.discount != discount) {
            self.discount_rate = given(discount);
        }
        if in_proportion.is_none_or(|p| p.tax != tax) {
            self.tax_rate = given(tax);
        }
    }

    /// What is not cancelled.
    pub const fn live(&self) -> i64 {
        self.line.quantity - self.cancelled
    }

    /// What can still be fulfilled, or called off.
    pub const fn open(&self) -> i64 {
        self.live() - self.fulfilled
    }

    /// What can still be returned.
    pub const fn returnable(&self) -> i64 {
        self.shipped - self.return_requested
    }
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// `p1`, `p2`, …
    pub id: String,
    /// What may be captured.
    pub authorized: i64,
    /// Captured.
    pub captured: i64,
    /// Captures that wait for their outcome.
    pub capturing: i64,
    /// Given back.
    pub refunded: i64,
    /// Refunds that wait for their outcome.
    pub refunding: i64,
    /// Taken back by the customer's bank.
    pub charged_back: i64,
    /// Given up, or refused by the provider.
    pub ended: Option<PaymentEnd>,
}

/// How a payment ended before anything was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentEnd {
    /// Given up.
    Voided,
    /// Refused.
    Failed,
}

impl Money {
    /// What can still be captured: authorised − captured − reserved.
    pub const fn capturable(&self) -> i64 {
        match self.ended {
            Some(_) => 0,
            None => self.authorized - self.captured - self.capturing,
        }
    }

    /// What can still be given back: captured − refunded − charged back −
    /// reserved.
    pub const fn refundable(&self) -> i64 {
        let left = self.captured - self.refunded - self.charged_back - self.refunding;
        if left < 0 { 0 } else { left }
    }
}

/// A capture that waits for its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// `c1`, `c2`, …
    pub id: String,
    /// Of which payment.
    pub payment: String,
    /// How much.
    pub amount: i64,
}

/// A refund that waits for its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// `rf1`, `rf2`, …
    pub id: String,
    /// Of what, and what for.
    pub terms: RefundTerms,
}

/// A fulfilment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// `f1`, `f2`, …
    pub id: String,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
    /// Where it stands.
    pub state: FulfillmentState,
}

impl Delivery {
    /// Not cancelled.
    pub fn is_live(&self) -> bool {
        self.state != FulfillmentState::Cancelled
    }
}

/// A return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnState {
    /// `r1`, `r2`, …
    pub id: String,
    /// What is to come back.
    pub lines: Vec<ReturnedLine>,
    /// Where it stands.
    pub state: ReturnStep,
    /// The order that replaces its goods.
    pub exchange: Option<uuid::Uuid>,
}

impl ReturnState {
    /// Neither refused nor called off nor done.
    pub const fn is_open(&self) -> bool {
        !matches!(
            self.state,
            ReturnStep::Declined | ReturnStep::Cancelled | ReturnStep::Closed
        )
    }
}

/// A line of a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedLine {
    /// Id of the line.
    pub line: String,
    /// How many are to come back.
    pub quantity: i64,
    /// How many came back.
    pub received: i64,
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// `h1`, `h2`, …
    pub id: String,
    /// The caller's own name for it.
    pub handle: Option<String>,
}

/// How many parts of each kind an order ever had; each field counts what it
/// names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    pub lines: u32,
    pub discounts: u32,
    pub holds: u32,
    pub payments: u32,
    pub captures: u32,
    pub refunds: u32,
    pub credits: u32,
    pub chargebacks: u32,
    pub fulfillments: u32,
    pub returns: u32,
    pub notes: u32,
}
