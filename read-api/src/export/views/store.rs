//! Statements of exports, and their rows as they come: values are taken from
//! the wire as they are, without a copy.

use super::columns::Table;
use crate::{
    export::{
        error::ExportError,
        sheet::{Cell, Kind},
    },
    live::{Generation, served},
    routes::orders::list::Chosen,
};
use contracts::LogPosition;
use infra::postgres::lends_sessions;
use sqlx::{
    Connection as _, Executor as _, PgConnection, PgPool, Postgres, QueryBuilder, Row as _,
    ValueRef as _,
    postgres::{PgConnectOptions, PgRow},
    types::JsonValue,
};
use std::{error::Error, str, time::Duration};
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Postgres counts microseconds from 2000 on.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A connection that sees the views as they are now, for as long as it may take;
/// and when that is.
pub async fn open(
    options: &PgConnectOptions,
    longest: Duration,
) -> Result<(PgConnection, OffsetDateTime), sqlx::Error> {
    let connection = PgConnection::connect_with(options);
    let connection = timeout(CONNECT_TIME, connection).await;
    let mut connection = connection.map_err(|_| sqlx::Error::PoolTimedOut)??;
    // In the transaction, which is all that this connection is for: a pooler may
    // stand between. Compiling a statement would hold up its first row.
    let longest = longest.as_secs();
    let begin = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
         SET LOCAL statement_timeout = '{longest}s'; \
         SET LOCAL idle_in_transaction_session_timeout = '{longest}s'; \
         SET LOCAL jit = off"
    );
    connection.execute(begin.as_str()).await?;
    let now = sqlx::query_scalar("SELECT now()");
    let now = now.fetch_one(&mut connection).await?;
    Ok((connection, now))
}

/// Ends it in order.
pub async fn close(connection: PgConnection) {
    // It has only read.
    let _ = connection.close().await;
}

/// Where the slowest partition of the documents is, and which documents they
/// are besides.
pub async fn slowest(views: &PgPool) -> Result<(LogPosition, Generation), sqlx::Error> {
    let served = served(views).await?;
    Ok((served.slowest(), served.generation))
}

/// The documents of the orders.
pub fn documents(before: &str, chosen: &Chosen) -> QueryBuilder<'static, Postgres> {
    let mut sql = QueryBuilder::new(format!("{before}SELECT document FROM orders WHERE true"));
    chosen.push_but("", &mut sql);
    sql
}

/// The rows of a table, those of an order one after the other.
pub fn cells(before: &str, table: &Table, chosen: &Chosen) -> QueryBuilder<'static, Postgres> {
    let mut sql = QueryBuilder::new(format!(
        "{before}SELECT {} FROM (SELECT * FROM orders WHERE true",
        table.expressions()
    ));
    chosen.push_but("", &mut sql);
    sql.push(") o").push(table.beside);
    sql
}

/// The rows that the planner expects of a statement which it explains.
pub async fn expected(
    views: &PgPool,
    mut explained: QueryBuilder<'static, Postgres>,
) -> Result<u64, sqlx::Error> {
    let query = explained.build_query_scalar();
    let query = query.persistent(lends_sessions(views));
    let plan: JsonValue = query.fetch_one(views).await?;
    let rows = plan
        .pointer("/0/Plan/Plan Rows")
        .and_then(JsonValue::as_u64);
    rows.ok_or_else(|| sqlx::Error::Decode("a plan without rows".into()))
}

/// A value that is text, as bytes.
pub fn bytes(row: &PgRow, index: usize) -> Result<&[u8], ExportError> {
    let value = row.try_get_raw(index)?;
    value.as_bytes().map_err(ExportError::Row)
}

/// A value that is text.
pub fn text(row: &PgRow, index: usize) -> Result<&str, ExportError> {
    let bytes = bytes(row, index)?;
    str::from_utf8(bytes).map_err(|error| ExportError::Row(error.into()))
}

/// The value of a cell: a `bigint`, `boolean`, `timestamptz`, `uuid` or `text`,
/// in the binary format of prepared statements.
pub fn cell(row: &PgRow, index: usize, kind: Kind) -> Result<Cell<'_>, ExportError> {
    let value = row.try_get_raw(index)?;
    if value.is_null() {
        return Ok(Cell::None);
    }
    let bytes = value.as_bytes().map_err(ExportError::Row)?;
    decoded(bytes, kind).map_err(ExportError::Row)
}

fn decoded(bytes: &[u8], kind: Kind) -> Result<Cell<'_>, Box<dyn Error + Send + Sync>> {
    Ok(match kind {
        Kind::Text => Cell::Text(str::from_utf8(bytes)?),
        Kind::Decimal => Cell::Decimal(str::from_utf8(bytes)?),
        Kind::Id => Cell::Id(Uuid::from_slice(bytes)?),
        Kind::Whole => Cell::Whole(i64::from_be_bytes(bytes.try_into()?)),
        Kind::Yes => Cell::Yes(bytes == [1]),
        Kind::Time => {
            let since_2000 = i64::from_be_bytes(bytes.try_into()?);
            Cell::Time(since_2000.saturating_add(EPOCH_MICROS))
        }
    })
}
