//! Sums over the daily sums.

use super::request::{Groups, StatisticsRequest};
use crate::routes::PROJECTION;
use infra::redis::Version;
use sqlx::{PgExecutor, PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use time::Date;

/// Most rows of an answer.
pub const MOST_ROWS: usize = 10_000;

/// The sums of one period and group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    pub period: Option<Date>,
    pub platform: Option<String>,
    pub currency: String,
    pub country: Option<String>,
    pub kind: Option<String>,
    pub orders: i64,
    pub cancelled: i64,
    pub units: i64,
    pub items: i64,
    pub discounts: i64,
    pub shipping: i64,
    pub tax: i64,
    pub revenue: i64,
}

/// The sums that are asked for, one row more than [`MOST_ROWS`] at most, and
/// the state that they are of, both of one snapshot.
pub async fn sums(
    views: &PgPool,
    asked: &StatisticsRequest,
) -> Result<(Version, Vec<Sums>), sqlx::Error> {
    let mut snapshot = views
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let version = version(&mut *snapshot).await?;
    let rows = statement(asked).build().fetch_all(&mut *snapshot).await?;
    snapshot.commit().await?;
    let sums = rows.iter().map(|row| read(row, asked));
    Ok((version, sums.collect::<Result<_, _>>()?))
}

/// The state that the sums are of: the build, and the sum of its offsets.
pub async fn version(views: impl PgExecutor<'_>) -> Result<Version, sqlx::Error> {
    let row = sqlx::query(
        "SELECT coalesce(max(build), 0) AS build, coalesce(sum(next), 0)::bigint AS number \
           FROM projection_offsets WHERE projection = $1",
    )
    .bind(PROJECTION)
    .fetch_one(views)
    .await?;
    Ok(Version {
        build: row.try_get::<i64, _>("build")?.cast_unsigned(),
        number: row.try_get::<i64, _>("number")?.cast_unsigned(),
    })
}

fn statement(asked: &StatisticsRequest) -> QueryBuilder<'static, Postgres> {
    let columns = columns(asked.groups);
    let mut sql = QueryBuilder::new("SELECT ");
    if let Some(interval) = asked.interval {
        let field = interval.name();
        sql.push(format!(
            "date_trunc('{field}', day::timestamp)::date AS period, "
        ));
    }
    sql.push(columns.join(", "));
    for sum in SUMS {
        sql.push(format!(", sum({sum})::bigint AS {sum}"));
    }
    sql.push(" FROM order_statistics WHERE true");
    for (comparison, day) in [(" AND day >= ", asked.from), (" AND day < ", asked.to)] {
        if let Some(day) = day {
            sql.push(comparison).push_bind(day);
        }
    }
    asked.filters.push(&mut sql);
    let period = asked.interval.map(|_| "period");
    let groups: Vec<_> = period.into_iter().chain(columns).collect();
    let groups = groups.join(", ");
    // A group whose orders have all left it again is nothing any more.
    let present: Vec<_> = SUMS.iter().map(|sum| format!("sum({sum}) <> 0")).collect();
    let present = present.join(" OR ");
    sql.push(format!(
        " GROUP BY {groups} HAVING {present} ORDER BY {groups} LIMIT {}",
        MOST_ROWS + 1
    ));
    sql
}

const SUMS: [&str; 8] = [
    "orders",
    "cancelled",
    "units",
    "items",
    "discounts",
    "shipping",
    "tax",
    "revenue",
];

fn columns(groups: Groups) -> Vec<&'static str> {
    let columns = [
        ("platform", groups.platform),
        ("currency", true),
        ("country", groups.country),
        ("kind", groups.kind),
    ];
    let asked = columns.into_iter().filter(|(_, asked)| *asked);
    asked.map(|(column, _)| column).collect()
}

fn read(row: &PgRow, asked: &StatisticsRequest) -> Result<Sums, sqlx::Error> {
    let text = |asked: bool, column| asked.then(|| row.try_get(column)).transpose();
    let groups = asked.groups;
    Ok(Sums {
        period: asked.interval.map(|_| row.try_get("period")).transpose()?,
        platform: text(groups.platform, "platform")?,
        currency: row.try_get("currency")?,
        country: text(groups.country, "country")?,
        kind: text(groups.kind, "kind")?,
        orders: row.try_get("orders")?,
        cancelled: row.try_get("cancelled")?,
        units: row.try_get("units")?,
        items: row.try_get("items")?,
        discounts: row.try_get("discounts")?,
        shipping: row.try_get("shipping")?,
        tax: row.try_get("tax")?,
        revenue: row.try_get("revenue")?,
    })
}
