//! Changing a placed order.

use super::placing::{NewAddress, NewLine, NewShipping};
use crate::money::Percent;
use crate::text::{Id, Words};
use contracts::order::{AddressKind, Customer};

/// Add a line to a placed order.
#[derive(Debug, Clone)]
pub struct AddLine {
    /// The line.
    pub line: NewLine,
    /// Why.
    pub reason: Option<Words>,
}

/// Change how much of a line is ordered.
#[derive(Debug, Clone)]
pub struct ChangeLine {
    /// Which line.
    pub line: Id,
    /// How many are ordered from now on; as before, if absent.
    pub quantity: Option<i64>,
    /// Discount on the whole line; in proportion, if absent.
    pub discount: Option<i64>,
    /// Tax on the whole line; in proportion, if absent.
    pub tax: Option<i64>,
    /// Why.
    pub reason: Option<Words>,
}

/// Remove a line.
#[derive(Debug, Clone)]
pub struct RemoveLine {
    /// Which line.
    pub line: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Choose another way of shipping.
#[derive(Debug, Clone)]
pub struct ChangeShipping {
    /// The new choice.
    pub shipping: NewShipping,
    /// Why.
    pub reason: Option<Words>,
}

/// How much a discount is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscountValue {
    /// So much, minor units.
    Fixed(i64),
    /// That share of what the goods cost.
    Percent(Percent),
}

/// Grant a discount on a placed order.
#[derive(Debug, Clone)]
pub struct ApplyDiscount {
    /// How much.
    pub value: DiscountValue,
    /// Only on this line.
    pub line: Option<Id>,
    /// A voucher or the like.
    pub code: Option<Id>,
    /// Why.
    pub reason: Option<Words>,
}

/// Take a discount back.
#[derive(Debug, Clone)]
pub struct RemoveDiscount {
    /// Which one.
    pub discount: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Send goods or bill elsewhere.
#[derive(Debug, Clone)]
pub struct ChangeAddress {
    /// Which address.
    pub kind: AddressKind,
    /// The new one.
    pub address: NewAddress,
}

/// Say that a guest's order is that of a customer.
#[derive(Debug, Clone)]
pub struct LinkCustomer {
    /// The platform's own id of the customer.
    pub customer_id: Id,
}

/// Say whose order it is.
#[derive(Debug, Clone)]
pub struct AssignCustomer {
    /// Whose.
    pub customer: Customer,
}
