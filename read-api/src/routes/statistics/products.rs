//! `GET /v1/statistics/products`: what sells best.

use super::{
    cached::{self, Question, StatisticsError, packed, snapshot},
    range::{Range, RangeParameters},
    rows::from_row,
    top::{Top, push_top},
};
use crate::{
    consistency::Consistency,
    documented::{Conditional, MinPosition, Refused, ToldFigures},
    filters::{Allowed, CURRENCY, PLATFORM},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
    redis::Entry,
};
use serde::Serialize;
use sqlx::{PgPool, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[
    "from",
    "to",
    "platform",
    "currency",
    "sort",
    "limit",
    "min_position",
];

const ALLOWED: Allowed = Allowed {
    choices: &[PLATFORM, CURRENCY],
    ..Allowed::NOTHING
};

/// What the list can be sorted by: columns, the default first.
const SORTS: &[&str] = &["amount", "units", "orders", "returned_units"];

/// Top products; put together elsewhere, never of this.
#[derive(Serialize, ToSchema)]
pub struct ProductStatistics {
    /// By currency, then by `sort`, greatest first.
    data: Vec<ProductRow>,
    /// State that the figures are of: it rises with every event.
    #[schema(example = "1-52340")]
    version: String,
    /// When they were computed.
    #[schema(value_type = String, format = DateTime)]
    as_of: String,
}

from_row! {
    /// The figures of one product in one currency; amounts in its minor units,
    /// over what is not called off.
    #[derive(Debug, Serialize, ToSchema)]
    pub struct ProductRow {
        /// Stock keeping unit.
        #[schema(example = "LAMP")]
        sku: String,
        /// A name that it was sold under; `null` where it never had one.
        #[schema(example = "Desk lamp")]
        name: Option<String>,
        /// ISO 4217.
        #[schema(example = "GBP")]
        currency: String,
        /// Sales with the product.
        orders: i64,
        /// Units sold; those of credits are taken away.
        units: i64,
        /// Units that came back.
        returned_units: i64,
        /// Σ line amounts.
        amount: i64,
        /// Σ discounts, the lines' own and their shares of the orders'.
        discounts: i64,
        /// Σ taxes.
        tax: i64,
    }
}

/// A list, as asked for.
#[derive(Debug, Clone)]
struct ProductsRequest {
    range: Range,
    top: Top,
}

impl Question for ProductsRequest {
    fn canonical(&self) -> String {
        format!("products {:?}\n{}", self.top, self.range.canonical())
    }

    fn consistency(&self) -> &Consistency {
        &self.range.consistency
    }

    async fn answer(self, views: PgPool) -> Result<Entry, StatisticsError> {
        let (version, mut snapshot) = snapshot(&views).await?;
        let mut sql = QueryBuilder::new(
            "WITH sums AS (SELECT sku, currency, sum(orders)::bigint AS orders, \
                 sum(units)::bigint AS units, sum(returned_units)::bigint AS returned_units, \
                 sum(amount)::bigint AS amount, sum(discounts)::bigint AS discounts, \
                 sum(tax)::bigint AS tax FROM product_statistics WHERE true",
        );
        self.range.push(&mut sql);
        sql.push(" GROUP BY sku, currency), ");
        push_top(&mut sql, self.top, "sku");
        sql.push(
            " SELECT top.*, (SELECT name FROM order_lines l WHERE l.sku = top.sku AND name <> '' \
               ORDER BY l.sku DESC, order_id DESC LIMIT 1) AS name FROM top ORDER BY currency, place",
        );
        let rows = sql.build_query_as::<ProductRow>();
        let rows = rows.fetch_all(&mut *snapshot).await?;
        snapshot.commit().await?;
        packed(&rows, version)
    }
}

/// The parameters, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct ProductParameters {
    /// ISO 4217
    #[param(example = "GBP")]
    currency: Option<String>,
    /// `amount` (if absent), `units`, `orders` or `returned_units`
    #[param(example = "units")]
    sort: Option<String>,
    /// Products per currency; 50 if absent
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u8>,
}

/// Top products
///
/// The products that sold best in each currency, by the day on which their
/// orders were placed (UTC). What is called off or returned later changes the
/// day of its order. A list for each currency, as amounts of different ones
/// cannot be compared.
#[utoipa::path(
    get,
    path = "/v1/statistics/products",
    operation_id = "get_product_statistics",
    tag = "statistics",
    params(RangeParameters, ProductParameters, MinPosition, Conditional),
    responses(ToldFigures<ProductStatistics>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let asked = ProductsRequest {
        range: Range::of(&request, &query, &ALLOWED)?,
        top: Top::of(&query, SORTS)?,
    };
    cached::reply(&state, &request, asked).await
}
