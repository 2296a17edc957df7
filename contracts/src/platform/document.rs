//! A platform: how a sales channel wants its orders to be treated.

use super::seller::Seller;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A platform: how a sales channel wants its orders to be treated. An order
/// copies what it is made of; what is changed here acts on what comes after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Platform {
    /// Its natural key: part of the identity of its orders, customers and
    /// numbers, so it never changes.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// ISO 4217 code of the one currency that orders may be placed in; none:
    /// any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// ISO 3166-1 alpha-2: where an order is from that names no country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Whether orders may be placed; else only what was placed elsewhere is
    /// recorded.
    pub active: bool,
    /// Whether it is out of the way: it takes no orders, whatever they are from.
    pub archived: bool,
    /// Whether prices contain their tax; else it is added to them.
    pub prices_include_tax: bool,
    /// Whether an order is confirmed as soon as it is placed.
    pub auto_confirm: bool,
    /// Whether goods may be shipped that are neither paid nor authorised.
    pub allow_unpaid_shipping: bool,
    /// An order that is still unpaid so many seconds after it was placed is
    /// cancelled; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_unpaid_after_seconds: Option<u64>,
    /// A settled order that nobody has touched for so many seconds is archived;
    /// none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_settled_after_seconds: Option<u64>,
    /// What becomes of the money when something is cancelled.
    pub on_cancellation: OnCancellation,
    /// What stands before the number of a new order; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_prefix: Option<String>,
    /// Whether prices that a client gives have to be those of the catalogue.
    pub client_prices: ClientPrices,
    /// Whether a shipping charge has to be one that was quoted; absent: `any`.
    #[serde(default, skip_serializing_if = "ClientShipping::is_any")]
    pub client_shipping: ClientShipping,
    /// How many requests the keys that are for this platform alone may send
    /// together to one process: all of them at once, then one after the other; a
    /// key for all platforms counts for none. None: as many as the deployment lets
    /// each key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Who sells: what invoices and other documents say; none: there are no
    /// documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller: Option<Seller>,
}

/// What becomes of the money when an order or some of its lines are cancelled.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OnCancellation {
    /// Authorisations are voided, and refunds are requested: a provider acts
    /// before they are done.
    #[default]
    Request,
    /// Authorisations are voided, and refunds are recorded as done: somebody
    /// else moves the money.
    Record,
    /// Nothing: people see to it.
    Nothing,
}

/// What a price is worth that a client gives for a line.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ClientPrices {
    /// It has to be that of the catalogue, unless the caller may set prices.
    #[default]
    MustMatch,
    /// It is taken as it is.
    Accepted,
}

/// What a shipping charge is worth that a client gives.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ClientShipping {
    /// It is taken as it is; a quote that comes with it has to promise it.
    #[default]
    Any,
    /// It comes with a quote that promises it, unless the caller may set prices.
    Quoted,
}

impl ClientShipping {
    /// Whether any charge is taken.
    pub const fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }
}

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct RateLimit {
    /// Requests in a window.
    pub requests: u32,
    /// Length of a window in seconds.
    pub window_seconds: u32,
}
