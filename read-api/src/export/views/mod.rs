//! Exports of the views: orders and their lines.

mod columns;
mod store;

use super::{
    Format,
    error::ExportError,
    outlet::Outlet,
    response::{Asked, Begin, Moment, Source},
    sheet::Sheet,
};
use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED},
    fields::{self, Fields},
    lag,
    live::{Edge, marker_text},
    routes::orders::list::Chosen,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, http::header::HeaderValue};
use columns::{LINES, ORDERS, Table};
use futures_util::TryStreamExt as _;
use infra::http::{Problem, Query};
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder, postgres::PgRow};
use std::time::Duration;
use tokio::time::timeout;

/// How long the log may take to say how far the views are.
const LOG_TIME: Duration = Duration::from_secs(1);

/// What of the views is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A row for each order.
    Orders,
    /// A row for each line of the orders.
    Lines,
}

/// What each row becomes.
enum Content {
    /// The order's document, or some fields of it.
    Documents(Option<Fields>),
    /// Cells.
    Cells(&'static Table),
}

/// The rows, on a connection of their own.
struct Rows {
    connection: PgConnection,
    sql: QueryBuilder<'static, Postgres>,
    content: Content,
}

/// Answers a request for `subject` as `format`; `query` has nothing but what the
/// route allows.
///
/// # Errors
/// 400 for a filter that cannot be, 503 where the views do not answer or too
/// many exports run.
pub async fn export(
    state: &State,
    request: &HttpRequest,
    query: &Query,
    (subject, format): (Subject, Format),
) -> Result<HttpResponse, Problem> {
    let chosen = Chosen::of(query)?;
    let consistency = Consistency::of(request, query)?;
    let fields = Fields::of(query, &fields::ORDER)?;
    let (name, content) = match (subject, format) {
        (Subject::Orders, Format::Ndjson) => ("orders", Content::Documents(fields)),
        (Subject::Orders, _) => ("orders", Content::Cells(&ORDERS)),
        (Subject::Lines, _) => ("lines", Content::Cells(&LINES)),
    };
    let asked = Asked::of(request, name, format);
    if asked.head_only {
        return Ok(asked.without_body());
    }
    let route = consistency.wait(state, None).await?.route;
    let exports = &state.exports;
    let turn = exports.turn()?;
    let chosen = &chosen;
    let opened = route.read(|views| async move {
        let mut chosen = chosen.clone();
        chosen.resolve(&views).await?;
        // Before the snapshot: whatever this server has by now is in that.
        let position = position(state, &views).await?;
        let (connection, as_of) = store::open(&exports.options(&views)).await?;
        Ok::<_, sqlx::Error>((chosen, connection, Moment { position, as_of }))
    });
    let (opened, by) = opened.await.map_err(|error| Problem::database(&error))?;
    let (chosen, connection, moment) = opened;
    let sheet = content.sheet(format).map_err(|error| error.problem())?;
    let rows = Rows {
        connection,
        sql: content.statement(&chosen),
        content,
    };
    let begin = Begin {
        asked,
        moment,
        sheet,
        turn,
    };
    let mut response = begin.stream(exports, request, rows).await?;
    let headers = response.headers_mut();
    headers.insert(lag::HEADER, state.lag.header(by));
    if let Some(applied) = consistency.applied()
        && let Ok(applied) = HeaderValue::try_from(applied)
    {
        headers.insert(PREFERENCE_APPLIED, applied);
    }
    Ok(response)
}

/// A place in the log up to which these views have everything. A log that does
/// not answer takes nothing away: then it is the place of the slowest partition,
/// which may be long ago because nothing happened in it since.
async fn position(state: &State, views: &PgPool) -> Result<String, sqlx::Error> {
    let known = timeout(LOG_TIME, state.live.changes.feed().end_of(views)).await;
    if let Ok(Ok(edge)) = known {
        return Ok(marker_text(edge, None));
    }
    let (at, generation) = store::slowest(views).await?;
    let generation = Some(generation);
    Ok(marker_text(Edge { at, generation }, None))
}

impl Content {
    fn sheet(&self, format: Format) -> Result<Sheet, ExportError> {
        match self {
            Self::Documents(_) => Ok(Sheet::of_lines()),
            Self::Cells(table) => Sheet::of_rows(format, table.columns()),
        }
    }

    fn statement(&self, chosen: &Chosen) -> QueryBuilder<'static, Postgres> {
        match self {
            Self::Documents(_) => store::documents(chosen),
            Self::Cells(table) => store::cells(table, chosen),
        }
    }

    fn write(&self, row: &PgRow, sheet: &mut Sheet) -> Result<(), ExportError> {
        match self {
            Self::Documents(None) => sheet.line(store::bytes(row, 0)?),
            Self::Documents(Some(fields)) => {
                let cut = fields.cut(store::text(row, 0)?)?;
                sheet.line(cut.as_bytes());
            }
            Self::Cells(table) => table.write(row, sheet)?,
        }
        Ok(())
    }
}

impl Source for Rows {
    async fn write(mut self, outlet: &mut Outlet) -> Result<(), ExportError> {
        let query = self.sql.build().persistent(false);
        let mut rows = query.fetch(&mut self.connection);
        while let Some(row) = rows.try_next().await? {
            self.content.write(&row, outlet.sheet())?;
            outlet.pass_on().await?;
        }
        // Whatever is still to be sent needs no snapshot any more. Where this is
        // not come to, the connection is cut, and the statement with it.
        drop(rows);
        store::close(self.connection).await;
        Ok(())
    }
}
