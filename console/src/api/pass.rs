//! What is passed on as it comes: event streams and files.

use super::{Request, answer};
use crate::failure::Failure;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED,
    },
    web::{Bytes, Data},
};
use futures_util::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream, Empty},
};
use infra::http::{Readiness, Source, UNBUFFERED};
use std::io;

/// Headers of a file that its receiver has to have too.
const OF_FILES: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_DISPOSITION, ETAG, LAST_MODIFIED];
const LAST_EVENT_ID: &str = "last-event-id";

/// An answer as it comes.
pub struct Pieces(BoxStream<'static, io::Result<Bytes>>);

impl Source for Pieces {
    type Error = io::Error;

    async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        self.0.try_next().await
    }
}

impl Request {
    /// Passes a stream of events on (`text/event-stream`), from where the client was
    /// until either side ends, or this process is about to.
    ///
    /// # Errors
    /// The API is away, or has refused.
    pub async fn events(self, client: &HttpRequest) -> Result<HttpResponse, Failure> {
        let head_only = self.head_only();
        let resumed = client.headers().get(LAST_EVENT_ID);
        let resumed = resumed.and_then(|value| value.to_str().ok());
        let request = match resumed {
            Some(id) => self.header("Last-Event-ID", id),
            None => self,
        };
        let response = answer::accepted(request.without_end().started().await?).await?;
        let mut events = HttpResponse::Ok();
        events
            .insert_header((CONTENT_TYPE, "text/event-stream"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header(UNBUFFERED);
        if head_only {
            return Ok(events.streaming(nothing()));
        }
        let leaving = client.app_data::<Data<Readiness>>();
        let leaving = leaving.map(|ready| ready.draining()).unwrap_or_default();
        let pieces = response.bytes_stream().map_err(io::Error::other);
        let pieces = pieces.take_until(leaving.cancelled_owned());
        Ok(events.streaming(Box::pin(pieces)))
    }

    /// The bytes of a long answer as they come, for what is made of them on the way.
    ///
    /// # Errors
    /// The API is away, or has refused.
    pub async fn pieces(self) -> Result<Pieces, Failure> {
        let head_only = self.head_only();
        let response = answer::accepted(self.without_end().started().await?).await?;
        if head_only {
            return Ok(Pieces(Box::pin(nothing())));
        }
        let pieces = response.bytes_stream().map_err(io::Error::other);
        Ok(Pieces(Box::pin(pieces)))
    }

    /// Passes a file on: a document, an export, the results of an operation.
    ///
    /// # Errors
    /// The API is away, or has refused.
    pub async fn file(self) -> Result<HttpResponse, Failure> {
        let head_only = self.head_only();
        let response = answer::accepted(self.without_end().started().await?).await?;
        let mut file = HttpResponse::Ok();
        for name in OF_FILES {
            let value = response.headers().get(name.as_str());
            if let Some(value) = value.and_then(|value| value.to_str().ok()) {
                file.insert_header((name, value));
            }
        }
        if head_only {
            return Ok(file.streaming(nothing()));
        }
        let pieces = response.bytes_stream().map_err(io::Error::other);
        Ok(file.streaming(Box::pin(pieces)))
    }
}

/// What follows the head of an answer to HEAD: one that goes on for ever would never be
/// over, as nothing of it is sent.
fn nothing() -> Empty<io::Result<Bytes>> {
    stream::empty()
}
