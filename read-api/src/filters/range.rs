//! Pairs of parameters that a column must lie between.

use infra::http::{Problem, Query, query::invalid};
use sqlx::{Encode, Postgres, QueryBuilder, Type};
use time::OffsetDateTime;

/// Bounds of which at least one is there.
type Bounds<T> = Option<(Option<T>, Option<T>)>;

/// A range of time, half open.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Name of the lower bound, which is included.
    pub from: &'static str,
    to: &'static str,
    column: &'static str,
    /// A condition without which the column means something else.
    only: Option<&'static str>,
}

/// A range of amounts, in minor units of each order's own currency; both
/// bounds are included.
#[derive(Debug, Clone, Copy)]
pub struct Amounts {
    /// Name of the lower bound.
    pub min: &'static str,
    max: &'static str,
    column: &'static str,
}

const fn times(from: &'static str, to: &'static str, column: &'static str) -> Times {
    Times {
        from,
        to,
        column,
        only: None,
    }
}

/// When the log first recorded the order.
pub const CREATED: Times = times("created_from", "created_to", "created_at");
/// Business time, which only placed orders have.
pub const PLACED: Times = Times {
    only: Some("placed"),
    ..times("placed_from", "placed_to", "placed_at")
};
/// When the log last recorded a change.
pub const UPDATED: Times = times("updated_from", "updated_to", "updated_at");
/// Business time of a customer's last order.
pub const LAST_ORDER: Times = times("last_order_from", "last_order_to", "placed_at");

/// What the order costs.
pub const TOTAL: Amounts = Amounts {
    min: "total_min",
    max: "total_max",
    column: "total",
};
/// What is still to be paid.
pub const BALANCE_DUE: Amounts = Amounts {
    min: "balance_due_min",
    max: "balance_due_max",
    column: "balance_due",
};

impl Times {
    /// The bounds that are asked for.
    pub(super) fn read(&self, query: &Query) -> Result<Bounds<OffsetDateTime>, Problem> {
        let (from, to) = (query.time(self.from)?, query.time(self.to)?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            let detail = format!("must not be before {}", self.from);
            return Err(invalid(self.to, detail));
        }
        Ok((from.is_some() || to.is_some()).then_some((from, to)))
    }

    /// Adds ` AND …`.
    pub(super) fn push(
        &self,
        sql: &mut QueryBuilder<'_, Postgres>,
        from: Option<OffsetDateTime>,
        to: Option<OffsetDateTime>,
    ) {
        if let Some(only) = self.only {
            sql.push(" AND ").push(only);
        }
        push_bound(sql, self.column, " >= ", from);
        push_bound(sql, self.column, " < ", to);
    }
}

impl Amounts {
    /// The bounds that are asked for.
    pub(super) fn read(&self, query: &Query) -> Result<Bounds<i64>, Problem> {
        let expected = "a whole number of minor units";
        let min = query.parsed::<i64>(self.min, expected)?;
        let max = query.parsed::<i64>(self.max, expected)?;
        if min.zip(max).is_some_and(|(min, max)| min > max) {
            let detail = format!("must not be below {}", self.min);
            return Err(invalid(self.max, detail));
        }
        Ok((min.is_some() || max.is_some()).then_some((min, max)))
    }

    /// Adds ` AND …`.
    pub(super) fn push(
        &self,
        sql: &mut QueryBuilder<'_, Postgres>,
        min: Option<i64>,
        max: Option<i64>,
    ) {
        push_bound(sql, self.column, " >= ", min);
        push_bound(sql, self.column, " <= ", max);
    }
}

fn push_bound<'a, T>(
    sql: &mut QueryBuilder<'a, Postgres>,
    column: &str,
    comparison: &str,
    bound: Option<T>,
) where
    T: 'a + Encode<'a, Postgres> + Type<Postgres>,
{
    if let Some(bound) = bound {
        sql.push(" AND ").push(column).push(comparison);
        sql.push_bind(bound);
    }
}
