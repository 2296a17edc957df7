//! Sums over the daily sums.

use super::request::{Groups, StatisticsRequest};
use infra::{redis::Version, views};
use sqlx::{PgExecutor, PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use time::Date;

/// Most rows of an answer.
pub const MOST_ROWS: usize = 10_000;

/// The one list of the sums: a field each, from the column of the same name.
macro_rules! sums {
    ($($name:ident),+ $(,)?) => {
        /// The sums of one period and group.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Sums {
            pub period: Option<Date>,
            pub platform: Option<String>,
            pub currency: String,
            pub country: Option<String>,
            pub kind: Option<String>,
            $(pub $name: i64,)+
            /// Captured − refunded − charged back.
            pub net: i64,
        }

        const SUMS: &[&str] = &[$(stringify!($name)),+];

        fn read(row: &PgRow, asked: &StatisticsRequest) -> Result<Sums, sqlx::Error> {
            let text = |asked: bool, column| asked.then(|| row.try_get(column)).transpose();
            let groups = asked.groups;
            Ok(Sums {
                period: asked.interval.map(|_| row.try_get("period")).transpose()?,
                platform: text(groups.platform, "platform")?,
                currency: row.try_get("currency")?,
                country: text(groups.country, "country")?,
                kind: text(groups.kind, "kind")?,
                $($name: row.try_get(stringify!($name))?,)+
                net: row.try_get("net")?,
            })
        }
    };
}
sums! {
    orders, cancelled, units, items, discounts, shipping, tax, revenue, captured, refunded,
    charged_back, credited,
}

/// The sums that are asked for, one row more than [`MOST_ROWS`] at most, and
/// the state that they are of, both of one snapshot.
pub async fn sums(
    pool: &PgPool,
    asked: &StatisticsRequest,
) -> Result<(Version, Vec<Sums>), sqlx::Error> {
    let mut snapshot = pool
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let version = version(&mut *snapshot).await?;
    let rows = statement(asked).build().fetch_all(&mut *snapshot).await?;
    snapshot.commit().await?;
    let sums = rows.iter().map(|row| read(row, asked));
    Ok((version, sums.collect::<Result<_, _>>()?))
}

/// The state that the sums are of: the build, and the sum of its offsets and of
/// what changed rows beside them.
pub async fn version(connection: impl PgExecutor<'_>) -> Result<Version, sqlx::Error> {
    let row = sqlx::query(
        "SELECT coalesce(max(build), 0) AS build, coalesce(sum(next + redriven), 0)::bigint AS number \
           FROM projection_offsets WHERE projection = $1",
    )
    .bind(views::ORDERS)
    .fetch_one(connection)
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
    // Here, where it is exact: a figure that does not fit is an error.
    sql.push(", (sum(captured) - sum(refunded) - sum(charged_back))::bigint AS net");
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
