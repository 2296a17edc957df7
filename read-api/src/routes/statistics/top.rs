//! The first rows of a list, per currency.

use crate::paging;
use infra::http::{Problem, Query, query::invalid};
use sqlx::{Postgres, QueryBuilder};

/// Which rows of a list, for each currency.
#[derive(Debug, Clone, Copy)]
pub struct Top {
    sort: &'static str,
    limit: usize,
}

impl Top {
    /// The parameters `sort`, one of these columns (the first if absent), and
    /// `limit`.
    pub fn of(query: &Query, sorts: &'static [&'static str]) -> Result<Self, Problem> {
        let text = query.one("sort")?.or(sorts.first().copied());
        let sort = sorts.iter().find(|sort| Some(**sort) == text);
        let sort =
            sort.ok_or_else(|| invalid("sort", format!("must be one of {}", sorts.join(", "))))?;
        Ok(Self {
            sort,
            limit: paging::limit(query)?,
        })
    }
}

/// Adds ` top AS (…)`: the rows of `sums` with the greatest of what is sorted
/// by, and their `place` among those of their currency; `id` breaks ties.
pub fn push_top(sql: &mut QueryBuilder<'_, Postgres>, top: Top, id: &str) {
    let Top { sort, limit } = top;
    sql.push(format!(
        "top AS (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY currency \
             ORDER BY {sort} DESC, {id}) AS place FROM sums) placed WHERE place <= {limit})"
    ));
}
