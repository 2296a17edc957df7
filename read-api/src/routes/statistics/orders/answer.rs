//! From sums to the answer.

use super::store::Sums;
use crate::routes::statistics::cached::half_even;
use serde::Serialize;
use utoipa::ToSchema;

/// Statistics of orders; put together elsewhere, never of this.
#[derive(Debug, Serialize, ToSchema)]
pub struct Statistics {
    /// By period, then by group.
    data: Vec<StatisticsRow>,
    /// State that the figures are of: it rises with every event.
    #[schema(example = "1-52340")]
    version: String,
    /// When they were computed.
    #[schema(value_type = String, format = DateTime)]
    as_of: String,
    /// The range that they are compared with; with `compare` only.
    compared_with: Option<Compared>,
}

/// A range, as `from` and `to` would say it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Compared {
    /// First day or hour.
    #[schema(example = "2025-12-01")]
    pub from: String,
    /// Day or hour after the last one.
    #[schema(example = "2026-01-01")]
    pub to: String,
}

/// The figures of one period and group; amounts in minor units of `currency`.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatisticsRow {
    /// First day of the period, or first moment of the hour; with `interval`
    /// only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-01")]
    period: Option<String>,
    /// With `group_by=platform` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "web")]
    platform: Option<String>,
    /// ISO 4217.
    #[schema(example = "GBP")]
    currency: String,
    /// With `group_by=country` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "GB")]
    country: Option<String>,
    /// With `group_by=kind` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "order")]
    kind: Option<String>,
    /// With `group_by=status` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "placed")]
    status: Option<String>,
    /// With `group_by=payment_status` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "paid")]
    payment_status: Option<String>,
    /// With `group_by=fulfillment_status` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "delivered")]
    fulfillment_status: Option<String>,
    /// With `group_by=return_status` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "none")]
    return_status: Option<String>,
    #[serde(flatten)]
    figures: Figures,
    /// The same of what it is compared with; with `compare`, and where the
    /// earlier range has such a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Figures>,
}

/// Figures; amounts in minor units of one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figures {
    /// Orders of any kind that were placed, also those cancelled since.
    orders: i64,
    /// Of them, the cancelled ones.
    cancelled: i64,
    /// Goods that were not called off.
    units: i64,
    /// Σ line amounts.
    items: i64,
    /// Σ discounts.
    discounts: i64,
    /// Σ shipping charges without tax.
    shipping: i64,
    /// Σ taxes added to prices.
    tax: i64,
    /// Σ totals: items − discounts + shipping + tax.
    revenue: i64,
    /// Captured from customers.
    captured: i64,
    /// Refunded to customers.
    refunded: i64,
    /// Taken back by customers' banks.
    charged_back: i64,
    /// Value of returned goods and goodwill.
    credited: i64,
    /// Goods at their prices, before discounts and credits: items.
    gross_sales: i64,
    /// What is left of them: items − discounts − credited.
    net_sales: i64,
    /// Money that stayed: captured − refunded − charged back.
    net: i64,
    /// Revenue per order that is not cancelled, rounded half-even; `null`
    /// where there is none.
    average_value: Option<i64>,
}

impl StatisticsRow {
    /// The row beside what it is compared with.
    pub fn beside(self, previous: Option<Sums>) -> Self {
        Self {
            previous: previous.map(|sums| Figures::of(&sums)),
            ..self
        }
    }
}

impl From<Sums> for StatisticsRow {
    fn from(sums: Sums) -> Self {
        Self {
            figures: Figures::of(&sums),
            previous: None,
            period: sums.period,
            platform: sums.platform,
            currency: sums.currency,
            country: sums.country,
            kind: sums.kind,
            status: sums.status,
            payment_status: sums.payment_status,
            fulfillment_status: sums.fulfillment_status,
            return_status: sums.return_status,
        }
    }
}

impl Figures {
    fn of(sums: &Sums) -> Self {
        Self {
            orders: sums.orders,
            cancelled: sums.cancelled,
            units: sums.units,
            items: sums.items,
            discounts: sums.discounts,
            shipping: sums.shipping,
            tax: sums.tax,
            revenue: sums.revenue,
            captured: sums.captured,
            refunded: sums.refunded,
            charged_back: sums.charged_back,
            credited: sums.credited,
            gross_sales: sums.items,
            net_sales: sums.net_sales,
            net: sums.net,
            average_value: half_even(sums.revenue, sums.orders - sums.cancelled),
        }
    }
}
