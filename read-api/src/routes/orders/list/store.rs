//! Pages of orders.

use super::{
    request::ListRequest,
    sort::{Sort, SortColumn},
};
use crate::{cursor::Keyset, paging};
use infra::http::Etag;
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use time::OffsetDateTime;

/// One order of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place in the list.
    pub keyset: Keyset,
    /// Its version and revision.
    pub etag: Etag,
    /// JSON, to be sent as it is.
    pub summary: String,
}

/// The page that is asked for and, if there is one, the row after it.
pub async fn page(views: &PgPool, list: &ListRequest) -> Result<Vec<Row>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT id, version, revision, summary, ");
    sql.push(list.sort.column.name());
    sql.push(" AS sorted FROM orders WHERE true");
    list.filters.push(&mut sql);
    if let Some(after) = list.after {
        push_after(&mut sql, list.sort, after)?;
    }
    let direction = if list.sort.descending { "DESC" } else { "ASC" };
    let column = list.sort.column.name();
    sql.push(format!(
        " ORDER BY {column} {direction}, id {direction} LIMIT "
    ));
    sql.push_bind(paging::one_more(list.limit));
    let rows = sql.build().fetch_all(views).await?;
    rows.iter().map(|row| read(row, list.sort.column)).collect()
}

/// A comparison of rows, so that the index begins right there however deep the
/// page is.
fn push_after(
    sql: &mut QueryBuilder<'_, Postgres>,
    sort: Sort,
    after: Keyset,
) -> Result<(), sqlx::Error> {
    let comparison = if sort.descending { "<" } else { ">" };
    sql.push(format!(" AND ({}, id) {comparison} (", sort.column.name()));
    if sort.column.is_time() {
        sql.push_bind(time(after.value)?);
    } else {
        sql.push_bind(after.value);
    }
    sql.push(", ").push_bind(after.id).push(")");
    Ok(())
}

fn read(row: &PgRow, column: SortColumn) -> Result<Row, sqlx::Error> {
    let value = if column.is_time() {
        micros(row.try_get("sorted")?)
    } else {
        row.try_get("sorted")?
    };
    Ok(Row {
        keyset: Keyset {
            value,
            id: row.try_get("id")?,
        },
        etag: Etag {
            version: row.try_get("version")?,
            revision: row.try_get("revision")?,
        },
        summary: row.try_get("summary")?,
    })
}

/// Postgres keeps microseconds: nothing is lost.
fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or_default()
}

fn time(micros: i64) -> Result<OffsetDateTime, sqlx::Error> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .map_err(|error| sqlx::Error::Encode(error.into()))
}
