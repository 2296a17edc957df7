//! Sums over the hourly sums.

use super::request::{Dated, StatisticsRequest};
use crate::routes::statistics::cached::{MOST_ROWS, snapshot};
use infra::redis::Version;
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};

/// The one list of the sums: a field each, from the column of the same name.
macro_rules! sums {
    (groups { $($group:ident),+ $(,)? } sums { $($name:ident),+ $(,)? }) => {
        /// The sums of one period and group.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Sums {
            pub period: Option<String>,
            pub currency: String,
            $(pub $group: Option<String>,)+
            $(pub $name: i64,)+
            /// Items − discounts − credited.
            pub net_sales: i64,
            /// Captured − refunded − charged back.
            pub net: i64,
        }

        const SUMS: &[&str] = &[$(stringify!($name)),+];

        fn read(row: &PgRow, asked: &StatisticsRequest) -> Result<Sums, sqlx::Error> {
            let group = |name| {
                let asked = asked.groups.contains(&name);
                asked.then(|| row.try_get(name)).transpose()
            };
            Ok(Sums {
                period: asked.interval.map(|_| row.try_get("period")).transpose()?,
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
        platform, country, kind, status, payment_status, fulfillment_status, return_status,
    }
    sums {
        orders, cancelled, units, items, discounts, shipping, tax, revenue, captured, refunded,
        charged_back, credited,
    }
}

/// The sums that are asked for, one row more than [`MOST_ROWS`] at most, and
/// the state that they are of, both of one snapshot.
pub async fn sums(
    views: &PgPool,
    asked: &StatisticsRequest,
) -> Result<(Version, Vec<Sums>), sqlx::Error> {
    let (version, mut snapshot) = snapshot(views).await?;
    if let Some(zone) = asked.hours.named_zone() {
        // Without any row the statement below would not look at it.
        let known = sqlx::query("SELECT now() AT TIME ZONE $1").bind(zone);
        known.execute(&mut *snapshot).await?;
    }
    let rows = statement(asked).build().fetch_all(&mut *snapshot).await?;
    snapshot.commit().await?;
    let sums = rows.iter().map(|row| read(row, asked));
    Ok((version, sums.collect::<Result<_, _>>()?))
}

fn statement(asked: &StatisticsRequest) -> QueryBuilder<'static, Postgres> {
    let mut sql = QueryBuilder::new("SELECT ");
    if let Some(interval) = asked.interval {
        asked.hours.push_period(&mut sql, interval);
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
    asked.hours.push(&mut sql);
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
