//! Sums over the hourly sums.

use super::request::{Dated, StatisticsRequest};
use crate::routes::statistics::{
    cached::{MOST_ROWS, snapshot},
    period::Hours,
};
use infra::redis::Version;
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};

/// The one list of the sums: a field each, from the column of the same name.
macro_rules! sums {
    (groups { $($group:ident),+ $(,)? } sums { $($name:ident),+ $(,)? }) => {
        /// The sums of one period and group.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Sums {
            pub period: Option<String>,
            pub platform: Option<String>,
            pub currency: String,
            $(pub $group: Option<String>,)+
            $(pub $name: i64,)+
            /// Items − discounts − credited.
            pub net_sales: i64,
            /// Captured − refunded − charged back.
            pub net: i64,
        }

        /// What a row is of, beside its period; ordered as rows are.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct Group {
            platform: Option<String>,
            currency: String,
            $($group: Option<String>),+
        }

        impl Sums {
            /// What it is of.
            pub fn group(&self) -> Group {
                Group {
                    platform: self.platform.clone(),
                    currency: self.currency.clone(),
                    $($group: self.$group.clone()),+
                }
            }

            /// Nothing of a group.
            pub fn zero(period: Option<String>, group: Group) -> Self {
                Self {
                    period,
                    platform: group.platform,
                    currency: group.currency,
                    $($group: group.$group,)+
                    $($name: 0,)+
                    net_sales: 0,
                    net: 0,
                }
            }
        }

        const SUMS: &[&str] = &[$(stringify!($name)),+];

        fn read(row: &PgRow, asked: &StatisticsRequest) -> Result<Sums, sqlx::Error> {
            let group = |name| {
                let asked = asked.groups.contains(&name);
                asked.then(|| row.try_get(name)).transpose()
            };
            Ok(Sums {
                period: asked.interval.map(|_| row.try_get("period")).transpose()?,
                platform: group("platform")?,
                currency: row.try_get("currency")?,
                $($group: group(stringify!($group))?,)+
                $($name: row.try_get(stringify!($name))?,)+
                net_sales: row.try_get("net_sales")?,
                net: row.try_get("net")?,
            })
        }
    };
}
sums! {
    groups {
        country, kind, status, payment_status, fulfillment_status, return_status,
    }
    sums {
        orders, cancelled, units, items, discounts, shipping, tax, revenue, captured, refunded,
        charged_back, credited,
    }
}

/// What there is of a range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// By period, then by group.
    pub sums: Vec<Sums>,
    /// All periods of the range; none without an interval, or where nobody
    /// asks for more than those in which something was.
    pub periods: Vec<String>,
    /// The same of the range that it is compared with.
    pub before: Option<Box<Found>>,
}

/// The sums that are asked for, one row more than [`MOST_ROWS`] at most of each
/// range, and the state that they are of, all of one snapshot.
pub async fn sums(
    views: &PgPool,
    asked: &StatisticsRequest,
) -> Result<(Version, Found), sqlx::Error> {
    let (version, mut snapshot) = snapshot(views).await?;
    if let Some(zone) = asked.hours.named_zone() {
        // Without any row the statement below would not look at it.
        let known = sqlx::query("SELECT now() AT TIME ZONE $1").bind(zone);
        known.execute(&mut *snapshot).await?;
    }
    let mut found = of_range(&mut snapshot, asked, &asked.hours).await?;
    if let Some(before) = &asked.before {
        let before = of_range(&mut snapshot, asked, before).await?;
        found.before = Some(Box::new(before));
    }
    snapshot.commit().await?;
    Ok((version, found))
}

async fn of_range(
    snapshot: &mut PgConnection,
    asked: &StatisticsRequest,
    hours: &Hours,
) -> Result<Found, sqlx::Error> {
    let rows = statement(asked, hours)
        .build()
        .fetch_all(&mut *snapshot)
        .await?;
    let sums = rows.iter().map(|row| read(row, asked));
    let sums: Vec<Sums> = sums.collect::<Result<_, _>>()?;
    let ends = sums.first().zip(sums.last());
    let ends = ends.and_then(|(first, last)| first.period.as_deref().zip(last.period.as_deref()));
    let wanted = asked.fills || asked.before.is_some();
    let periods = match asked.interval {
        // A range with ends has its periods also where nothing is in it.
        Some(interval) if wanted && (ends.is_some() || hours.bounds().is_some()) => {
            let ends = ends.unwrap_or_default();
            let mut periods = hours.periods(interval, ends, MOST_ROWS + 1);
            periods
                .build_query_scalar()
                .fetch_all(&mut *snapshot)
                .await?
        }
        _ => Vec::new(),
    };
    Ok(Found {
        sums,
        periods,
        before: None,
    })
}

fn statement(asked: &StatisticsRequest, hours: &Hours) -> QueryBuilder<'static, Postgres> {
    let mut sql = QueryBuilder::new("SELECT ");
    if let Some(interval) = asked.interval {
        hours.push_period(&mut sql, interval);
        sql.push(" AS period, ");
    }
    sql.push(asked.groups.join(", "));
    for sum in SUMS {
        sql.push(format!(", sum({sum})::bigint AS {sum}"));
    }
    // Here, where it is exact: a figure that does not fit is an error.
    sql.push(", (sum(items) - sum(discounts) - sum(credited))::bigint AS net_sales");
    sql.push(", (sum(captured) - sum(refunded) - sum(charged_back))::bigint AS net");
    sql.push(match (asked.dated, asked.with_statuses()) {
        (_, true) => " FROM order_status_statistics WHERE true",
        (Dated::OrderDate, false) => " FROM order_statistics WHERE NOT by_event",
        (Dated::EventDate, false) => " FROM order_statistics WHERE by_event",
    });
    hours.push(&mut sql);
    asked.filters.push(&mut sql);
    let period = asked.interval.map(|_| "period");
    let groups: Vec<_> = period.into_iter().chain(asked.groups.clone()).collect();
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
