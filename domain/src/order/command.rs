//! Commands: what may be asked of an order. Values are checked types; what
//! depends on the order or on several values is the decisions' business.

use crate::{
    country::Country,
    money::{Currency, Price},
    text::{Id, Slug, Text, Words},
};
use contracts::order::{Address, Customer, Kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// Any command of an order.
#[derive(Debug, Clone)]
pub enum OrderCommand {
    /// See [`PlaceOrder`].
    Place(Box<PlaceOrder>),
    /// See [`ImportOrder`].
    Import(Box<ImportOrder>),
    /// See [`CancelOrder`].
    Cancel(CancelOrder),
    /// See [`AddNote`].
    AddNote(AddNote),
}

/// Place an order: binding from now on.
#[derive(Debug, Clone)]
pub struct PlaceOrder(pub NewOrder);

/// Record an order that was placed elsewhere.
#[derive(Debug, Clone)]
pub struct ImportOrder {
    /// The order as it was placed there.
    pub order: NewOrder,
    /// Sale, credit or adjustment.
    pub kind: Kind,
}

/// Call the whole order off.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    /// Why.
    pub reason: Option<Words>,
}

/// Write something down on the order.
#[derive(Debug, Clone)]
pub struct AddNote {
    /// What.
    pub text: Words,
}

/// What placing and importing have in common.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// Id that the order will have.
    pub order_id: Uuid,
    /// Number that it will have, if it is made.
    pub number: String,
    /// Sales channel.
    pub platform: Slug,
    /// The channel's own id of the order.
    pub external_id: Option<Id>,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Who it is for.
    pub customer: Option<Customer>,
    /// At least one.
    pub lines: Vec<NewLine>,
    /// How it is shipped.
    pub shipping: Option<NewShipping>,
    /// Where the bill goes.
    pub billing_address: Option<Address>,
    /// Where the goods go.
    pub shipping_address: Option<Address>,
    /// Country of the billing address.
    pub billing_country: Option<Country>,
    /// Country of the shipping address.
    pub shipping_country: Option<Country>,
    /// Labels.
    pub tags: Vec<Id>,
    /// Business time.
    pub placed_at: OffsetDateTime,
}

/// A line as it is ordered.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// Stock keeping unit.
    pub sku: Id,
    /// Name.
    pub name: Text,
    /// How many.
    pub quantity: i64,
    /// Price of one.
    pub unit_price: Price,
    /// Tax on the whole line, minor units.
    pub tax: i64,
    /// Discount on the whole line, minor units.
    pub discount: i64,
}

/// A shipping choice. Amounts in minor units.
#[derive(Debug, Clone)]
pub struct NewShipping {
    /// Code of the method.
    pub method: Id,
    /// Its name.
    pub name: Text,
    /// Charge without tax.
    pub amount: i64,
    /// Tax on the charge.
    pub tax: i64,
}
