//! Lines, units of them, and shipping choices.

use crate::prices::Line;
use contracts::order::UnitPrice;
use domain::{
    money::Price,
    order::command::{LineUnits, NewShipping},
    text::{Id, Text},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// One line. Amounts in minor units of the order's currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "85123A", "name": "White hanging heart T-light holder", "quantity": 6, "unit_price": "2.55"}))]
pub struct LineBody {
    /// Stock keeping unit, 1–255 characters.
    #[schema(value_type = String)]
    sku: Id,
    /// Name; that of the product, if absent. May be empty on an imported line.
    #[schema(value_type = Option<String>)]
    name: Option<Text>,
    /// How many; negative on credits.
    quantity: i64,
    /// Integer in minor units, or a decimal string in major units; that of the
    /// catalogue, if absent.
    #[schema(value_type = Option<UnitPrice>)]
    unit_price: Option<Price>,
    /// Tax on the whole line.
    #[serde(default)]
    tax: i64,
    /// Discount on the whole line.
    #[serde(default)]
    discount: i64,
}

impl From<LineBody> for Line {
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
    /// Charge; without its tax, unless the platform's prices include tax.
    amount: i64,
    /// Tax on the charge.
    #[serde(default)]
    tax: i64,
    /// The `quote` of the offer that it was chosen by. The order is held against
    /// it, and says by what it was quoted.
    quote: Option<String>,
}

impl ShippingBody {
    /// The quote that it was chosen by.
    pub fn quote(&self) -> Option<String> {
        self.quote.clone()
    }
}

impl From<ShippingBody> for NewShipping {
    fn from(body: ShippingBody) -> Self {
        Self {
            method: body.method,
            name: body.name,
            amount: body.amount,
            tax: body.tax,
            quote: None,
        }
    }
}

/// Some units of a line.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"line": "l1", "quantity": 2}))]
pub struct LineUnitsBody {
    /// Id of the line.
    #[schema(value_type = String)]
    line: Id,
    /// How many, at least 1.
    quantity: i64,
}

impl From<LineUnitsBody> for LineUnits {
    fn from(body: LineUnitsBody) -> Self {
        Self {
            line: body.line,
            quantity: body.quantity,
        }
    }
}

impl LineUnitsBody {
    /// Of each, in order.
    pub fn units(bodies: Vec<Self>) -> Vec<LineUnits> {
        bodies.into_iter().map(Into::into).collect()
    }
}
