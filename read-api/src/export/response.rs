//! From a request for an export to its answer.

use super::{
    Exports, Format,
    error::ExportError,
    outlet::{Outlet, Piece, WAITING},
    sheet::Sheet,
};
use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, HeaderName, VARY},
    web::Bytes,
};
use futures_util::stream;
use infra::{
    clock,
    http::{
        HeadOnly, Problem, UNBUFFERED, VARIES,
        coding::{Coder, Coding, Effort},
        still_allowed,
    },
    lifecycle::error_chain,
};
use metrics::Gauge;
use serde::Serialize;
use std::{convert::Infallible, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, sleep, timeout},
};

/// Everything up to here is in the export.
const POSITION: HeaderName = HeaderName::from_static("orderlog-position");
/// How long the head waits for the first piece.
const HEAD_TIME: Duration = Duration::from_secs(1);
/// When it was taken.
const AS_OF: HeaderName = HeaderName::from_static("orderlog-as-of");

/// How often the key is looked at again.
const LOOK: Duration = Duration::from_secs(15);

/// The moment that an export is of.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    /// Everything of the log up to here is in it: what a stream goes on from.
    pub position: String,
    /// When it was read.
    #[serde(with = "time::serde::rfc3339")]
    pub as_of: OffsetDateTime,
}

/// What is exported, read row by row.
pub trait Source: Send + 'static {
    /// Writes all of it.
    fn write(self, outlet: &mut Outlet) -> impl Future<Output = Result<(), ExportError>> + Send;
}

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    name: &'static str,
    format: Format,
    coding: Option<Coding>,
    /// Whether nothing but the head is.
    pub head_only: bool,
}

impl Asked {
    /// `name` as `format`, coded as the client likes it.
    pub fn of(request: &HttpRequest, name: &'static str, format: Format) -> Self {
        Self {
            name,
            format,
            coding: Coding::of_stream(request.headers()).filter(|_| format.is_compressible()),
            head_only: request.extensions().contains::<HeadOnly>(),
        }
    }

    /// The head of the answer, as far as it depends on no moment.
    pub fn head(&self) -> HttpResponseBuilder {
        let mut head = HttpResponse::Ok();
        head.content_type(self.format.media_type())
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((VARY, VARIES))
            .insert_header((CONTENT_DISPOSITION, self.disposition()))
            .insert_header(UNBUFFERED);
        if let Some(coding) = self.coding {
            head.insert_header((CONTENT_ENCODING, coding.name()));
        }
        head
    }

    /// What a HEAD is answered with: an end of the body is not known.
    pub fn without_body(&self) -> HttpResponse {
        self.head()
            .streaming(stream::empty::<Result<Bytes, Infallible>>())
    }

    /// A file name that sorts by time.
    fn disposition(&self) -> String {
        let form = format_description!("[year][month][day]T[hour][minute][second]Z");
        let time = clock::now().format(form).unwrap_or_default();
        let (name, extension) = (self.name, self.format.extension());
        format!("attachment; filename=\"{name}-{time}.{extension}\"")
    }
}

/// An export that is about to begin.
pub struct Begin {
    pub asked: Asked,
    pub moment: Moment,
    /// What it is written into.
    pub sheet: Sheet,
    /// A place among the others.
    pub turn: OwnedSemaphorePermit,
}

impl Begin {
    /// The answer, as soon as there is something to be sent: what fails before
    /// that has a status of its own.
    ///
    /// # Errors
    /// Where the source cannot be read.
    pub async fn stream(
        self,
        exports: &Exports,
        request: &HttpRequest,
        source: impl Source,
    ) -> Result<HttpResponse, Problem> {
        let Self {
            asked,
            moment,
            sheet,
            turn,
        } = self;
        let limits = exports.limits;
        let coder = asked
            .coding
            .map(|coding| Coder::new(coding, Effort::Export));
        let coder = coder.transpose().map_err(Problem::internal)?;
        let (pieces, mut answer) = mpsc::channel(WAITING);
        let mut outlet = Outlet::new(sheet, coder, pieces.clone(), limits);
        let mut head = asked.head();
        head.insert_header((POSITION, moment.position.as_str()));
        if let Ok(as_of) = moment.as_of.format(&Rfc3339) {
            head.insert_header((AS_OF, as_of));
        }
        let running = Running::begin(asked, turn);
        tokio::spawn(async move {
            let work = async {
                source.write(&mut outlet).await?;
                outlet.finish(&moment).await
            };
            let ended = tokio::select! {
                ended = Box::pin(work) => ended,
                () = pieces.closed() => Err(ExportError::Gone),
                () = sleep(limits.whole) => Err(ExportError::TooLong),
            };
            running.end(&ended);
            if let Err(error) = ended {
                // Where there is no room for it the end is missed anyhow.
                let _ = pieces.try_send(Piece::Failed(error));
            }
        });
        // What fails at once is a problem; a client that hangs up is noticed only
        // once it has the head.
        let first = match timeout(HEAD_TIME, answer.recv()).await {
            Ok(Some(Piece::Failed(error))) => return Err(error.problem()),
            Ok(first) => first,
            Err(_) => None,
        };
        let answer = Answer {
            first,
            pieces: answer,
            request: request.clone(),
            looked: Instant::now(),
            is_cut: false,
        };
        Ok(head.streaming(stream::unfold(answer, Answer::next)))
    }
}

/// What is sent.
struct Answer {
    first: Option<Piece>,
    pieces: mpsc::Receiver<Piece>,
    request: HttpRequest,
    /// When it was seen last that the key is one.
    looked: Instant,
    is_cut: bool,
}

impl Answer {
    /// The next piece; none at the end.
    async fn next(mut self) -> Option<(Result<Bytes, Cut>, Self)> {
        if self.is_cut {
            return None;
        }
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.is_cut = !still_allowed(&self.request).await;
        }
        let piece = match self.first.take() {
            Some(piece) => Some(piece),
            None => self.pieces.recv().await,
        };
        match piece {
            Some(Piece::Some(bytes)) if !self.is_cut => Some((Ok(bytes), self)),
            Some(Piece::End) => None,
            _ => {
                self.is_cut = true;
                Some((Err(Cut), self))
            }
        }
    }
}

/// The connection ends without the end of its answer.
#[derive(Debug, thiserror::Error)]
#[error("the export was cut off")]
struct Cut;

/// An export under way.
struct Running {
    asked: Asked,
    began: Instant,
    gauge: Gauge,
    _turn: OwnedSemaphorePermit,
}

impl Running {
    fn begin(asked: Asked, turn: OwnedSemaphorePermit) -> Self {
        let gauge = metrics::gauge!("orderlog_exports_running", "export" => asked.name);
        gauge.increment(1);
        Self {
            asked,
            began: Instant::now(),
            gauge,
            _turn: turn,
        }
    }

    fn end(&self, ended: &Result<u64, ExportError>) {
        let (name, format) = (self.asked.name, self.asked.format.extension());
        let outcome = ended
            .as_ref()
            .map_or_else(ExportError::outcome, |_| "whole");
        metrics::counter!(
            "orderlog_exports_total", "export" => name, "format" => format, "outcome" => outcome
        )
        .increment(1);
        let seconds = self.began.elapsed().as_secs_f64();
        match ended {
            Ok(rows) => tracing::info!(export = name, format, rows, seconds, "export.whole"),
            Err(error) => {
                let error = error_chain(error);
                tracing::warn!(export = name, format, seconds, error, "export.cut_off");
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.gauge.decrement(1);
    }
}
