//! `GET /v1/statistics/customers/cohorts`: what became of the customers who
//! began in the same month.

use super::{
    cached::{self, MOST_ROWS, Question, StatisticsError, packed, snapshot},
    customers::{KNOWN, SOURCE},
    range::Range,
    rows::from_row,
};
use crate::{
    consistency::Consistency,
    documented::{Conditional, MinPosition, Refused, ToldFigures},
    routes::orders::list::{FilterParameters, with_filters},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
    redis::Entry,
};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &with_filters::<30>(&["from", "to", "time_zone", "min_position"]);

/// Cohorts; put together elsewhere, never of this.
#[derive(Serialize, ToSchema)]
pub struct CohortStatistics {
    /// By cohort, then by month and currency.
    data: Vec<CohortRow>,
    /// State that the figures are of: it rises with every event.
    #[schema(example = "1-52340")]
    version: String,
    /// When they were computed.
    #[schema(value_type = String, format = DateTime)]
    as_of: String,
}

from_row! {
    /// What the customers of one cohort did in one month and currency; amounts in
    /// its minor units.
    #[derive(Debug, Serialize, ToSchema)]
    pub struct CohortRow {
        /// First day of the month of their first sale, in any currency.
        #[schema(value_type = String, format = Date, example = "2026-01-01")]
        cohort: String,
        /// Customers of the cohort.
        size: i64,
        /// First day of the month that the figures are of.
        #[schema(value_type = String, format = Date, example = "2026-03-01")]
        month: String,
        /// Months from the cohort's to this one.
        months_since: i32,
        /// ISO 4217.
        #[schema(example = "GBP")]
        currency: String,
        /// Customers of the cohort with a sale in the month and currency.
        customers: i64,
        /// Their sales, also those cancelled since.
        orders: i64,
        /// Σ totals of all that they ordered, credits included.
        revenue: i64,
        /// Captured − refunded − charged back.
        net: i64,
    }
}

/// Cohorts, as asked for.
#[derive(Debug, Clone)]
struct CohortsRequest {
    range: Range,
}

impl Question for CohortsRequest {
    fn canonical(&self) -> String {
        format!("cohorts\n{}", self.range.canonical())
    }

    fn consistency(&self) -> &Consistency {
        &self.range.consistency
    }

    fn is_counted(&self) -> bool {
        self.range.is_counted()
    }

    async fn answer(mut self, views: PgPool) -> Result<Entry, StatisticsError> {
        self.range.resolve(&views).await?;
        let (version, mut snapshot) = snapshot(&views, self.range.named_zone()).await?;
        // The days are those of the cohorts: what came of them came later.
        let mut sql = self.range.begin_anywhen(SOURCE);
        sql.push(
            ", months AS (SELECT platform, customer, date_trunc('month', day::timestamp)::date AS month, \
                 currency, sum(orders) AS orders, sum(revenue) AS revenue, \
                 sum(captured) - sum(refunded) - sum(charged_back) AS net \
               FROM counted WHERE true",
        );
        self.range.push_filters(&mut sql);
        sql.push(
            " GROUP BY 1, 2, 3, 4), \
             firsts AS (SELECT platform, customer, min(month) FILTER (WHERE orders > 0) AS cohort \
               FROM months GROUP BY 1, 2), \
             sizes AS (SELECT cohort, count(*) AS size FROM firsts GROUP BY 1) \
             SELECT cohort::text, size, month::text, \
                 ((extract(year FROM month) - extract(year FROM cohort)) * 12 \
                   + extract(month FROM month) - extract(month FROM cohort))::int AS months_since, \
                 currency, count(*) FILTER (WHERE orders > 0) AS customers, \
                 sum(orders)::bigint AS orders, sum(revenue)::bigint AS revenue, \
                 sum(net)::bigint AS net \
               FROM months JOIN firsts USING (platform, customer) JOIN sizes USING (cohort) \
              WHERE month >= cohort",
        );
        self.range.push_days(&mut sql, "cohort");
        sql.push(format!(
            " GROUP BY cohort, size, month, currency \
             HAVING (sum(orders), sum(revenue), sum(net)) <> (0, 0, 0) \
              ORDER BY cohort, month, currency LIMIT {}",
            MOST_ROWS + 1
        ));
        let rows = sql.build_query_as::<CohortRow>();
        let rows = rows.persistent(self.range.is_planned_once());
        let rows = rows.fetch_all(&mut *snapshot).await?;
        snapshot.commit().await?;
        packed(&rows, version)
    }
}

/// The parameters, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct CohortParameters {
    /// Cohorts of months that begin on this day or later
    #[param(example = "2026-01-01", format = Date)]
    from: Option<String>,
    /// Cohorts of months that begin before this day
    #[param(example = "2026-07-01", format = Date)]
    to: Option<String>,
    /// IANA name of the zone whose months are meant; UTC if absent
    #[param(example = "Europe/London")]
    time_zone: Option<String>,
}

/// Cohorts
///
/// Customers by the month of their first sale, and what they did in that month
/// and each one after. An id belongs to its channel; orders without one are in
/// no cohort. An import of older orders moves a customer to an older cohort.
///
/// Filters choose orders, as they are now, as those of `GET /v1/orders` do: a
/// cohort then begins with the first sale among them. `platform`, `currency`
/// and `customer` cost nothing; for any other, and in another time zone than
/// UTC, the orders that are chosen are counted one by one, which may take too
/// long where they are very many: 503 `took_too_long`.
#[utoipa::path(
    get,
    path = "/v1/statistics/customers/cohorts",
    operation_id = "get_cohort_statistics",
    tag = "statistics",
    params(CohortParameters, FilterParameters, MinPosition, Conditional),
    responses(ToldFigures<CohortStatistics>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let asked = CohortsRequest {
        range: Range::of(&request, &query, &KNOWN)?,
    };
    cached::reply(&state, &request, asked).await
}
