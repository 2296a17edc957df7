//! What orders are made of: values that events and documents share.

use super::status::RefundPurpose;
use crate::personal::{ERASED, Erasable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A unit price exactly as given: an integer in minor units, or a decimal
/// string in MAJOR units where it has more digits than the currency
/// (`"0.125"` GBP is 12.5 pence).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(untagged)]
pub enum UnitPrice {
    /// Minor units.
    Minor(i64),
    /// Decimal, major units.
    Major(String),
}

/// Derives what every published value has.
macro_rules! values {
    ($($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* })+) => {
        $(
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
            $(#[$meta])*
            pub struct $name { $($body)* }
        )+
    };
}
pub(super) use values;

/// Derives what every payload of an event has.
macro_rules! payloads {
    ($($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* })+) => {
        $(
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
            $(#[$meta])*
            pub struct $name { $($body)* }
        )+
    };
}
pub(super) use payloads;

values! {
    /// Who an order is for. Personal data but for the id.
    #[derive(Default)]
    pub struct Customer {
        /// The platform's own id of the customer; not personal by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub id: Option<String>,
        /// Full name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// Email address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub email: Option<String>,
    }

    /// A postal address as given. Everything but the country is personal data.
    #[derive(Default)]
    pub struct Address {
        /// Recipient.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// Company.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub company: Option<String>,
        /// First line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub line1: Option<String>,
        /// Second line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub line2: Option<String>,
        /// City.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub city: Option<String>,
        /// Region, state or province.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub region: Option<String>,
        /// Postal code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub postal_code: Option<String>,
        /// ISO 3166-1 alpha-2, `ZZ` where unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub country: Option<String>,
        /// Telephone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub phone: Option<String>,
    }

    /// A shipping choice. Amounts in minor units.
    pub struct Shipping {
        /// Code of the method.
        pub method: String,
        /// Its name as the customer saw it.
        pub name: String,
        /// Charge; without its tax, unless prices include tax.
        pub amount: i64,
        /// Tax on the charge.
        pub tax: i64,
        /// The quote that it was chosen by; none: whoever ordered said the charge.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub quote: Option<ChosenQuote>,
    }

    /// The quote that a shipping choice was made by. Where the goods were to go is
    /// personal, and not in it.
    pub struct ChosenQuote {
        /// Until when it held.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub expires_at: OffsetDateTime,
        /// Version of the method that it was computed from.
        pub method_version: i64,
        /// Version of the zone that the goods went to.
        pub zone_version: i64,
        /// Version of the platform; 0 where nobody had saved it.
        pub platform_version: i64,
        /// SHA-256 of the lines that it was for: articles, quantities, prices and
        /// discounts.
        pub lines: String,
        /// Whether the goods of a draft go elsewhere by now: it has to be chosen
        /// anew.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub destination_changed: bool,
    }

    /// A line as it is ordered. Amounts in minor units, for the whole line.
    pub struct OrderedLine {
        /// Local to the order: `l1`, `l2`, …
        pub id: String,
        /// Stock keeping unit as given.
        pub sku: String,
        /// Name as given; may be empty on an imported line.
        pub name: String,
        /// How many; negative on credits.
        pub quantity: i64,
        /// Price of one.
        pub unit_price: UnitPrice,
        /// Quantity × unit price, rounded half-even once.
        pub amount: i64,
        /// Discount on the line.
        pub discount: i64,
        /// Tax on the line.
        pub tax: i64,
    }

    /// Some of a line.
    pub struct LineQuantity {
        /// Id of the line.
        pub line: String,
        /// How many.
        pub quantity: i64,
    }

    /// A share of an amount that falls on a line. Minor units.
    pub struct Allocation {
        /// Id of the line.
        pub line: String,
        /// The share.
        pub amount: i64,
    }

    /// A discount granted after the order was placed.
    pub struct Discount {
        /// Local to the order: `d1`, `d2`, …
        pub id: String,
        /// The only line it is on; none: on the whole order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub line: Option<String>,
        /// A voucher or the like.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub code: Option<String>,
        /// Percentage as a decimal, e.g. `"12.5"`; none: a fixed amount.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub percent: Option<String>,
        /// The fixed amount that was asked for, minor units.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fixed: Option<i64>,
        /// What it comes to now: never more than the goods cost. Minor units.
        pub amount: i64,
        /// How it falls on the lines: in proportion, by largest remainder, so
        /// that the shares add up to `amount`.
        pub allocations: Vec<Allocation>,
    }

    /// Where a parcel is.
    #[derive(Default)]
    pub struct Tracking {
        /// Who carries it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub carrier: Option<String>,
        /// The carrier's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tracking_number: Option<String>,
        /// Where to look it up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tracking_url: Option<String>,
    }

    /// An amount of one payment. Minor units.
    pub struct PaymentAmount {
        /// Id of the payment.
        pub payment: String,
        /// How much of it.
        pub amount: i64,
    }

    /// What a cancellation leaves to be done with money. It is done by
    /// commands, never by itself.
    #[derive(Default)]
    pub struct Settlement {
        /// Authorisations to give up.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub to_void: Vec<PaymentAmount>,
        /// Captured money to give back.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub to_refund: Vec<PaymentAmount>,
    }

    /// The return that an order replaces the goods of.
    pub struct ExchangeOf {
        /// The order that the goods came from.
        pub order_id: Uuid,
        /// Its return.
        #[serde(rename = "return")]
        pub return_id: String,
    }

    /// What a refund is for, and of what.
    pub struct RefundTerms {
        /// Payment that the money goes back to.
        pub payment: String,
        /// Minor units.
        pub amount: i64,
        /// What it is for.
        pub purpose: RefundPurpose,
        /// The return it is for.
        #[serde(rename = "return", default, skip_serializing_if = "Option::is_none")]
        pub return_id: Option<String>,
    }

    /// The personal part of a draft, a placed or an imported order.
    #[derive(Default)]
    pub struct OrderPersonal {
        /// Who it is for, without the id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub customer: Option<Customer>,
        /// Where the bill goes, without the country.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub billing_address: Option<Address>,
        /// Where the goods go, without the country.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub shipping_address: Option<Address>,
    }

    /// Why a person did something: free text.
    #[derive(Default)]
    pub struct Reason {
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
    }

    /// Why goods are to go back: free text.
    #[derive(Default)]
    pub struct ReturnReasons {
        /// For the return as a whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// By id of the line.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub lines: BTreeMap<String, String>,
    }

    /// The text of a note.
    pub struct NoteText {
        /// What was noted.
        pub text: String,
    }
}

impl Customer {
    /// The same without the id, if anything is left.
    pub fn personal(mut self) -> Option<Self> {
        self.id = None;
        (self != Self::default()).then_some(self)
    }
}

impl Address {
    /// The same without the country, if anything is left.
    pub fn personal(mut self) -> Option<Self> {
        self.country = None;
        (self != Self::default()).then_some(self)
    }
}

fn erased() -> String {
    ERASED.to_owned()
}

impl Erasable for Customer {
    fn erased() -> Self {
        Self {
            id: None,
            name: Some(erased()),
            email: Some(erased()),
        }
    }
}

impl Erasable for Address {
    fn erased() -> Self {
        Self {
            name: Some(erased()),
            ..Self::default()
        }
    }
}

/// Whether there was an address is erased with it.
impl Erasable for OrderPersonal {
    fn erased() -> Self {
        Self {
            customer: Some(Customer::erased()),
            billing_address: Some(Address::erased()),
            shipping_address: Some(Address::erased()),
        }
    }
}

impl Erasable for Reason {
    fn erased() -> Self {
        Self {
            reason: Some(erased()),
        }
    }
}

impl Erasable for ReturnReasons {
    fn erased() -> Self {
        Self {
            reason: Some(erased()),
            lines: BTreeMap::new(),
        }
    }
}

impl Erasable for NoteText {
    fn erased() -> Self {
        Self { text: erased() }
    }
}
