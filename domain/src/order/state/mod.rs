//! The order's state, folded from its events: what the decisions need to
//! know, and no more.

mod evolve;
mod fold_goods;
mod fold_money;
mod parts;

pub use evolve::evolve;
pub use parts::{
    Capture, Counters, Delivery, Holding, LineState, Money, PaymentEnd, Refund, ReturnState,
    ReturnedLine,
};

use super::{
    event::OrderEvent,
    rejection::{Part, Rejection},
};
use crate::{ids, money::Currency};
use contracts::{
    order::{Discount, Kind, OrderPersonal, Shipping, Snapshot},
    personal::Personal,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// An order. The default is one that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Order {
    /// What it is; none before its first event.
    pub head: Option<Head>,
    /// Where it stands.
    pub stage: Stage,
    /// Whether it was confirmed.
    pub confirmed: bool,
    /// Whether it is out of the way.
    pub archived: bool,
    /// Lines with their counters.
    pub lines: Vec<LineState>,
    /// Shipping choice.
    pub shipping: Option<Shipping>,
    /// Discounts as they stand.
    pub discounts: Vec<Discount>,
    /// Payments, oldest first.
    pub payments: Vec<Money>,
    /// Captures that wait for their outcome.
    pub captures: Vec<Capture>,
    /// Refunds that wait for their outcome.
    pub refunds: Vec<Refund>,
    /// Value of returned goods and goodwill, minor units.
    pub credited: i64,
    /// Fulfilments, oldest first.
    pub fulfillments: Vec<Delivery>,
    /// Returns, oldest first.
    pub returns: Vec<ReturnState>,
    /// Holds that are on.
    pub holds: Vec<Holding>,
    /// Labels.
    pub tags: BTreeSet<String>,
    /// Number of its invoice.
    pub invoice_number: Option<i64>,
    /// How many parts of each kind were ever made, for their ids.
    pub counters: Counters,
    /// The content of a draft, to which changes are made.
    pub draft: Option<Box<DraftContent>>,
    /// The events of its import, with which another import is compared.
    pub import: Vec<OrderEvent>,
    /// How many events of its import are still to come.
    pub import_left: u32,
}

/// What an order is, apart from what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Order id.
    pub order_id: Uuid,
    /// Number for people.
    pub number: String,
    /// Sales channel.
    pub platform: String,
    /// Sale, credit or adjustment.
    pub kind: Kind,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Whether prices contain their tax.
    pub prices_include_tax: bool,
    /// The platform's own id of the customer.
    pub customer_id: Option<String>,
    /// Country of the shipping address.
    pub shipping_country: Option<String>,
    /// Country of the billing address.
    pub billing_country: Option<String>,
}

/// All of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftContent {
    /// What everybody may see.
    pub snapshot: Snapshot,
    /// Personal data.
    pub personal: Option<Personal<OrderPersonal>>,
}

/// The order axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Stage {
    /// There is no such order.
    #[default]
    Absent,
    /// Being put together.
    Draft,
    /// Binding.
    Placed,
    /// Called off.
    Cancelled,
}

impl Order {
    /// What it is.
    ///
    /// # Errors
    /// `order_not_found`.
    pub fn head(&self) -> Result<&Head, Rejection> {
        self.head.as_ref().ok_or(Rejection::OrderNotFound)
    }

    /// An order with money and goods: not a draft, not an imported credit or
    /// adjustment. It may be cancelled.
    pub fn sale(&self) -> Result<&Head, Rejection> {
        let head = self.head()?;
        if head.kind != Kind::Order {
            return Err(Rejection::NotForKind { kind: head.kind });
        }
        if self.stage == Stage::Draft {
            return Err(Rejection::OrderIsDraft);
        }
        Ok(head)
    }

    /// A sale that is not cancelled.
    pub fn live_sale(&self) -> Result<&Head, Rejection> {
        let head = self.sale()?;
        if self.stage == Stage::Cancelled {
            return Err(Rejection::OrderIsCancelled);
        }
        Ok(head)
    }

    /// A live sale of which nothing is fulfilled: editing closes with the
    /// first fulfilment.
    pub fn editable(&self) -> Result<&Head, Rejection> {
        let head = self.live_sale()?;
        let live = self.live_fulfillments();
        if live.is_empty() {
            Ok(head)
        } else {
            Err(Rejection::EditingClosed { fulfillments: live })
        }
    }

    /// Ids of the fulfilments that were not cancelled.
    pub fn live_fulfillments(&self) -> Vec<String> {
        let live = self.fulfillments.iter().filter(|f| f.is_live());
        live.map(|f| f.id.clone()).collect()
    }

    /// Whose key seals the order's personal data: that of its customer, else
    /// its own. None for an order that does not exist.
    pub fn subject(&self) -> Option<Uuid> {
        let head = self.head.as_ref()?;
        Some(match &head.customer_id {
            Some(id) => ids::subject_of_customer(&head.platform, id),
            None => head.order_id,
        })
    }

    /// The line with this id, as a body names it at `pointer`.
    pub fn line(&self, id: &str, pointer: Option<String>) -> Result<&LineState, Rejection> {
        let line = self.lines.iter().find(|l| l.line.id == id);
        line.ok_or_else(|| Rejection::no_such(Part::Line, id, pointer))
    }

    /// The payment with this id.
    pub fn payment(&self, id: &str, pointer: Option<String>) -> Result<&Money, Rejection> {
        let payment = self.payments.iter().find(|p| p.id == id);
        payment.ok_or_else(|| Rejection::no_such(Part::Payment, id, pointer))
    }

    /// The fulfilment with this id.
    pub fn fulfillment(&self, id: &str) -> Result<&Delivery, Rejection> {
        let fulfillment = self.fulfillments.iter().find(|f| f.id == id);
        fulfillment.ok_or_else(|| Rejection::no_such(Part::Fulfillment, id, None))
    }

    /// The return with this id.
    pub fn returned(&self, id: &str, pointer: Option<String>) -> Result<&ReturnState, Rejection> {
        let returned = self.returns.iter().find(|r| r.id == id);
        returned.ok_or_else(|| Rejection::no_such(Part::Return, id, pointer))
    }
}
