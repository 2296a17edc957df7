//! Drafting, placing, importing: what an order consists of.

use super::past::History;
use crate::country::Country;
use crate::money::{Currency, Price};
use crate::text::{Id, Slug, Text};
use contracts::order::{Address, ChosenQuote, Customer, Kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// Begin to put an order together; it may have no lines yet.
#[derive(Debug, Clone)]
pub struct CreateDraft(pub NewOrder);

/// Change a draft: what is given replaces what it has.
#[derive(Debug, Clone, Default)]
pub struct UpdateDraft {
    /// Who it is for; `Some(None)`: nobody.
    pub customer: Option<Option<Customer>>,
    /// All lines.
    pub lines: Option<Vec<NewLine>>,
    /// Shipping choice; `Some(None)`: none.
    pub shipping: Option<Option<NewShipping>>,
    /// Where the bill goes; `Some(None)`: nowhere.
    pub billing_address: Option<Option<NewAddress>>,
    /// Where the goods go; `Some(None)`: nowhere.
    pub shipping_address: Option<Option<NewAddress>>,
    /// All labels.
    pub tags: Option<Vec<Id>>,
}

/// Place a draft.
#[derive(Debug, Clone)]
pub struct CompleteDraft {
    /// Business time.
    pub placed_at: OffsetDateTime,
}

/// Place an order: binding from now on.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// What it consists of.
    pub order: NewOrder,
    /// Business time.
    pub placed_at: OffsetDateTime,
    /// The return whose goods it replaces: order and return.
    pub exchange_of: Option<(Uuid, Id)>,
}

/// Record an order that was placed elsewhere, and what became of it there.
#[derive(Debug, Clone)]
pub struct ImportOrder {
    /// The order as it was placed there.
    pub order: NewOrder,
    /// Business time.
    pub placed_at: OffsetDateTime,
    /// Sale, credit or adjustment.
    pub kind: Kind,
    /// What already happened to it.
    pub history: History,
}

/// What drafting, placing and importing have in common.
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
    /// Whether the channel's prices contain their tax.
    pub prices_include_tax: bool,
    /// Who it is for.
    pub customer: Option<Customer>,
    /// At least one, but on a draft.
    pub lines: Vec<NewLine>,
    /// How it is shipped.
    pub shipping: Option<NewShipping>,
    /// Where the bill goes.
    pub billing_address: Option<NewAddress>,
    /// Where the goods go.
    pub shipping_address: Option<NewAddress>,
    /// Labels.
    pub tags: Vec<Id>,
    /// Where it is from if no address names a country: the platform's.
    pub country: Option<Country>,
}

/// An address and its country.
#[derive(Debug, Clone)]
pub struct NewAddress {
    /// The address; its country is not looked at.
    pub address: Address,
    /// The country, if it names one.
    pub country: Option<Country>,
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
    /// Tax on the whole line.
    pub tax: i64,
    /// Discount on the whole line.
    pub discount: i64,
}

/// A shipping choice.
#[derive(Debug, Clone)]
pub struct NewShipping {
    /// Code of the method.
    pub method: Id,
    /// Its name.
    pub name: Text,
    /// Charge.
    pub amount: i64,
    /// Tax on the charge.
    pub tax: i64,
    /// The quote that it was chosen by, which was found to promise it.
    pub quote: Option<ChosenQuote>,
}
