//! Documents as PDF: drawn once, kept in Redis for a while under a hash of
//! everything that they depend on.
//!
//! So what is kept never has to be taken back: an order, a seller or a layout
//! that reads otherwise has another key, and what was erased is asked for no
//! more. It is gone with its time to live.

mod fingerprint;
mod sellers;

pub use sellers::{KnownSeller, SellerError, Sellers};

use crate::{
    problems::too_many_documents,
    reply::{Reply, TagHash},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_DISPOSITION, HeaderValue},
};
use documents::{LAYOUT, PaintError, Sheet};
use fingerprint::fingerprint;
use infra::{
    http::{Problem, none_match},
    redis::{Entry, Redis, Version, VersionedCache},
    views::DOCUMENTS_FAMILY,
};
use std::{
    future::ready,
    num::NonZero,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// How long a document is kept.
const LIFE: Duration = Duration::from_mins(10);
/// How long drawing one took.
const SECONDS: &str = "orderlog_document_seconds";
/// Documents that may wait for a processor, beyond those that have one.
const WAITING: usize = 64;
/// The state that every document is of: its key says all there is to say.
const STATE: Version = Version {
    build: 0,
    number: 0,
};

/// What draws documents, and what was drawn.
pub struct Documents {
    /// Who sells where.
    pub sellers: Sellers,
    cache: VersionedCache<NotDrawn>,
    press: Press,
}

/// Why there is no document.
#[derive(Debug, Clone, thiserror::Error)]
enum NotDrawn {
    #[error("too many documents are being drawn")]
    Overloaded,
    #[error("the document cannot be drawn")]
    Failed(#[source] PaintError),
    #[error("drawing the document has panicked")]
    Panicked,
}

impl From<NotDrawn> for Problem {
    fn from(error: NotDrawn) -> Self {
        match error {
            NotDrawn::Overloaded => too_many_documents(),
            error => Self::internal(error),
        }
    }
}

/// Draws off the threads that answer, on half of the processors: whoever asks
/// for JSON meanwhile has the others.
#[derive(Clone)]
struct Press {
    /// Those that are drawn, and those that wait for it.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Press {
    fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let presses = processors.div_ceil(2);
        Self {
            places: Arc::new(Semaphore::new(presses + WAITING)),
            turns: Arc::new(Semaphore::new(presses)),
        }
    }

    async fn draw(self, sheet: Arc<Sheet>, seller: Arc<KnownSeller>) -> Result<Entry, NotDrawn> {
        let place = self.places.try_acquire();
        let _place = place.map_err(|_| NotDrawn::Overloaded)?;
        let turn = self.turns.acquire_owned().await;
        let turn = turn.map_err(|_| NotDrawn::Overloaded)?;
        let drawing = tokio::task::spawn_blocking(move || {
            // Until it is drawn, even if whoever has asked for it is gone by then.
            let _turn = turn;
            let began = Instant::now();
            let drawn = documents::render(&sheet, &seller.seller);
            metrics::histogram!(SECONDS, "document" => sheet.slug).record(began.elapsed());
            drawn
        });
        let drawn = drawing.await.map_err(|_| NotDrawn::Panicked)?;
        Ok(Entry::new(STATE, drawn.map_err(NotDrawn::Failed)?))
    }
}

impl Documents {
    /// Documents of these sellers.
    pub fn new(sellers: Sellers, redis: Redis) -> Self {
        metrics::describe_histogram!(SECONDS, "Time of drawing one document");
        Self {
            sellers,
            cache: VersionedCache::new(redis, DOCUMENTS_FAMILY, LIFE),
            press: Press::new(),
        }
    }

    /// A sheet as the PDF of its seller: 200, or 304 without drawing it.
    ///
    /// # Errors
    /// 503 where too many are being drawn.
    pub async fn answer(
        &self,
        request: &HttpRequest,
        sheet: Sheet,
        seller: Arc<KnownSeller>,
    ) -> Result<HttpResponse, Problem> {
        let mut hash = TagHash::of("document");
        hash.add(&seller.fingerprint);
        hash.add(&fingerprint(&(LAYOUT, &sheet)));
        let key = hash.finish();
        let etag = format!("\"{key}\"");
        let name = format!("inline; filename=\"{}\"", sheet.file_name());
        let name = HeaderValue::try_from(name).map_err(Problem::internal)?;
        let reply = Reply::new(&etag).of_type("application/pdf");
        let reply = reply.header(CONTENT_DISPOSITION, name);
        if none_match(request, &etag) {
            return Ok(reply.send(request, ""));
        }
        let sheet = Arc::new(sheet);
        let draw = || {
            self.press
                .clone()
                .draw(Arc::clone(&sheet), Arc::clone(&seller))
        };
        let state = || ready(Ok(STATE));
        let drawn = self.cache.get_or_compute(&key, Some(STATE), state, draw);
        Ok(reply.send(request, drawn.await?.entry.value))
    }
}
