//! What the statistics of the API answer, as far as the page shows it.

use serde::Deserialize;

/// An answer.
#[derive(Debug, Clone, Deserialize)]
pub struct Rows<R> {
    /// What it is made of.
    pub data: Vec<R>,
}

/// Figures of orders; amounts in minor units of their currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Sums {
    pub orders: i64,
    pub cancelled: i64,
    pub units: i64,
    pub revenue: i64,
    pub refunded: i64,
    pub average_value: Option<i64>,
}

/// A row of `/orders`.
#[derive(Debug, Clone, Deserialize)]
pub struct OrdersRow {
    pub period: Option<String>,
    pub platform: Option<String>,
    pub country: Option<String>,
    pub currency: String,
    #[serde(flatten)]
    pub sums: Sums,
    pub previous: Option<Sums>,
}

/// A row of `/products`.
#[derive(Debug, Clone, Deserialize)]
pub struct ProductRow {
    pub sku: String,
    pub name: Option<String>,
    pub orders: i64,
    pub units: i64,
    pub returned_units: i64,
    pub amount: i64,
}

/// A row of `/customers`.
#[derive(Debug, Clone, Deserialize)]
pub struct CustomerRow {
    pub platform: String,
    pub customer: String,
    pub orders: i64,
    pub revenue: i64,
    pub refunded: i64,
    pub last_order: Option<String>,
}

/// A row of `/customers/cohorts`.
#[derive(Debug, Clone, Deserialize)]
pub struct CohortRow {
    pub cohort: String,
    pub size: i64,
    pub months_since: i32,
    pub customers: i64,
    pub orders: i64,
    pub revenue: i64,
}

/// A row of `/funnel`.
#[derive(Debug, Clone, Deserialize)]
pub struct FunnelRow {
    pub step: String,
    pub orders: i64,
    pub average_seconds: Option<i64>,
    pub p50_seconds: i64,
    pub p90_seconds: i64,
}
