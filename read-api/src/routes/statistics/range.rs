//! What the lists of figures are asked for in common: days, filters, and how
//! fresh.

use super::{
    cached::StatisticsError,
    period::{Days, UTC},
    selected::{Selected, Source},
};
use crate::{consistency::Consistency, filters::Allowed};
use actix_web::HttpRequest;
use infra::http::{Problem, Query};
use sqlx::{PgPool, Postgres, QueryBuilder};
use utoipa::IntoParams;

/// See the module.
#[derive(Debug, Clone)]
pub struct Range {
    days: Days,
    orders: Selected,
    /// How fresh.
    pub consistency: Consistency,
}

impl Range {
    /// Reads the parameters of a request; the sums are kept by the filters that
    /// are `known`.
    pub fn of(request: &HttpRequest, query: &Query, known: &Allowed) -> Result<Self, Problem> {
        Ok(Self {
            days: Days::of(query)?,
            orders: Selected::of(query, known)?,
            consistency: Consistency::of(request, query)?,
        })
    }

    /// The same text for the same range, however it was written.
    pub fn canonical(&self) -> String {
        format!("{:?}\n{}", self.days, self.orders.canonical())
    }

    /// The time zone that is asked for by its name.
    pub fn named_zone(&self) -> Option<&str> {
        self.days.named_zone()
    }

    /// Whether the database may keep the plan of such a statement for others.
    pub const fn is_planned_once(&self) -> bool {
        self.orders.is_planned_once()
    }

    /// Finds out what the words of `q` may be mistyped for.
    pub async fn resolve(&mut self, views: &PgPool) -> Result<(), StatisticsError> {
        Ok(self.orders.resolve(views).await?)
    }

    /// Whether orders have to be counted one by one: sums are kept by some
    /// filters, and by days of UTC.
    pub fn is_counted(&self) -> bool {
        !self.orders.is_known() || self.zone() != UTC
    }

    /// Begins a statement with `counted`: rows of the source for all days.
    pub fn begin_anywhen(&self, source: Source) -> QueryBuilder<'static, Postgres> {
        self.begin_with(source, |_| ())
    }

    /// The same, with as little as the days need.
    pub fn begin(&self, source: Source) -> QueryBuilder<'static, Postgres> {
        self.begin_with(source, |sql| self.days.push_about(sql))
    }

    fn begin_with(
        &self,
        source: Source,
        within: impl FnOnce(&mut QueryBuilder<'static, Postgres>),
    ) -> QueryBuilder<'static, Postgres> {
        if self.is_counted() {
            self.orders.counted(source, self.zone(), within)
        } else {
            Selected::kept(source)
        }
    }

    fn zone(&self) -> &str {
        self.days.named_zone().unwrap_or(UTC)
    }

    /// Adds ` AND …` for the filters and for the column `day`.
    pub fn push(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        self.push_filters(sql);
        self.push_days(sql, "day");
    }

    /// Adds ` AND …` for the filters.
    pub fn push_filters(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        self.orders.push(sql);
    }

    /// Adds ` AND …` for a column with a date.
    pub fn push_days(&self, sql: &mut QueryBuilder<'_, Postgres>, column: &str) {
        self.days.push(sql, column);
    }
}

/// The parameters that all of them have, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct RangeParameters {
    /// First day; the beginning if absent
    #[param(example = "2026-01-01", format = Date)]
    from: Option<String>,
    /// Day after the last one; the end if absent
    #[param(example = "2026-02-01", format = Date)]
    to: Option<String>,
    /// IANA name of the zone whose days are meant; UTC if absent
    #[param(example = "Europe/London")]
    time_zone: Option<String>,
}
