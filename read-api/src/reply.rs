//! Answers of queries: always conditional, always with their age.

use crate::consistency::{PARKED, PROJECTION};
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, ETAG, HeaderName, HeaderValue, VARY},
    web::Bytes,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use infra::http::{CACHING, CodedForms, VARIES, none_match};
use sha2::{Digest as _, Sha256};

/// An answer about something, marked where it is parked.
pub fn marked(reply: Reply, parked: bool) -> Reply {
    if parked {
        reply.header(PROJECTION, PARKED)
    } else {
        reply
    }
}

/// An answer: JSON, unless it is said to be something else.
pub struct Reply {
    etag: String,
    media_type: &'static str,
    headers: Vec<(HeaderName, HeaderValue)>,
    forms: Option<CodedForms>,
}

impl Reply {
    /// An answer with this tag, quotes included.
    pub fn new(etag: impl Into<String>) -> Self {
        Self {
            etag: etag.into(),
            media_type: "application/json",
            headers: Vec::with_capacity(4),
            forms: None,
        }
    }

    /// An answer of another type.
    pub fn of_type(self, media_type: &'static str) -> Self {
        Self { media_type, ..self }
    }

    /// Codings of the body, where they are kept.
    pub fn with_forms(self, forms: CodedForms) -> Self {
        let forms = Some(forms);
        Self { forms, ..self }
    }

    /// A further header, also of a 304.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A further header where there is a value that a header can hold.
    pub fn maybe(self, name: HeaderName, value: Option<String>) -> Self {
        match value.and_then(|value| HeaderValue::try_from(value).ok()) {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// 304 where the client has it already, otherwise 200 with `body`.
    pub fn send(mut self, request: &HttpRequest, body: impl Into<Bytes>) -> HttpResponse {
        if none_match(request, &self.etag) {
            return self.unchanged();
        }
        let (media_type, forms) = (self.media_type, self.forms.take());
        let mut response = self.head(HttpResponse::Ok());
        let mut response = response.content_type(media_type).body(body.into());
        if let Some(forms) = forms {
            response.extensions_mut().insert(forms);
        }
        response
    }

    /// 304, for a client that is known to have it.
    pub fn unchanged(self) -> HttpResponse {
        self.head(HttpResponse::NotModified()).finish()
    }

    fn head(self, mut response: HttpResponseBuilder) -> HttpResponseBuilder {
        response
            .insert_header((ETAG, self.etag))
            .insert_header((CACHE_CONTROL, CACHING))
            .insert_header((VARY, VARIES));
        for header in self.headers {
            response.insert_header(header);
        }
        response
    }
}

/// A tag made of everything that an answer depends on.
pub struct TagHash(Sha256);

impl TagHash {
    /// Begins with what was asked.
    pub fn of(query: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(query.as_bytes());
        // No query has a zero byte: nothing can be moved across it.
        hash.update([0]);
        Self(hash)
    }

    /// Adds a part of fixed length.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// 128 bits, without quotes.
    pub fn finish(self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0.finalize()[..16])
    }
}
