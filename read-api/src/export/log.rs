//! Exports of the log: its events, readable, in its order.
//!
//! The moment is the last event that is final when the export begins. What is up
//! to there never changes, so it is read page by page, and neither a transaction
//! nor a connection is held while the client takes it.

use super::{
    Exports, Format,
    error::ExportError,
    outlet::Outlet,
    response::Asked,
    run::{Begin, Moment, Source},
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

/// What they are called in file names and metrics.
const NAME: &str = "events";

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

/// Events of the log, as they are wanted.
pub struct WantedEvents {
    filter: Filter,
    /// Which part of the log.
    pub range: LogRange,
    format: Format,
}

/// What is read.
pub struct Pages {
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
    let wanted = WantedEvents::of(query, format)?;
    let asked = Asked::of(request, NAME, format);
    state.log.usable()?;
    wanted.range.check(&state.log).await?;
    if asked.head_only {
        return Ok(asked.without_body());
    }
    let exports = &state.exports;
    let turn = exports.turn()?;
    let opened = wanted.open(exports).await;
    let (begin, _) = opened.map_err(|error| error.problem())?;
    asked.answer(request, begin, exports, turn).await
}

impl WantedEvents {
    /// As a query says.
    ///
    /// # Errors
    /// 400 for a filter that cannot be.
    pub fn of(query: &Query, format: Format) -> Result<Self, Problem> {
        Ok(Self {
            filter: Filter::of(query)?.with_types(query)?,
            range: LogRange::asked(query)?,
            format,
        })
    }

    /// Opens them, as far as they are final now; and about how many there are, if
    /// that can be told.
    pub async fn open(self, exports: &Exports) -> Result<(Begin<Pages>, Option<u64>), ExportError> {
        let Self {
            filter,
            range,
            format,
        } = self;
        let as_of = clock::now();
        let range = range.found(&exports.log.reader).await?;
        let at = range.until.unwrap_or(range.after).max(range.after);
        let positions = at.position.saturating_sub(range.after.position);
        let expected = filter
            .is_everything()
            .then(|| positions.max(0).unsigned_abs());
        let edge = Edge {
            at,
            generation: None,
        };
        let events = exports.events.clone();
        let begin = Begin {
            name: NAME,
            format,
            moment: Moment {
                position: marker_text(edge, None),
                as_of,
            },
            sheet: match format {
                Format::Ndjson => Sheet::of_lines(),
                Format::Csv | Format::Parquet => Sheet::of_rows(format, COLUMNS.to_vec())?,
            },
            source: Pages {
                pager: events.pager(range.after, filter.orders(), PAGE),
                events,
                range,
                filter,
                format,
            },
        };
        Ok((begin, expected))
    }
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
