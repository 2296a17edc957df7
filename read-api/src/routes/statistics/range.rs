//! What the lists of figures are asked for in common: days, filters, and how
//! fresh.

use super::period::Days;
use crate::{
    consistency::Consistency,
    filters::{Allowed, Filters},
};
use actix_web::HttpRequest;
use infra::http::{Problem, Query};
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;

/// See the module.
#[derive(Debug, Clone)]
pub struct Range {
    days: Days,
    filters: Filters,
    /// How fresh.
    pub consistency: Consistency,
}

impl Range {
    /// Reads the parameters of a request.
    pub fn of(request: &HttpRequest, query: &Query, allowed: &Allowed) -> Result<Self, Problem> {
        Ok(Self {
            days: Days::of(query)?,
            filters: Filters::of(query, allowed)?,
            consistency: Consistency::of(request, query)?,
        })
    }

    /// The same text for the same range, however it was written.
    pub fn canonical(&self) -> String {
        format!("{:?}\n{}", self.days, self.filters.canonical())
    }

    /// Adds ` AND …` for the filters and for the column `day`.
    pub fn push(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        self.push_filters(sql);
        self.push_days(sql, "day");
    }

    /// Adds ` AND …` for the filters.
    pub fn push_filters(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        self.filters.push(sql);
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
    /// First day, in UTC; the beginning if absent
    #[param(example = "2026-01-01", format = Date)]
    from: Option<String>,
    /// Day after the last one; the end if absent
    #[param(example = "2026-02-01", format = Date)]
    to: Option<String>,
    /// Slug of the sales channel
    #[param(example = "web")]
    platform: Option<String>,
}
