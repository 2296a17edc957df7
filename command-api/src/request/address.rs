//! Who an order is for, and where it goes.

use contracts::order::{Address, Customer};
use domain::{
    country::Country,
    order::command::NewAddress,
    text::{Id, Text},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Who an order is for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "c-42", "name": "Ada Lovelace", "email": "ada@example.com"}))]
pub struct CustomerBody {
    /// The platform's own id of the customer.
    #[schema(value_type = Option<String>, example = "c-42")]
    id: Option<Id>,
    /// Full name.
    #[schema(value_type = Option<String>, example = "Ada Lovelace")]
    name: Option<Text>,
    /// Email address.
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
    #[schema(value_type = Option<String>)]
    name: Option<Text>,
    /// Company.
    #[schema(value_type = Option<String>)]
    company: Option<Text>,
    /// First line.
    #[schema(value_type = Option<String>)]
    line1: Option<Text>,
    /// Second line.
    #[schema(value_type = Option<String>)]
    line2: Option<Text>,
    /// City.
    #[schema(value_type = Option<String>)]
    city: Option<Text>,
    /// Region, state or province.
    #[schema(value_type = Option<String>)]
    region: Option<Text>,
    /// Postal code.
    #[schema(value_type = Option<String>)]
    postal_code: Option<Text>,
    /// ISO 3166-1 alpha-2; an unknown code is kept as `ZZ`.
    #[schema(value_type = Option<String>, example = "GB")]
    country: Option<Country>,
    /// Telephone.
    #[schema(value_type = Option<String>)]
    phone: Option<Text>,
}

impl From<AddressBody> for NewAddress {
    fn from(body: AddressBody) -> Self {
        let address = Address {
            name: body.name.map(Into::into),
            company: body.company.map(Into::into),
            line1: body.line1.map(Into::into),
            line2: body.line2.map(Into::into),
            city: body.city.map(Into::into),
            region: body.region.map(Into::into),
            postal_code: body.postal_code.map(Into::into),
            country: None,
            phone: body.phone.map(Into::into),
        };
        let country = body.country;
        Self { address, country }
    }
}
