//! From a request for an export to its answer.

use super::{
    Exports, Format,
    outlet::Piece,
    run::{Begin, Running, Source},
};
use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, HeaderName, VARY},
    web::Bytes,
};
use futures_util::stream;
use infra::{
    clock,
    http::{HeadOnly, Problem, UNBUFFERED, VARIES, coding::Coding, still_allowed},
};
use std::{convert::Infallible, time::Duration};
use time::{format_description::well_known::Rfc3339, macros::format_description};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, timeout},
};

/// Everything up to here is in the export.
const POSITION: HeaderName = HeaderName::from_static("orderlog-position");
/// How long the head waits for the first piece.
const HEAD_TIME: Duration = Duration::from_secs(1);
/// When it was taken.
const AS_OF: HeaderName = HeaderName::from_static("orderlog-as-of");

/// How often the key is looked at again.
const LOOK: Duration = Duration::from_secs(15);

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

    /// The answer, as soon as there is something to be sent: what fails before
    /// that has a status of its own.
    ///
    /// # Errors
    /// Where the source cannot be read.
    pub async fn answer(
        &self,
        request: &HttpRequest,
        begin: Begin<impl Source>,
        exports: &Exports,
        turn: OwnedSemaphorePermit,
    ) -> Result<HttpResponse, Problem> {
        let running = begin.run(self.coding, exports.limits, Some(turn));
        let running = running.map_err(|error| error.problem())?;
        let Running {
            moment,
            mut pieces,
            rows: _,
        } = running;
        let mut head = self.head();
        head.insert_header((POSITION, moment.position.as_str()));
        if let Ok(as_of) = moment.as_of.format(&Rfc3339) {
            head.insert_header((AS_OF, as_of));
        }
        // What fails at once is a problem; a client that hangs up is noticed only
        // once it has the head.
        let first = match timeout(HEAD_TIME, pieces.recv()).await {
            Ok(Some(Piece::Failed(error))) => return Err(error.problem()),
            Ok(first) => first,
            Err(_) => None,
        };
        let answer = Answer {
            first,
            pieces,
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
