//! From sums to the answer, and how it is cached.

use super::{
    request::StatisticsRequest,
    store::{self, MOST_ROWS, Sums},
};
use actix_web::web::Bytes;
use infra::{
    http::Problem,
    redis::{Entry, Version},
};
use serde::Serialize;
use sqlx::PgPool;
use std::sync::Arc;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// Why there are no figures.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StatisticsError {
    /// The views cannot be asked.
    #[error("the statistics cannot be read")]
    Database(#[from] Arc<sqlx::Error>),
    /// More rows than anybody would want.
    #[error("more than {MOST_ROWS} rows")]
    TooManyRows,
}

impl From<StatisticsError> for Problem {
    fn from(error: StatisticsError) -> Self {
        match error {
            StatisticsError::Database(error) => Self::database(&error),
            StatisticsError::TooManyRows => {
                Self::bad_request("too_many_rows", "The answer would be too long")
                    .detail(format!(
                        "at most {MOST_ROWS} rows: narrow the range, or group by less"
                    ))
                    .with("most_rows", MOST_ROWS.into())
            }
        }
    }
}

/// Statistics of orders.
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
}

/// The figures of one period and group; amounts in minor units of `currency`.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatisticsRow {
    /// First day of the period; with `interval` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-01")]
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
    /// Σ taxes.
    tax: i64,
    /// Σ totals.
    revenue: i64,
    /// Captured from customers.
    captured: i64,
    /// Refunded to customers.
    refunded: i64,
    /// Taken back by customers' banks.
    charged_back: i64,
    /// Value of returned goods and goodwill.
    credited: i64,
    /// Captured − refunded − charged back.
    net: i64,
    /// Revenue per order that is not cancelled, rounded half-even; `null`
    /// where there is none.
    average_value: Option<i64>,
}

/// Computes the figures from the views.
pub async fn compute(views: PgPool, asked: StatisticsRequest) -> Result<Entry, StatisticsError> {
    let (version, sums) = store::sums(&views, &asked).await.map_err(Arc::new)?;
    if sums.len() > MOST_ROWS {
        return Err(StatisticsError::TooManyRows);
    }
    let data: Vec<_> = sums.into_iter().map(StatisticsRow::from).collect();
    packed(data, version)
        .map_err(|error| StatisticsError::Database(Arc::new(sqlx::Error::Encode(error.into()))))
}

/// An entry of the cache: the tag, a line break, the body. The tag is that of
/// the figures alone, so that it stays while they do.
fn packed(data: Vec<StatisticsRow>, version: Version) -> Result<Entry, serde_json::Error> {
    let mut entry = Entry::new(version, Bytes::new());
    let mut hash = crate::reply::TagHash::of("statistics");
    hash.add(&serde_json::to_vec(&data)?);
    let statistics = Statistics {
        data,
        version: version.to_string(),
        as_of: rfc3339(entry.computed_at),
    };
    let mut value = format!("W/\"{}\"\n", hash.finish()).into_bytes();
    serde_json::to_writer(&mut value, &statistics)?;
    entry.value = value.into();
    Ok(entry)
}

/// The tag and the body of an entry.
pub fn unpacked(value: &Bytes) -> (String, Bytes) {
    let end = value.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let etag = String::from_utf8_lossy(&value[..end]).into_owned();
    (etag, value.slice((end + 1).min(value.len())..))
}

impl From<Sums> for StatisticsRow {
    fn from(sums: Sums) -> Self {
        Self {
            period: sums.period.map(|day| day.to_string()),
            platform: sums.platform,
            currency: sums.currency,
            country: sums.country,
            kind: sums.kind,
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
            net: sums.net,
            average_value: half_even(sums.revenue, sums.orders - sums.cancelled),
        }
    }
}

/// `sum / count`, rounded half-even; none without a count.
fn half_even(sum: i64, count: i64) -> Option<i64> {
    let count = (count > 0).then_some(count)?;
    let (quotient, remainder) = (sum.div_euclid(count), sum.rem_euclid(count));
    let twice = i128::from(remainder) * 2;
    let up = twice > i128::from(count) || (twice == i128::from(count) && quotient % 2 != 0);
    Some(quotient + i64::from(up))
}

fn rfc3339(time: OffsetDateTime) -> String {
    // Every present moment has such a form.
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_rounded_half_even() {
        for (sum, count, average) in [
            (10, 4, Some(2)),
            (14, 4, Some(4)),
            (11, 4, Some(3)),
            (9, 4, Some(2)),
            (-10, 4, Some(-2)),
            (-14, 4, Some(-4)),
            (-11, 4, Some(-3)),
            (i64::MAX, 1, Some(i64::MAX)),
            (5, 0, None),
        ] {
            assert_eq!(half_even(sum, count), average, "{sum}/{count}");
        }
    }

    #[test]
    fn an_entry_is_taken_apart_again() {
        let version = Version {
            build: 1,
            number: 5,
        };
        let (first, second) = (packed(vec![], version), packed(vec![], version));
        let (first, second) = (first.expect("JSON"), second.expect("JSON"));
        let (etag, body) = unpacked(&first.value);
        assert!(etag.starts_with("W/\"") && etag.ends_with('"'), "{etag}");
        assert!(body.starts_with(b"{\"data\":[],\"version\":\"1-5\",\"as_of\":\"2"));
        assert_eq!(etag, unpacked(&second.value).0, "the same figures");
    }
}
