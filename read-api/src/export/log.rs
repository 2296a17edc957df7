//! Exports of the log: its events, readable, in its order.
//!
//! The moment is the last event that is final when the export begins. What is up
//! to there never changes, so it is read page by page, and neither a transaction
//! nor a connection is held while the client takes it.

use super::{
    Format,
    error::ExportError,
    outlet::Outlet,
    response::{Asked, Begin, Moment, Source},
    sheet::{Cell, Column, Kind, Sheet},
};
use crate::{
    live::{AFTER, Edge, Events, Filter, Told, marker_text},
    log_range::{LogRange, RECORDED_FROM, RECORDED_TO, UNTIL},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse};
use infra::{
    clock,
    http::{Problem, Query},
    log::{LogPager, PageSize, PublishedEvent},
};

/// Parameters of the routes.
pub const PARAMETERS: &[&str] = &[
    "type",
    "platform",
    "order",
    AFTER,
    UNTIL,
    RECORDED_FROM,
    RECORDED_TO,
];

/// What is read at once.
const PAGE: PageSize = PageSize {
    events: 1_000,
    bytes: 1 << 20,
};

/// The columns, where there are any; those of the envelope have the names of
/// its members.
const COLUMNS: [Column; 12] = [
    column("id", Kind::Id),
    column("type", Kind::Text),
    column("time", Kind::Time),
    column("order_id", Kind::Id),
    column("sequence", Kind::Whole),
    column("platform", Kind::Text),
    column("actor", Kind::Text),
    column("position", Kind::Text),
    column("correlationid", Kind::Text),
    column("causationid", Kind::Text),
    column("traceparent", Kind::Text),
    column("data", Kind::Text),
];

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

/// What is read.
struct Pages {
    events: Events,
    pager: LogPager,
    range: LogRange,
    filter: Filter,
    format: Format,
}

/// Answers a request for events as `format`; `query` has nothing but
/// [`PARAMETERS`].
///
/// # Errors
/// 400 for a filter that cannot be, 410 for a place that the log has not any
/// more, 503 where the log cannot be read or too many exports run.
pub async fn export(
    state: &State,
    request: &HttpRequest,
    query: &Query,
    format: Format,
) -> Result<HttpResponse, Problem> {
    let filter = Filter::of(query)?.with_types(query)?;
    let range = LogRange::asked(query)?;
    let asked = Asked::of(request, "events", format);
    state.log.usable()?;
    range.check(state).await?;
    if asked.head_only {
        return Ok(asked.without_body());
    }
    let turn = state.exports.turn()?;
    let as_of = clock::now();
    let range = range.found(&state.log.reader).await;
    let range = range.map_err(|error| Problem::database(&error))?;
    let sheet = match format {
        Format::Ndjson => Ok(Sheet::of_lines()),
        Format::Csv | Format::Parquet => Sheet::of_rows(format, COLUMNS.to_vec()),
    };
    let edge = Edge {
        at: range.until.unwrap_or(range.after).max(range.after),
        generation: None,
    };
    let begin = Begin {
        asked,
        moment: Moment {
            position: marker_text(edge, None),
            as_of,
        },
        sheet: sheet.map_err(|error| error.problem())?,
        turn,
    };
    let events = state.live.events.feed().clone();
    let pages = Pages {
        pager: events.pager(range.after, filter.orders(), PAGE),
        events,
        range,
        filter,
        format,
    };
    begin.stream(&state.exports, request, pages).await
}

impl Source for Pages {
    async fn write(mut self, outlet: &mut Outlet) -> Result<(), ExportError> {
        let Some(last) = self.range.until else {
            return Ok(());
        };
        while self.pager.position() < last {
            let begun = self.pager.position();
            for told in self.events.read(&mut self.pager).await? {
                if self.takes(&told) {
                    write(&told, self.format, outlet.sheet())?;
                    outlet.pass_on().await?;
                }
            }
            if self.pager.position() == begun {
                break;
            }
        }
        Ok(())
    }
}

impl Pages {
    fn takes(&self, Told { platform, event }: &Told) -> bool {
        let envelope = &event.envelope;
        let platform = platform.as_deref();
        self.range.takes(event)
            && self
                .filter
                .takes_event(envelope.subject, &envelope.event_type, platform)
    }
}

fn write(told: &Told, format: Format, sheet: &mut Sheet) -> Result<(), ExportError> {
    let PublishedEvent { envelope, data, .. } = &told.event;
    if format == Format::Ndjson {
        sheet.line(&envelope.to_json(data)?);
        return Ok(());
    }
    let position = envelope.position.to_string();
    let data = std::str::from_utf8(data).map_err(|error| ExportError::Row(error.into()))?;
    let micros = envelope.time.unix_timestamp_nanos() / 1_000;
    let micros = i64::try_from(micros).map_err(|error| ExportError::Row(error.into()))?;
    for cell in [
        Cell::Id(envelope.id),
        Cell::Text(&envelope.event_type),
        Cell::Time(micros),
        Cell::Id(envelope.subject),
        Cell::Whole(envelope.sequence),
        optional(told.platform.as_deref()),
        Cell::Text(&envelope.actor),
        Cell::Text(&position),
        optional(envelope.correlation_id.as_deref()),
        optional(envelope.causation_id.as_deref()),
        optional(envelope.traceparent.as_deref()),
        Cell::Text(data),
    ] {
        sheet.cell(cell)?;
    }
    sheet.end_row()
}

fn optional(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::None, Cell::Text)
}
