//! Pages of orders.

use super::{
    request::ListRequest,
    sort::{Sort, SortColumn},
};
use crate::{cursor::Keyset, filters::SKU, paging, routes::orders::store::REVISION};
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
    let mut sql = statement("", list)?;
    let rows = sql.build().fetch_all(views).await?;
    rows.iter().map(|row| read(row, list.sort.column)).collect()
}

/// How the database carries the statement out, having done so:
/// `EXPLAIN (ANALYZE, BUFFERS)` as JSON.
pub async fn plan(views: &PgPool, list: &ListRequest) -> Result<String, sqlx::Error> {
    let explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ";
    let mut sql = statement(explain, list)?;
    let plan: sqlx::types::JsonValue = sql.build_query_scalar().fetch_one(views).await?;
    Ok(plan.to_string())
}

fn statement(
    prefix: &str,
    list: &ListRequest,
) -> Result<QueryBuilder<'static, Postgres>, sqlx::Error> {
    let (column, sku) = (list.sort.column, list.filters.only_value(SKU.parameter));
    let mut sql = QueryBuilder::new(prefix);
    sql.push(format!("SELECT id, version, {REVISION}, summary, "));
    sql.push(column.name()).push(" AS sorted FROM ");
    if let (Some(sku), SortColumn::CreatedAt) = (sku, column) {
        push_with_sku(&mut sql, list, sku)?;
        list.filters.push_but(SKU.parameter, &mut sql);
        push_order(&mut sql, "listed_at", "listed_id", list.sort);
    } else {
        sql.push("orders WHERE true");
        list.filters.push(&mut sql);
        push_after(&mut sql, column.name(), "id", list)?;
        push_order(&mut sql, column.name(), "id", list.sort);
    }
    sql.push(" LIMIT ").push_bind(paging::one_more(list.limit));
    Ok(sql)
}

/// The orders with a line of this SKU, found in the order of the list by the
/// index of the lines: looking at each order's lines would cost the more the
/// fewer orders have it.
fn push_with_sku(
    sql: &mut QueryBuilder<'static, Postgres>,
    list: &ListRequest,
    sku: &str,
) -> Result<(), sqlx::Error> {
    sql.push(
        "(SELECT DISTINCT created_at AS listed_at, order_id AS listed_id FROM order_lines \
          WHERE sku = ",
    );
    sql.push_bind(sku.to_owned());
    push_after(sql, "created_at", "order_id", list)?;
    push_order(sql, "created_at", "order_id", list.sort);
    sql.push(") listed JOIN orders ON id = listed_id WHERE true");
    Ok(())
}

fn push_order(sql: &mut QueryBuilder<'static, Postgres>, column: &str, id: &str, sort: Sort) {
    let direction = if sort.descending { "DESC" } else { "ASC" };
    sql.push(format!(" ORDER BY {column} {direction}, {id} {direction}"));
}

/// A comparison of rows, so that the index begins right there however deep the
/// page is.
fn push_after(
    sql: &mut QueryBuilder<'static, Postgres>,
    column: &str,
    id: &str,
    list: &ListRequest,
) -> Result<(), sqlx::Error> {
    let Some(after) = list.after else {
        return Ok(());
    };
    let comparison = if list.sort.descending { "<" } else { ">" };
    sql.push(format!(" AND ({column}, {id}) {comparison} ("));
    if list.sort.column.is_time() {
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
