use super::*;
use crate::http::none_match;
use actix_web::{
    App, HttpRequest,
    http::header::{CONTENT_LENGTH, IF_NONE_MATCH},
    middleware::from_fn,
    test::{self, TestRequest},
    web::Bytes,
};
use futures_util::{StreamExt as _, stream};
use std::io::{Read as _, Write as _};

const LENGTH: usize = 40_000;

fn text() -> String {
    let numbers = (0..LENGTH / 8).map(|number| format!("{number:07},"));
    numbers.collect()
}

async fn whole(request: HttpRequest) -> HttpResponse {
    let tag = "\"7-2\"";
    if none_match(&request, tag) {
        return HttpResponse::NotModified()
            .insert_header((ETAG, tag))
            .finish();
    }
    HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .content_type("application/json")
        .body(text())
}

async fn short() -> HttpResponse {
    let tagged = (ETAG, "W/\"7\"");
    HttpResponse::Ok()
        .insert_header(tagged)
        .json(serde_json::json!({}))
}

/// Each piece only once the one before it was taken.
async fn pieces() -> HttpResponse {
    let pieces = stream::iter(["one", "two"]);
    let pieces = pieces.map(|piece| Ok::<_, Error>(Bytes::from_static(piece.as_bytes())));
    HttpResponse::Ok()
        .content_type("text/csv")
        .streaming(pieces)
}

async fn get(path: &str, headers: &[(HeaderName, &str)]) -> ServiceResponse<BoxBody> {
    let app = App::new()
        .wrap(from_fn(refuse))
        .wrap(from_fn(code))
        .route("/whole", web::get().to(whole))
        .route("/short", web::get().to(short))
        .route("/pieces", web::get().to(pieces));
    let app = test::init_service(app).await;
    let mut request = TestRequest::get().uri(path);
    for header in headers {
        request = request.insert_header(header.clone());
    }
    test::call_service(&app, request.to_request()).await
}

fn header(response: &ServiceResponse<BoxBody>, name: HeaderName) -> String {
    let value = response.headers().get(name);
    let value = value.and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn unpacked(coding: &str, packed: &[u8]) -> String {
    let mut text = String::new();
    match coding {
        "br" => brotli::Decompressor::new(packed, 4096).read_to_string(&mut text),
        "zstd" => zstd::Decoder::new(packed)
            .expect("zstd")
            .read_to_string(&mut text),
        _ => flate2::read::GzDecoder::new(packed).read_to_string(&mut text),
    }
    .expect("packed text");
    text
}

#[actix_web::test]
async fn each_coding_is_another_representation_with_a_tag_of_its_own() {
    for (coding, tag) in [
        ("br", "\"7-2-br\""),
        ("zstd", "\"7-2-zstd\""),
        ("gzip", "\"7-2-gz\""),
    ] {
        let response = get("/whole", &[(ACCEPT_ENCODING, coding)]).await;
        assert_eq!(header(&response, CONTENT_ENCODING), coding);
        assert_eq!(header(&response, ETAG), tag);
        assert_eq!(header(&response, VARY), "Accept-Encoding");
        let body = test::read_body(response).await;
        assert!(body.len() < LENGTH / 2, "{}", body.len());
        assert_eq!(unpacked(coding, &body), text());
        // Whatever the client has of this version, it has it.
        for accept in ["br", "zstd", "gzip", "identity", coding] {
            let known = [(ACCEPT_ENCODING, accept), (IF_NONE_MATCH, tag)];
            let known = get("/whole", &known).await;
            assert_eq!(known.status(), StatusCode::NOT_MODIFIED, "{accept} {tag}");
            let told = if accept == coding { tag } else { "\"7-2\"" };
            assert_eq!(header(&known, ETAG), told, "{accept}");
        }
    }
    let plain = get("/whole", &[]).await;
    assert_eq!(header(&plain, ETAG), "\"7-2\"");
    assert_eq!(header(&plain, VARY), "Accept-Encoding");
}

/// A body of which codings are kept.
type Kept = (Bytes, CodedForms);

async fn again(kept: web::Data<Kept>) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .content_type("application/json")
        .body(kept.0.clone());
    response.extensions_mut().insert(kept.1.clone());
    response
}

#[actix_web::test]
async fn a_coding_that_is_kept_is_made_once() {
    let text = "the same, again and again\n".repeat(1_000);
    let plain = Bytes::from(text.clone());
    let forms = CodedForms::of(&plain);
    let kept = web::Data::new((plain.clone(), forms.clone()));
    let app = App::new()
        .app_data(kept)
        .wrap(from_fn(code))
        .route("/", web::get().to(again));
    let app = test::init_service(app).await;
    for coding in Coding::ALL {
        let mut sent = Vec::new();
        for _ in 0..2 {
            let request = TestRequest::get().insert_header((ACCEPT_ENCODING, coding.name()));
            let response = test::call_service(&app, request.to_request()).await;
            assert_eq!(header(&response, CONTENT_ENCODING), coding.name());
            let body = response.into_body().try_into_bytes();
            sent.push(body.expect("a whole body"));
        }
        assert_eq!(unpacked(coding.name(), &sent[0]), text);
        let made = forms.get(&plain, coding).expect("it is kept");
        assert_eq!(sent[1].as_ptr(), made.as_ptr(), "{coding:?}");
    }
}

#[actix_web::test]
async fn of_several_that_a_client_has_the_one_that_it_takes_is_named() {
    let has = "\"7-2-br\", \"7-2-gz\"";
    let known = get("/whole", &[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, has)]).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header(&known, ETAG), "\"7-2-gz\"");
}

#[test]
fn what_is_coded_without_being_flushed_is_whole_in_the_end() {
    let text = "some of an export, again and again\n".repeat(40_000);
    for coding in Coding::ALL {
        let mut coder = Coder::new(coding, Effort::Export).expect("a coder");
        let mut sent = Vec::new();
        for piece in text.as_bytes().chunks(100_000) {
            coder.write(piece).expect("memory");
            sent.extend(coder.piece_of(1).into_iter().flatten());
        }
        sent.extend(coder.finish().expect("memory"));
        assert_eq!(unpacked(coding.name(), &sent), text);
    }
}

#[actix_web::test]
async fn what_is_short_is_sent_as_it_is_and_weak_tags_stay() {
    let response = get("/short", &[(ACCEPT_ENCODING, "gzip")]).await;
    assert_eq!(header(&response, CONTENT_ENCODING), "");
    let forced = [(ACCEPT_ENCODING, "gzip, identity;q=0")];
    let response = get("/short", &forced).await;
    assert_eq!(header(&response, CONTENT_ENCODING), "gzip");
    assert_eq!(header(&response, ETAG), "W/\"7\"");
}

#[actix_web::test]
async fn a_client_that_takes_nothing_is_told_before_anything_is_done() {
    for nothing in ["identity;q=0", "*;q=0", "deflate, *;q=0"] {
        let response = get("/whole", &[(ACCEPT_ENCODING, nothing)]).await;
        assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE, "{nothing}");
        assert_eq!(header(&response, ACCEPT_ENCODING), "br, zstd, gzip");
    }
}

#[actix_web::test]
async fn every_piece_of_a_stream_can_be_unpacked_when_it_is_there() {
    let response = get("/pieces", &[(ACCEPT_ENCODING, "gzip")]).await;
    assert_eq!(header(&response, CONTENT_LENGTH), "");
    let mut body = response.into_body();
    let mut decoder = flate2::write::GzDecoder::new(Vec::new());
    for expected in ["one", "onetwo"] {
        let piece =
            std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_next(context));
        let piece = piece.await.expect("a piece").expect("no error");
        decoder.write_all(&piece).expect("gzip");
        decoder.flush().expect("gzip");
        assert_eq!(decoder.get_ref().as_slice(), expected.as_bytes());
    }
    for coding in ["br", "zstd", "gzip"] {
        let response = get("/pieces", &[(ACCEPT_ENCODING, coding)]).await;
        assert_eq!(unpacked(coding, &test::read_body(response).await), "onetwo");
    }
}
