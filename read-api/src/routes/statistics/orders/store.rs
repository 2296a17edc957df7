//! Sums over the hourly sums.

use super::request::{Dated, StatisticsRequest};
use crate::routes::statistics::{
    cached::{MOST_ROWS, snapshot},
    period::Hours,
    selected::{Selected, Source},
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
    let (version, mut snapshot) = snapshot(views, asked.hours.named_zone()).await?;
    let mut found = of_range(&mut snapshot, asked, &asked.hours).await?;
    if let Some(before) = &asked.before {
        let before = of_range(&mut snapshot, asked, before).await?;
        found.before = Some(Box::new(before));
    }
    snapshot.commit().await?;
    Ok((version, found))
}

/// What each order counts for in the hour in which it was placed.
const BY_ORDER: &str = "
    SELECT hour, platform, currency, country, kind, status, payment_status, fulfillment_status,
           return_status, 1 AS orders, (status = 'cancelled')::int AS cancelled, units,
           (t ->> 'items')::bigint AS items, (t ->> 'discounts')::bigint AS discounts,
           (t ->> 'shipping')::bigint AS shipping, (t ->> 'tax')::bigint AS tax,
           total AS revenue, captured, refunded, (t ->> 'charged_back')::bigint AS charged_back,
           (t ->> 'credited')::bigint AS credited
      FROM orders, LATERAL (SELECT summary::json -> 'totals') AS totals (t)";

/// What each of its events moved, in the group that it was in then.
const BY_EVENT: &str = "
    SELECT date_trunc('hour', happened_at, 'UTC') AS hour, m.platform, m.currency, m.country,
           m.kind, m.orders, m.cancelled, m.units, m.items, m.discounts, m.shipping, m.tax,
           m.revenue, m.captured, m.refunded, m.charged_back, m.credited
      FROM order_movements m JOIN orders ON orders.id = m.order_id";

fn source(asked: &StatisticsRequest) -> Source {
    let (kept, counted) = match (asked.dated, asked.with_statuses()) {
        (Dated::EventDate, _) => ("order_statistics WHERE by_event", BY_EVENT),
        (Dated::OrderDate, true) => ("order_status_statistics", BY_ORDER),
        (Dated::OrderDate, false) => ("order_statistics WHERE NOT by_event", BY_ORDER),
    };
    Source { kept, counted }
}

async fn of_range(
    snapshot: &mut PgConnection,
    asked: &StatisticsRequest,
    hours: &Hours,
) -> Result<Found, sqlx::Error> {
    let mut sql = statement(asked, hours);
    let query = sql.build().persistent(asked.orders.is_planned_once());
    let rows = query.fetch_all(&mut *snapshot).await?;
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
    let source = source(asked);
    let mut sql = if asked.orders.is_known() {
        Selected::kept(source)
    } else {
        let (zone, by_event) = (hours.zone(), asked.dated == Dated::EventDate);
        asked.orders.counted(source, zone, |sql| {
            // What happened then may have happened to any order.
            if !by_event {
                hours.push_about(sql);
            }
        })
    };
    sql.push(" SELECT ");
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
    sql.push(" FROM counted WHERE true");
    hours.push(&mut sql);
    asked.orders.push(&mut sql);
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
