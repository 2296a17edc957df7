//! Exports of the views: orders and their lines.

mod columns;
mod store;

use super::{
    Exports, Format,
    error::ExportError,
    outlet::Outlet,
    response::Asked,
    run::{Begin, Moment, Source},
    sheet::Sheet,
};
use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED},
    fields::{self, Fields},
    lag,
    live::{Edge, marker_text},
    routes::orders::list::Chosen,
    servers::Route,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, http::header::HeaderValue};
use columns::{LINES, ORDERS, Table};
use futures_util::{FutureExt as _, TryStreamExt as _};
use infra::http::{Problem, Query};
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder, postgres::PgRow};
use std::time::Duration;
use tokio::time::timeout;

/// How long the log may take to say how far the views are.
const LOG_TIME: Duration = Duration::from_secs(1);

/// Before a statement: what the planner makes of it.
const EXPLAIN: &str = "EXPLAIN (FORMAT JSON) ";

/// What of the views is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A row for each order.
    Orders,
    /// A row for each line of the orders.
    Lines,
}

/// Rows of the views, as they are wanted.
pub struct WantedRows {
    subject: Subject,
    format: Format,
    chosen: Chosen,
    content: Content,
}

/// What each row becomes.
#[derive(Clone)]
enum Content {
    /// The order's document, or some fields of it.
    Documents(Option<Fields>),
    /// Cells.
    Cells(&'static Table),
}

/// The rows, on a connection of their own.
pub struct Rows {
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
    let wanted = WantedRows::of(query, (subject, format))?;
    let consistency = Consistency::of(request, query)?;
    let asked = Asked::of(request, subject.name(), format);
    if asked.head_only {
        return Ok(asked.without_body());
    }
    let route = consistency.wait(state, None).await?.route;
    let exports = &state.exports;
    let turn = exports.turn()?;
    let opened = wanted.open(exports, &route).await;
    let (begin, by) = opened.map_err(|error| error.problem())?;
    let mut response = asked.answer(request, begin, exports, turn).await?;
    let headers = response.headers_mut();
    headers.insert(lag::HEADER, state.lag.header(by));
    if let Some(applied) = consistency.applied()
        && let Ok(applied) = HeaderValue::try_from(applied)
    {
        headers.insert(PREFERENCE_APPLIED, applied);
    }
    Ok(response)
}

impl Subject {
    const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Lines => "lines",
        }
    }
}

impl WantedRows {
    /// As a query says.
    ///
    /// # Errors
    /// 400 for a filter that cannot be.
    pub fn of(query: &Query, (subject, format): (Subject, Format)) -> Result<Self, Problem> {
        let content = match (subject, format) {
            (Subject::Orders, Format::Ndjson) => {
                Content::Documents(Fields::of(query, &fields::ORDER)?)
            }
            (Subject::Orders, _) => Content::Cells(&ORDERS),
            (Subject::Lines, _) => Content::Cells(&LINES),
        };
        Ok(Self {
            subject,
            format,
            chosen: Chosen::of(query)?,
            content,
        })
    }

    /// About how many rows there are, as the planner of the database expects.
    pub async fn expected(&self, route: &Route) -> Result<u64, sqlx::Error> {
        let expected = route.read(|views| {
            let mut chosen = self.chosen.clone();
            let content = self.content.clone();
            let expected = async move {
                chosen.resolve(&views).await?;
                store::expected(&views, content.statement(EXPLAIN, &chosen)).await
            };
            expected.boxed()
        });
        Ok(expected.await?.0)
    }

    /// Opens them, on the first server of the route that answers; and which that
    /// is.
    pub async fn open(
        self,
        exports: &Exports,
        route: &Route,
    ) -> Result<(Begin<Rows>, usize), ExportError> {
        // Each owns what it needs, or it could not be sent to another thread.
        let opened = route.read(|views| {
            let (exports, mut chosen) = (exports.clone(), self.chosen.clone());
            let opened = async move {
                chosen.resolve(&views).await?;
                // Before the snapshot: whatever this server has by now is in that.
                let position = position(&exports, &views).await?;
                let options = Exports::options(&views);
                let (connection, as_of) = store::open(&options, exports.longest()).await?;
                Ok::<_, sqlx::Error>((chosen, connection, Moment { position, as_of }))
            };
            opened.boxed()
        });
        let ((chosen, connection, moment), by) = opened.await?;
        let begin = Begin {
            name: self.subject.name(),
            format: self.format,
            moment,
            sheet: self.content.sheet(self.format)?,
            source: Rows {
                connection,
                sql: self.content.statement("", &chosen),
                content: self.content,
            },
        };
        Ok((begin, by))
    }
}

/// A place in the log up to which these views have everything. A log that does
/// not answer takes nothing away: then it is the place of the slowest partition,
/// which may be long ago because nothing happened in it since.
async fn position(exports: &Exports, views: &PgPool) -> Result<String, sqlx::Error> {
    let known = timeout(LOG_TIME, exports.reach.end_of(views)).await;
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

    /// What reads the rows, after `before`.
    fn statement(&self, before: &str, chosen: &Chosen) -> QueryBuilder<'static, Postgres> {
        match self {
            Self::Documents(_) => store::documents(before, chosen),
            Self::Cells(table) => store::cells(before, table, chosen),
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
