//! What a list says of all its orders beside those of the page: how many there
//! are, and how many of each status, platform and so on. Only where the client
//! asks, as either reads more than a page does.

use super::request::ListRequest;
use crate::filters::{
    COUNTRY, CURRENCY, Choice, FULFILLMENT_STATUS, KIND, PAYMENT_STATUS, PLATFORM, RETURN_STATUS,
    STATUS,
};
use infra::{
    http::{Problem, Query, query::invalid},
    postgres::lends_sessions,
};
use serde::Serialize;
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What facets there are: the filters of few values.
const FACETS: [Choice; 8] = [
    PLATFORM,
    STATUS,
    PAYMENT_STATUS,
    FULFILLMENT_STATUS,
    RETURN_STATUS,
    KIND,
    COUNTRY,
    CURRENCY,
];

/// Most values of one facet, those of the most orders.
const MOST_VALUES: i64 = 100;

/// How exactly orders are to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// As the planner of the database expects.
    Estimated,
    /// One by one.
    Exact,
}

/// What is asked for beside the page.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    count: Option<Count>,
    facets: Vec<Choice>,
}

/// How many orders of each value; by facet, then by value.
pub type Facets = BTreeMap<&'static str, BTreeMap<String, i64>>;

/// What is told beside the page.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Told {
    /// How many orders the list has, with `count`; `exact` or about so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// How many of them have each value, with `facets`: each facet without its
    /// own filter, so that it tells what another choice would find.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, BTreeMap<String, i64>>>)]
    pub facets: Option<Facets>,
}

impl Totals {
    /// The parameters `count` and `facets`.
    ///
    /// # Errors
    /// 400 for what is neither way to count, or no facet.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        let count = match query.one("count")? {
            None => None,
            Some("estimated") => Some(Count::Estimated),
            Some("exact") => Some(Count::Exact),
            Some(_) => return Err(invalid("count", "must be one of estimated, exact")),
        };
        let asked = query.many("facets")?;
        let facet = |name: &str| {
            let mut facets = FACETS.into_iter();
            let found = facets.find(|facet| facet.parameter == name);
            found.ok_or_else(|| {
                let names = FACETS.map(|facet| facet.parameter).join(", ");
                invalid("facets", format!("may be some of {names}"))
            })
        };
        Ok(Self {
            count,
            facets: asked.into_iter().map(facet).collect::<Result<_, _>>()?,
        })
    }

    /// The same text for the same question.
    pub fn canonical(&self) -> String {
        let facets = self.facets.iter().map(|facet| facet.parameter);
        let facets: Vec<_> = facets.collect();
        format!("count={:?}\nfacets={}\n", self.count, facets.join(","))
    }

    /// One statement for each part that is asked for; none otherwise.
    pub async fn read(&self, views: &PgPool, list: &ListRequest) -> Result<Told, sqlx::Error> {
        let count = match self.count {
            None => None,
            Some(Count::Exact) => Some(counted(views, list).await?),
            Some(Count::Estimated) => Some(estimated(views, list).await?),
        };
        let mut facets = Facets::new();
        for facet in &self.facets {
            facets.insert(facet.parameter, values(views, list, *facet).await?);
        }
        Ok(Told {
            count,
            facets: (!facets.is_empty()).then_some(facets),
        })
    }
}

async fn counted(views: &PgPool, list: &ListRequest) -> Result<i64, sqlx::Error> {
    let mut sql = QueryBuilder::<Postgres>::new("SELECT count(*) FROM orders WHERE true");
    list.chosen.push_but("", &mut sql);
    let query = sql.build_query_scalar();
    let query = query.persistent(list.chosen.is_planned_once() || lends_sessions(views));
    query.fetch_one(views).await
}

/// The rows that the planner expects: from statistics, without reading any.
async fn estimated(views: &PgPool, list: &ListRequest) -> Result<i64, sqlx::Error> {
    let mut sql =
        QueryBuilder::<Postgres>::new("EXPLAIN (FORMAT JSON) SELECT FROM orders WHERE true");
    list.chosen.push_but("", &mut sql);
    let plan: sqlx::types::JsonValue = sql
        .build_query_scalar()
        .persistent(list.chosen.is_planned_once() || lends_sessions(views))
        .fetch_one(views)
        .await?;
    let rows = plan
        .pointer("/0/Plan/Plan Rows")
        .and_then(serde_json::Value::as_i64);
    rows.ok_or_else(|| sqlx::Error::Decode("a plan without rows".into()))
}

async fn values(
    views: &PgPool,
    list: &ListRequest,
    facet: Choice,
) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let column = facet.parameter;
    let mut sql = QueryBuilder::<Postgres>::new(format!(
        "SELECT {column} AS value, count(*) AS orders FROM orders WHERE true"
    ));
    list.chosen.push_but(column, &mut sql);
    sql.push(" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ");
    sql.push_bind(MOST_VALUES);
    let query = sql
        .build()
        .persistent(list.chosen.is_planned_once() || lends_sessions(views));
    let rows = query.fetch_all(views).await?;
    let value = |row: &sqlx::postgres::PgRow| Ok((row.try_get("value")?, row.try_get("orders")?));
    rows.iter().map(value).collect()
}
