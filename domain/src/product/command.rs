//! Commands: what may be asked of a product. Values are checked types as far as
//! they have one; the rest is the decisions' business.

use crate::{
    money::{Currency, Price},
    text::{Id, Slug, Words},
};
use contracts::product::Dimensions;

/// Any command of a product. Giving one twice is giving it once.
#[derive(Debug, Clone)]
pub enum ProductCommand {
    /// Make it, or make it so.
    Save(Box<SaveProduct>),
    /// Change some of it.
    Change(Box<ChangeProduct>),
    /// Say what it costs somewhere.
    SetPrice(NewPrice),
    /// Take a price away.
    RemovePrice(PriceKey),
    /// Take it out of the catalogue.
    Archive,
    /// Bring an archived one back, with its prices.
    Restore,
}

impl From<SaveProduct> for ProductCommand {
    fn from(command: SaveProduct) -> Self {
        Self::Save(Box::new(command))
    }
}

impl From<ChangeProduct> for ProductCommand {
    fn from(command: ChangeProduct) -> Self {
        Self::Change(Box::new(command))
    }
}

/// All of a product. What each member means is told by
/// [`contracts::product::Product`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveProduct {
    /// Which one.
    pub sku: Id,
    /// What it is called.
    pub title: Words,
    /// Weight of one, in grams; none: not known.
    pub weight_grams: Option<i64>,
    /// Size of one, in millimetres; none: not known.
    pub dimensions: Option<Dimensions>,
    /// How it is taxed; none: as usual.
    pub tax_class: Option<Id>,
    /// Whether it goes into a parcel.
    pub requires_shipping: bool,
    /// All its prices; none: those that it has. They often come from somewhere
    /// else than the rest, which is not to take them away.
    pub prices: Option<Vec<NewPrice>>,
}

/// Change a product: what is given replaces what it has, member by member;
/// `Some(None)` takes a member away. All prices are one member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each field is that of `SaveProduct`")]
pub struct ChangeProduct {
    pub title: Option<Words>,
    pub weight_grams: Option<Option<i64>>,
    pub dimensions: Option<Option<Dimensions>>,
    pub tax_class: Option<Option<Id>>,
    pub requires_shipping: Option<bool>,
    pub prices: Option<Vec<NewPrice>>,
}

/// Where a price applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceKey {
    /// On this platform; none: on every one that has no price of its own in
    /// this currency.
    pub platform: Option<Slug>,
    /// In this currency.
    pub currency: Currency,
}

/// What one of a product costs somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPrice {
    /// Where.
    pub key: PriceKey,
    /// Price of one, not negative.
    pub unit_price: Price,
}
