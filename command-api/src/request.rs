//! Bodies of requests: the documented shapes, as checked types.

use contracts::order::{Address, Customer, UnitPrice};
use domain::{
    country::Country,
    money::{Currency, Price},
    order::{NewLine, NewShipping},
    text::{Id, Text},
};
use serde::{Deserialize, Deserializer};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// Who an order is for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerBody {
    /// The platform's own id of the customer.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "c-42")]
    id: Option<Id>,
    /// Full name.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Ada Lovelace")]
    name: Option<Text>,
    /// Email address.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "ada@example.com")]
    email: Option<Text>,
}

impl From<CustomerBody> for Customer {
    fn from(body: CustomerBody) -> Self {
        Self {
            id: body.id.map(Into::into),
            name: body.name.map(Into::into),
            email: body.email.map(Into::into),
        }
    }
}

/// A postal address.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"}))]
pub struct AddressBody {
    /// Recipient.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Option<Text>,
    /// Company.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    company: Option<Text>,
    /// First line.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    line1: Option<Text>,
    /// Second line.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    line2: Option<Text>,
    /// City.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    city: Option<Text>,
    /// Region, state or province.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    region: Option<Text>,
    /// Postal code.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    postal_code: Option<Text>,
    /// ISO 3166-1 alpha-2; an unknown code is kept as `ZZ`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "GB")]
    country: Option<Country>,
    /// Telephone.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    phone: Option<Text>,
}

impl AddressBody {
    /// The address and its country.
    pub fn split(self) -> (Address, Option<Country>) {
        let address = Address {
            name: self.name.map(Into::into),
            company: self.company.map(Into::into),
            line1: self.line1.map(Into::into),
            line2: self.line2.map(Into::into),
            city: self.city.map(Into::into),
            region: self.region.map(Into::into),
            postal_code: self.postal_code.map(Into::into),
            country: None,
            phone: self.phone.map(Into::into),
        };
        (address, self.country)
    }
}

/// One line. Amounts in minor units of the order's currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "85123A", "name": "White hanging heart T-light holder", "quantity": 6, "unit_price": "2.55"}))]
pub struct LineBody {
    /// Stock keeping unit, 1–255 characters.
    #[schema(value_type = String)]
    sku: Id,
    /// Name; may be empty on an imported line.
    #[schema(value_type = String)]
    name: Text,
    /// How many; negative on credits.
    quantity: i64,
    /// Integer in minor units, or a decimal string in major units.
    #[schema(value_type = UnitPrice)]
    unit_price: Price,
    /// Tax on the whole line.
    #[serde(default)]
    tax: i64,
    /// Discount on the whole line.
    #[serde(default)]
    discount: i64,
}

impl From<LineBody> for NewLine {
    fn from(body: LineBody) -> Self {
        Self {
            sku: body.sku,
            name: body.name,
            quantity: body.quantity,
            unit_price: body.unit_price,
            tax: body.tax,
            discount: body.discount,
        }
    }
}

/// A shipping choice. Amounts in minor units of the order's currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"method": "standard", "name": "Standard delivery", "amount": 399}))]
pub struct ShippingBody {
    /// Code of the method.
    #[schema(value_type = String)]
    method: Id,
    /// Its name.
    #[schema(value_type = String)]
    name: Text,
    /// Charge without tax.
    amount: i64,
    /// Tax on the charge.
    #[serde(default)]
    tax: i64,
}

impl From<ShippingBody> for NewShipping {
    fn from(body: ShippingBody) -> Self {
        Self {
            method: body.method,
            name: body.name,
            amount: body.amount,
            tax: body.tax,
        }
    }
}

/// A time of RFC 3339, in UTC and to the microsecond (what the log keeps).
#[derive(Debug, Clone, Copy)]
pub struct Time(pub OffsetDateTime);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let invalid = || {
            serde::de::Error::custom("a time of RFC 3339 is expected, such as 2026-11-23T08:30:00Z")
        };
        let time = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| invalid())?;
        // In UTC it may lie outside the years that RFC 3339 can write.
        let time = time
            .checked_to_offset(UtcOffset::UTC)
            .filter(|time| (1..=9999).contains(&time.year()))
            .ok_or_else(invalid)?;
        let micros = time.nanosecond() / 1_000 * 1_000;
        let time = time.replace_nanosecond(micros).map_err(|_| invalid())?;
        Ok(Self(time))
    }
}

/// The parts of an order that placing and importing share.
pub struct Parts {
    /// Sales channel.
    pub platform: domain::text::Slug,
    /// The channel's own id.
    pub external_id: Option<Id>,
    /// Currency.
    pub currency: Currency,
    /// Who it is for.
    pub customer: Option<CustomerBody>,
    /// Lines.
    pub lines: Vec<LineBody>,
    /// Shipping choice.
    pub shipping: Option<ShippingBody>,
    /// Where the bill goes.
    pub billing_address: Option<AddressBody>,
    /// Where the goods go.
    pub shipping_address: Option<AddressBody>,
    /// Labels.
    pub tags: Vec<Id>,
    /// Business time.
    pub placed_at: OffsetDateTime,
}

impl Parts {
    /// The new order of these parts; it gets its number when it is made.
    pub fn new_order(self, order_id: uuid::Uuid) -> domain::order::NewOrder {
        let split = |address: Option<AddressBody>| address.map(AddressBody::split).unzip();
        let (billing_address, billing_country) = split(self.billing_address);
        let (shipping_address, shipping_country) = split(self.shipping_address);
        domain::order::NewOrder {
            order_id,
            number: String::new(),
            platform: self.platform,
            external_id: self.external_id,
            currency: self.currency,
            customer: self.customer.map(Into::into),
            lines: self.lines.into_iter().map(Into::into).collect(),
            shipping: self.shipping.map(Into::into),
            billing_address,
            shipping_address,
            billing_country: billing_country.flatten(),
            shipping_country: shipping_country.flatten(),
            tags: self.tags,
            placed_at: self.placed_at,
        }
    }
}
