//! `GET /v1/statistics/funnel`: how far orders come, and how long it takes
//! them.

mod histogram;

use super::{
    cached::{self, MOST_ROWS, Question, StatisticsError, packed, snapshot},
    period::Interval,
    range::{Range, RangeParameters},
    rows::from_row,
    selected::Source,
};
use crate::{
    consistency::Consistency,
    documented::{Conditional, MinPosition, Refused, ToldFigures},
    filters::{Allowed, PLATFORM},
    routes::orders::list::{FilterParameters, with_filters},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
pub use histogram::Bucket;
use histogram::{average, quantile};
use infra::{
    http::{Principal, Problem, Query, query::invalid},
    redis::Entry,
};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &with_filters::<32>(&[
    "from",
    "to",
    "interval",
    "time_zone",
    "group_by",
    "min_position",
]);

/// What the sums are kept by.
const KNOWN: Allowed = Allowed {
    choices: &[PLATFORM],
    ..Allowed::NOTHING
};

const SOURCE: Source = Source {
    kept: "order_funnel",
    counted: concat!(
        "
    SELECT day, platform, step, ",
        infra::funnel_bucket!(),
        " AS bucket, 1 AS orders, seconds
      FROM orders, ",
        infra::funnel_steps!(),
        "
     WHERE kind = 'order' AND seconds >= 0"
    ),
};

/// The funnel; put together elsewhere, never of this.
#[derive(Serialize, ToSchema)]
pub struct FunnelStatistics {
    /// By period, then by platform and step.
    data: Vec<FunnelRow>,
    /// State that the figures are of: it rises with every event.
    #[schema(example = "1-52340")]
    version: String,
    /// When they were computed.
    #[schema(value_type = String, format = DateTime)]
    as_of: String,
}

/// One step of one period and group.
#[derive(Debug, Serialize, ToSchema)]
pub struct FunnelRow {
    /// First day of the period; with `interval` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-01")]
    period: Option<String>,
    /// With `group_by=platform` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "web")]
    platform: Option<String>,
    /// `placed` counts all sales; `placed_paid` those that went from placed to
    /// paid, and so on.
    #[schema(example = "placed_paid")]
    step: String,
    /// Sales that took the step.
    orders: i64,
    /// How long it took them on average, in seconds, rounded half-even.
    average_seconds: Option<i64>,
    /// Half of them took no longer; as exact as the buckets are.
    p50_seconds: i64,
    /// Nine of ten took no longer.
    p90_seconds: i64,
    /// 99 of 100 took no longer.
    p99_seconds: i64,
    /// How many took how long; each bucket is twice as wide as the one before.
    buckets: Vec<Bucket>,
}

/// A funnel, as asked for.
#[derive(Debug, Clone)]
struct FunnelRequest {
    range: Range,
    interval: Option<Interval>,
    by_platform: bool,
}

from_row! {
    struct Stored {
        period: Option<String>,
        platform: Option<String>,
        step: String,
        bucket: i16,
        orders: i64,
        seconds: i64,
    }
}

impl Question for FunnelRequest {
    fn canonical(&self) -> String {
        let grouped = (self.interval, self.by_platform);
        format!("funnel {grouped:?}\n{}", self.range.canonical())
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
        let period = self.interval.map_or_else(
            || "NULL::text".to_owned(),
            |interval| {
                format!(
                    "date_trunc('{}', day::timestamp)::date::text",
                    interval.name()
                )
            },
        );
        let platform = if self.by_platform {
            "platform"
        } else {
            "NULL::text"
        };
        let mut sql = self.range.begin(SOURCE);
        sql.push(format!(
            " SELECT {period} AS period, {platform} AS platform, step, bucket, \
                 sum(orders)::bigint AS orders, sum(seconds)::bigint AS seconds \
               FROM counted WHERE true"
        ));
        self.range.push(&mut sql);
        // No step has more than 64 buckets.
        sql.push(format!(
            " GROUP BY 1, 2, 3, 4 HAVING sum(orders) <> 0 ORDER BY 1, 2, 3, 4 LIMIT {}",
            64 * (MOST_ROWS + 1)
        ));
        let rows = sql.build_query_as::<Stored>();
        let rows = rows.persistent(self.range.is_planned_once());
        let rows = rows.fetch_all(&mut *snapshot).await?;
        snapshot.commit().await?;
        let steps = rows.chunk_by(|a, b| {
            (&a.period, &a.platform, &a.step) == (&b.period, &b.platform, &b.step)
        });
        packed(&steps.map(row).collect::<Vec<_>>(), version)
    }
}

/// One step, of all its buckets.
fn row(step: &[Stored]) -> FunnelRow {
    let buckets: Vec<_> = step
        .iter()
        .map(|s| Bucket::of(s.bucket, s.orders))
        .collect();
    let seconds = step.iter().map(|s| i128::from(s.seconds)).sum();
    let Stored {
        period,
        platform,
        step,
        ..
    } = &step[0];
    FunnelRow {
        period: period.clone(),
        platform: platform.clone(),
        step: step.clone(),
        orders: buckets.iter().map(|bucket| bucket.orders).sum(),
        average_seconds: average(seconds, &buckets),
        p50_seconds: quantile(50, &buckets),
        p90_seconds: quantile(90, &buckets),
        p99_seconds: quantile(99, &buckets),
        buckets,
    }
}

fn by_platform(query: &Query) -> Result<bool, Problem> {
    match query.one("group_by")? {
        None => Ok(false),
        Some("platform") => Ok(true),
        Some(_) => Err(invalid("group_by", "must be platform")),
    }
}

/// The parameters, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct FunnelParameters {
    /// `day`, `week` or `month`; one row per step for the whole range if absent
    #[param(example = "week")]
    interval: Option<String>,
    /// `platform`
    #[param(example = "platform")]
    group_by: Option<String>,
}

/// Funnel
///
/// How many sales came from one state to another, and how long it took them,
/// by the day on which they were placed. A state counts when it is first
/// reached, and stays reached: an order that was paid and refunded was paid.
/// Credits, adjustments and drafts are left out.
///
/// Filters choose orders, as they are now, as those of `GET /v1/orders` do.
/// `platform` costs nothing; for any other, and in another time zone than UTC,
/// the orders that are chosen are counted one by one, which may take too long
/// where they are very many: 503 `took_too_long`.
#[utoipa::path(
    get,
    path = "/v1/statistics/funnel",
    operation_id = "get_funnel_statistics",
    tag = "statistics",
    params(RangeParameters, FunnelParameters, FilterParameters, MinPosition, Conditional),
    responses(ToldFigures<FunnelStatistics>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let asked = FunnelRequest {
        range: Range::of(&request, &query, &KNOWN)?,
        interval: Interval::of(&query, false)?,
        by_platform: by_platform(&query)?,
    };
    cached::reply(&state, &request, asked).await
}
