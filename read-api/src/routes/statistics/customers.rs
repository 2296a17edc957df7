//! `GET /v1/statistics/customers`: who orders most.

use super::{
    cached::{self, Question, StatisticsError, packed, snapshot},
    range::{Range, RangeParameters},
    rows::from_row,
    selected::Source,
    top::{Top, push_top},
};
use crate::{
    consistency::Consistency,
    documented::{Conditional, MinPosition, Refused, ToldFigures},
    filters::{Allowed, BUYER, CURRENCY, PLATFORM},
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
pub const PARAMETERS: &[&str] =
    &with_filters::<32>(&["from", "to", "time_zone", "sort", "limit", "min_position"]);

/// What the sums are kept by.
pub const KNOWN: Allowed = Allowed {
    choices: &[PLATFORM, CURRENCY, BUYER],
    ..Allowed::NOTHING
};

/// What customers' orders count for.
pub const SOURCE: Source = Source {
    kept: "customer_statistics",
    counted: "
    SELECT platform, customer_id AS customer, day, currency, sale AS orders,
           (status = 'cancelled')::int * sale AS cancelled, units, total AS revenue, captured,
           refunded, (t ->> 'charged_back')::bigint AS charged_back,
           (t ->> 'credited')::bigint AS credited
      FROM orders, LATERAL (SELECT (kind = 'order')::int, summary::json -> 'totals')
               AS totals (sale, t)
     WHERE customer_id IS NOT NULL",
};

/// What rows of the sums come to.
pub const SUMS: &str = "sum(orders)::bigint AS orders, sum(cancelled)::bigint AS cancelled, \
     sum(units)::bigint AS units, sum(revenue)::bigint AS revenue, \
     sum(captured)::bigint AS captured, sum(refunded)::bigint AS refunded, \
     sum(charged_back)::bigint AS charged_back, sum(credited)::bigint AS credited, \
     (sum(captured) - sum(refunded) - sum(charged_back))::bigint AS net";

/// Whether that is anything.
pub const ANYTHING: &str = "(sum(orders), sum(units), sum(revenue), sum(captured), \
     sum(refunded), sum(charged_back), sum(credited)) <> (0, 0, 0, 0, 0, 0, 0)";

/// What the list can be sorted by: columns, the default first.
const SORTS: &[&str] = &["revenue", "net", "orders", "units"];

/// Top customers; put together elsewhere, never of this.
#[derive(Serialize, ToSchema)]
pub struct CustomerStatistics {
    /// By currency, then by `sort`, greatest first.
    data: Vec<CustomerRow>,
    /// State that the figures are of: it rises with every event.
    #[schema(example = "1-52340")]
    version: String,
    /// When they were computed.
    #[schema(value_type = String, format = DateTime)]
    as_of: String,
}

from_row! {
    /// The figures of one customer in one currency; amounts in its minor units.
    #[derive(Debug, Serialize, ToSchema)]
    pub struct CustomerRow {
        /// Slug of the sales channel, which the id belongs to.
        #[schema(example = "web")]
        platform: String,
        /// The channel's own id of the customer.
        #[schema(example = "C-17")]
        customer: String,
        /// ISO 4217.
        #[schema(example = "GBP")]
        currency: String,
        /// Sales that were placed, also those cancelled since.
        orders: i64,
        /// Of them, the cancelled ones.
        cancelled: i64,
        /// Goods that were not called off; those of credits are taken away.
        units: i64,
        /// Σ totals.
        revenue: i64,
        /// Captured from the customer.
        captured: i64,
        /// Refunded to the customer.
        refunded: i64,
        /// Taken back by the customer's bank.
        charged_back: i64,
        /// Value of returned goods and goodwill.
        credited: i64,
        /// Captured − refunded − charged back.
        net: i64,
        /// Day of the first sale in the range; `null` without one.
        #[schema(value_type = Option<String>, format = Date)]
        first_order: Option<String>,
        /// Day of the last one.
        #[schema(value_type = Option<String>, format = Date)]
        last_order: Option<String>,
    }
}

/// A list, as asked for.
#[derive(Debug, Clone)]
struct CustomersRequest {
    range: Range,
    top: Top,
}

impl Question for CustomersRequest {
    fn canonical(&self) -> String {
        format!("customers {:?}\n{}", self.top, self.range.canonical())
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
        let mut sql = self.range.begin(SOURCE);
        sql.push(format!(
            ", sums AS (SELECT platform, customer, currency, {SUMS}, \
                 (min(day) FILTER (WHERE orders > 0))::text AS first_order, \
                 (max(day) FILTER (WHERE orders > 0))::text AS last_order \
               FROM counted WHERE true"
        ));
        self.range.push(&mut sql);
        sql.push(format!(
            " GROUP BY platform, customer, currency HAVING {ANYTHING}), "
        ));
        push_top(&mut sql, self.top, "platform, customer");
        sql.push(" SELECT * FROM top ORDER BY currency, place");
        let rows = sql.build_query_as::<CustomerRow>();
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
pub struct CustomerParameters {
    /// `revenue` (if absent), `net`, `orders` or `units`
    #[param(example = "orders")]
    sort: Option<String>,
    /// Customers per currency; 50 if absent
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u8>,
}

/// Top customers
///
/// Who ordered most in each currency, by the day on which the orders were
/// placed; money is that of those orders, whenever it moved. An id
/// belongs to its channel. Orders without a customer's id are in no row.
///
/// Filters choose orders, as they are now, as those of `GET /v1/orders` do.
/// `platform`, `currency` and `customer` cost nothing; for any other, and in
/// another time zone than UTC, the orders that are chosen are counted one by
/// one, which may take too long where they are very many: 503 `took_too_long`.
#[utoipa::path(
    get,
    path = "/v1/statistics/customers",
    operation_id = "get_customer_statistics",
    tag = "statistics",
    params(RangeParameters, CustomerParameters, FilterParameters, MinPosition, Conditional),
    responses(ToldFigures<CustomerStatistics>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let asked = CustomersRequest {
        range: Range::of(&request, &query, &KNOWN)?,
        top: Top::of(&query, SORTS)?,
    };
    cached::reply(&state, &request, asked).await
}
