//! `GET /v1/statistics/products`: what sells best.

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
    filters::{Allowed, CURRENCY, PLATFORM, PRODUCT},
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
const KNOWN: Allowed = Allowed {
    choices: &[PLATFORM, CURRENCY, PRODUCT],
    ..Allowed::NOTHING
};

const SOURCE: Source = Source {
    kept: "product_statistics",
    counted: "
    SELECT sku, day, platform, currency, (kind = 'order')::int AS orders,
           sum(quantity - cancelled_quantity) AS units, sum(returned_quantity) AS returned_units,
           sum(amount) AS amount, sum(discount + allocated_discount) AS discounts, sum(tax) AS tax
      FROM orders JOIN order_lines ON order_id = id
     GROUP BY id, sku, day, platform, currency, kind",
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

    fn is_counted(&self) -> bool {
        self.range.is_counted()
    }

    async fn answer(mut self, views: PgPool) -> Result<Entry, StatisticsError> {
        self.range.resolve(&views).await?;
        let (version, mut snapshot) = snapshot(&views, self.range.named_zone()).await?;
        let mut sql = self.range.begin(SOURCE);
        sql.push(
            ", sums AS (SELECT sku, currency, sum(orders)::bigint AS orders, \
                 sum(units)::bigint AS units, sum(returned_units)::bigint AS returned_units, \
                 sum(amount)::bigint AS amount, sum(discounts)::bigint AS discounts, \
                 sum(tax)::bigint AS tax FROM counted WHERE true",
        );
        self.range.push(&mut sql);
        sql.push(
            " GROUP BY sku, currency HAVING (sum(orders), sum(units), sum(returned_units), \
                 sum(amount), sum(discounts), sum(tax)) <> (0, 0, 0, 0, 0, 0)), ",
        );
        push_top(&mut sql, self.top, "sku");
        sql.push(
            " SELECT top.*, (SELECT name FROM order_lines l WHERE l.sku = top.sku AND name <> '' \
               ORDER BY l.sku DESC, order_id DESC LIMIT 1) AS name FROM top ORDER BY currency, place",
        );
        let rows = sql.build_query_as::<ProductRow>();
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
pub struct ProductParameters {
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
/// orders were placed. What is called off or returned later changes the
/// day of its order. A list for each currency, as amounts of different ones
/// cannot be compared.
///
/// `sku` names the products of the list; the other filters choose orders, as
/// they are now, as those of `GET /v1/orders` do. `platform`, `currency` and
/// `sku` cost nothing; for any other, and in another time zone than UTC, the
/// orders that are chosen are counted one by one, which may take too long where
/// they are very many: 503 `took_too_long`.
#[utoipa::path(
    get,
    path = "/v1/statistics/products",
    operation_id = "get_product_statistics",
    tag = "statistics",
    params(RangeParameters, ProductParameters, FilterParameters, MinPosition, Conditional),
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
        range: Range::of(&request, &query, &KNOWN)?,
        top: Top::of(&query, SORTS)?,
    };
    cached::reply(&state, &request, asked).await
}
