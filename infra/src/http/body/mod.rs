//! JSON request bodies: bounded in size, time and depth, decoded, and parsed
//! with a pointer to whatever is wrong.

mod decode;
mod json;
mod lines;

pub use json::{parse, without_value};
pub use lines::{Forwarding, LONGEST_LINE, Line, LineError, Lines, MOST_UNPACKED, Pieces, Source};

use super::problem::Problem;
use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    web::{Bytes, BytesMut},
};
use futures_util::{StreamExt as _, future::LocalBoxFuture, stream};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// What a request body may be. Put another one into the application's data to
/// change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Largest body in bytes, as sent and also unpacked.
    pub bytes: usize,
    /// How long the whole body may take to arrive.
    pub time: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            bytes: 256 * 1024,
            time: Duration::from_secs(15),
        }
    }
}

/// A JSON body of type `T`, and its bytes for comparing repeated requests.
///
/// `T` should derive `Deserialize` with `deny_unknown_fields` and without
/// `flatten`, whose errors cannot say where they happened.
///
/// # Errors
/// 415 for another media type or content coding, 413 over 256 KiB (also
/// unpacked), 408 when it does not arrive, 400 `invalid_json` for what is not
/// JSON, 400 `invalid_body` with a pointer for what is not a `T`.
#[derive(Debug, Clone)]
pub struct JsonBody<T> {
    /// What it says.
    pub value: T,
    /// The JSON text, unpacked.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = json_bytes(&request, payload).await?;
            let value = parse(&bytes)?;
            Ok(Self { value, bytes })
        })
    }
}

impl<T: DeserializeOwned> JsonBody<T> {
    /// Reads a body that may be left out: none at all counts as `{}`, whatever
    /// its type is said to be.
    ///
    /// # Errors
    /// Those of every `JsonBody`.
    pub async fn or_empty(request: &HttpRequest, payload: Payload) -> Result<Self, Problem> {
        let read = async {
            match begun(payload).await {
                Some(payload) => json_bytes(request, payload).await,
                None => Ok(Bytes::from_static(b"{}")),
            }
        };
        let bytes = tokio::time::timeout(limits(request).time, read).await;
        let bytes = bytes.map_err(|_| timed_out())??;
        let value = parse(&bytes)?;
        Ok(Self { value, bytes })
    }
}

/// The same payload, if anything is in it.
async fn begun(mut payload: Payload) -> Option<Payload> {
    while let Some(chunk) = payload.next().await {
        if !chunk.as_ref().is_ok_and(Bytes::is_empty) {
            let whole = stream::iter([chunk]).chain(payload);
            return Some(Payload::from(whole.boxed_local()));
        }
    }
    None
}

fn limits(request: &HttpRequest) -> BodyLimits {
    let limits = request.app_data::<BodyLimits>();
    limits.copied().unwrap_or_default()
}

async fn json_bytes(request: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let limits = limits(request);
    if !is_json(request) {
        return Err(unsupported("the Content-Type must be application/json"));
    }
    let coding = decode::Coding::of(request)?;
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limits.bytes) {
        return Err(too_large(limits.bytes));
    }
    let sent = tokio::time::timeout(limits.time, collect(payload, limits.bytes))
        .await
        .map_err(|_| timed_out())??;
    coding.decode(sent, limits.bytes)
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| broken("the body ended early"))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// `application/json`, or a type with the suffix `+json` (RFC 6839).
fn is_json(request: &HttpRequest) -> bool {
    let essence = essence(request);
    essence == "application/json" || essence.ends_with("+json")
}

/// The media type without its parameters, in lower case; empty where there is
/// none.
fn essence(request: &HttpRequest) -> String {
    let value = request.headers().get(CONTENT_TYPE);
    let value = value.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "The body is of a type or coding that is not accepted",
    )
    .detail(detail)
}

/// More came than may.
pub fn too_large(limit: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "The body is too large",
    )
    .detail(format!("at most {limit} bytes, as sent and unpacked"))
    .with("limit_bytes", limit.into())
}

fn timed_out() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "request_timeout",
        "The body did not arrive in time",
    )
}

fn broken(detail: &str) -> Problem {
    Problem::bad_request("incomplete_body", "The body cannot be read").detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;

    async fn read(request: TestRequest) -> Result<JsonBody<Vec<u32>>, &'static str> {
        let (request, mut payload) = request.to_http_parts();
        let body = JsonBody::from_request(&request, &mut payload).await;
        body.map_err(|problem| problem.code())
    }

    fn json() -> TestRequest {
        TestRequest::post().insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    #[actix_web::test]
    async fn the_value_and_its_bytes_arrive() {
        let body = read(json().set_payload("[1, 2]")).await.expect("valid");
        assert_eq!((body.value, &body.bytes[..]), (vec![1, 2], &b"[1, 2]"[..]));
    }

    #[actix_web::test]
    async fn packed_bodies_are_unpacked_up_to_the_limit() {
        let packed = json().insert_header(("content-encoding", "gzip"));
        let body = read(packed.set_payload(gzip(b"[3]"))).await.expect("valid");
        assert_eq!((body.value, &body.bytes[..]), (vec![3], &b"[3]"[..]));

        let bomb = gzip(&vec![b' '; 16 * 1024 * 1024]);
        assert!(bomb.len() < 64 * 1024, "{}", bomb.len());
        let packed = json().insert_header(("content-encoding", "gzip"));
        let bomb = read(packed.set_payload(bomb)).await;
        assert_eq!(bomb.expect_err("too large"), "body_too_large");
    }

    #[actix_web::test]
    async fn other_types_and_codings_are_refused() {
        let plain = TestRequest::post().set_payload("[]");
        assert_eq!(
            read(plain).await.expect_err("no type"),
            "unsupported_media_type"
        );
        let coded = json().insert_header(("content-encoding", "compress"));
        let coded = read(coded.set_payload("[]")).await;
        assert_eq!(coded.expect_err("unknown coding"), "unsupported_media_type");
        let broken = json().insert_header(("content-encoding", "br"));
        let broken = read(broken.set_payload("[]")).await;
        assert_eq!(broken.expect_err("not brotli"), "incomplete_body");
    }

    #[actix_web::test]
    async fn a_body_that_may_be_left_out_counts_as_an_empty_object() {
        async fn read(request: TestRequest) -> Result<Bytes, &'static str> {
            let (request, payload) = request.to_http_parts();
            let body = JsonBody::<serde_json::Value>::or_empty(&request, payload).await;
            body.map(|body| body.bytes)
                .map_err(|problem| problem.code())
        }
        assert_eq!(read(TestRequest::post()).await.expect("nothing"), "{}");
        let sent = json().set_payload("{\"a\":1}");
        assert_eq!(read(sent).await.expect("JSON"), "{\"a\":1}");
        let plain = TestRequest::post().set_payload("{}");
        assert_eq!(read(plain).await, Err("unsupported_media_type"));
    }

    #[actix_web::test]
    async fn a_body_that_does_not_arrive_is_not_waited_for() {
        let limits = BodyLimits {
            time: Duration::from_millis(10),
            ..BodyLimits::default()
        };
        let request = json().app_data(limits).to_http_request();
        let never = futures_util::stream::pending().boxed_local();
        let mut payload = Payload::from(never);
        let body = JsonBody::<Vec<u32>>::from_request(&request, &mut payload).await;
        assert_eq!(body.expect_err("nothing came").code(), "request_timeout");
    }
}
