//! Content codings of answers (RFC 9110 §8.4, §12.5.3): br, zstd and gzip, by
//! what the client takes and by size.
//!
//! A coded answer is another representation, so its strong tag is another one:
//! `"7-2"` is `"7-2-gz"`. A stream is coded piece by piece, each flushed: a
//! client has what was sent, whatever comes after it.

mod accept;
mod encode;
mod forms;

use super::{
    Problem,
    etag::{coding_of, if_none_match},
};
use accept::Accepted;
use actix_web::{
    Error, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{
            self, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap,
            HeaderName, HeaderValue, VARY,
        },
    },
    middleware::Next,
    web::{self, Bytes},
};
pub use encode::{Coder, Effort};
use encode::{Encoded, encoded};
pub use forms::CodedForms;

/// From how many bytes on an answer is coded: below it the head is most of it,
/// and a packet is sent anyway.
const WORTH: usize = 1024;
/// From how many bytes on an answer is coded beside the thread that serves it.
const LONG: usize = 128 << 10;
/// Up to how many bytes brotli packs best for its time; zstd does above.
const SHORT: usize = 32 << 10;

/// A content coding of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 8878).
    Zstd,
    /// gzip (RFC 1952).
    Gzip,
}

impl Coding {
    /// Of short answers the first one that the client takes is used.
    const SHORT: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];
    /// Of long ones and of streams: it is done while somebody waits.
    const LONG: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// That of a stream which answers this request; none: as it is.
    pub fn of_stream(headers: &HeaderMap) -> Option<Self> {
        Accepted::of(headers).chosen(None)
    }

    /// As HTTP names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// What its representations' tags end with.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Brotli => "-br",
            Self::Zstd => "-zstd",
            Self::Gzip => "-gz",
        }
    }

    /// All of them.
    pub(super) const ALL: [Self; 3] = Self::SHORT;
}

/// Wraps a whole application, inside of what completes problems: refuses who
/// takes no answer at all, before anything is done that could not be told.
pub async fn refuse<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if Accepted::of(request.headers()).takes_nothing() {
        return Ok(request.error_response(nothing_acceptable()));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Wraps a whole application, outside of what completes problems: codes what is
/// sent.
pub async fn code<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let (request, response) = response.into_parts();
    let response = answer(response, request.headers()).await;
    Ok(ServiceResponse::new(request, response))
}

/// The answer to a request with these headers, as it is sent.
async fn answer(mut response: HttpResponse<BoxBody>, asked: &HeaderMap) -> HttpResponse<BoxBody> {
    if response.status() == StatusCode::NOT_MODIFIED {
        varies(response.headers_mut());
        let has = if_none_match(asked);
        same_tag(response.headers_mut(), Accepted::of(asked), has.as_deref());
        return response;
    }
    let size = response.body().size();
    if !can_be_coded(&response, size) {
        return response;
    }
    varies(response.headers_mut());
    let length = match size {
        BodySize::Sized(bytes) => usize::try_from(bytes).ok(),
        _ => None,
    };
    match Accepted::of(asked).chosen(length) {
        Some(coding) => coded(response, coding).await,
        None => response,
    }
}

/// Whether it has a body of a kind that packs, and nobody has coded it.
fn can_be_coded(response: &HttpResponse<BoxBody>, size: BodySize) -> bool {
    let headers = response.headers();
    let has_body = !matches!(size, BodySize::None | BodySize::Sized(0));
    let whole = response.status() != StatusCode::PARTIAL_CONTENT;
    let may = |name: HeaderName, word: &str| {
        let mut values = headers.get_all(name);
        !values.any(|value| value.to_str().is_ok_and(|value| value.contains(word)))
    };
    has_body
        && whole
        && !headers.contains_key(CONTENT_ENCODING)
        && may(CACHE_CONTROL, "no-transform")
        && headers.get(CONTENT_TYPE).is_some_and(packs)
}

/// Text packs. Events of streams are short and their clients many: the memory
/// of a coder each costs more than it saves.
fn packs(kind: &HeaderValue) -> bool {
    let kind = kind.to_str().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let text = kind.starts_with("text/") || kind.ends_with("+json") || kind.ends_with("+xml");
    let other = [
        "application/json",
        "application/javascript",
        "application/x-ndjson",
        "application/xml",
    ];
    kind != "text/event-stream" && (text || other.contains(&kind))
}

async fn coded(mut response: HttpResponse<BoxBody>, coding: Coding) -> HttpResponse<BoxBody> {
    let headers = response.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    if let Some(tag) = headers.get(ETAG).and_then(|tag| marked(tag, coding)) {
        headers.insert(ETAG, tag);
    }
    let forms = response.extensions_mut().remove::<CodedForms>();
    let (response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(whole) => {
            let packed = packed(whole, coding, &forms.unwrap_or_default()).await;
            packed.map(BoxBody::new)
        }
        Err(stream) => Encoded::new(stream, coding).ok().map(BoxBody::new),
    };
    match body {
        Some(body) => response.set_body(body),
        // A coder fails for want of memory, if ever.
        None => Problem::unavailable(1).response(None, None),
    }
}

/// A whole body in a coding; none where there is no memory for it.
async fn packed(whole: Bytes, coding: Coding, forms: &CodedForms) -> Option<Bytes> {
    if let Some(packed) = forms.get(&whole, coding) {
        return Some(packed);
    }
    let packed = if whole.len() >= LONG {
        let whole = whole.clone();
        let packed = web::block(move || encoded(&whole, coding)).await;
        packed.ok()?.ok()?
    } else {
        encoded(&whole, coding).ok()?
    };
    forms.keep(&whole, coding, &packed);
    Some(packed)
}

/// The strong tag of the representation in this coding; a weak one stands for
/// all of them.
fn marked(tag: &HeaderValue, coding: Coding) -> Option<HeaderValue> {
    let opaque = tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    HeaderValue::try_from(format!("\"{opaque}{}\"", coding.mark())).ok()
}

/// A 304 has the tag that the 200 would have: that of the representation which
/// the client has, if it still takes that coding.
fn same_tag(headers: &mut HeaderMap, accepted: Accepted, has: Option<&str>) {
    let Some(tag) = headers.get(ETAG) else {
        return;
    };
    let coding = tag.to_str().ok().zip(has);
    let coding = coding.and_then(|(tag, has)| coding_of(has, tag, |c| accepted.takes(c)));
    if let Some(tag) = coding.and_then(|coding| marked(tag, coding)) {
        headers.insert(ETAG, tag);
    }
}

/// Says that the answer depends on the codings that the client takes.
fn varies(headers: &mut HeaderMap) {
    let says = |value: &HeaderValue| {
        let mut names = value.to_str().unwrap_or_default().split(',');
        names.any(|name| speaks_of_codings(name.trim()))
    };
    if !headers.get_all(VARY).any(says) {
        headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}

/// Whether a name in `Vary` speaks of codings.
fn speaks_of_codings(name: &str) -> bool {
    name == "*" || name.eq_ignore_ascii_case("accept-encoding")
}

fn nothing_acceptable() -> Problem {
    Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        "coding_not_acceptable",
        "The answer can be sent in none of these codings",
    )
    .detail("Accept-Encoding must allow one of br, zstd, gzip, identity")
    .header(ACCEPT_ENCODING, "br, zstd, gzip")
    .header(header::VARY, "Accept-Encoding")
}

#[cfg(test)]
mod tests;
