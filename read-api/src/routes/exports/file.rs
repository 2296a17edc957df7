//! `GET /v1/exports/{id}/file`: the file of an export, for whoever has a link.

use crate::{
    documented::{ExportFile, ExportId, LinkNotValid, Refused, SignedFor},
    problems::{export_gone, link_not_valid},
    range::part,
    state::State,
};
use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, ETAG, HeaderName,
    },
    web::{Bytes, Data, Path},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{TryStreamExt as _, stream};
use infra::{
    exports::{self, SignedLink, StoredFile},
    http::{HeadOnly, Problem, Query, UNBUFFERED, none_match},
};
use std::convert::Infallible;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["expires", "signature"];

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// Whoever packed it on its way would make another file of it.
const CACHING: &str = "private, no-cache, no-transform";
/// Downloads that were begun.
const DOWNLOADS: &str = "orderlog_export_downloads_total";

/// Download an export
///
/// Needs no key, but a link that `GET /v1/exports/{id}` has given (`download`), until
/// its time is over. A download that broke off goes on with `Range` and `If-Range`.
/// The file is the one that the streamed export of the same filters sends; packed, it
/// is sent as it is (`.csv.gz`, `.ndjson.zst`) rather than unpacked by the client.
#[utoipa::path(
    get,
    path = "/v1/exports/{id}/file",
    operation_id = "download_export",
    tag = "exports",
    params(
        ExportId,
        SignedFor,
        ("Range" = Option<String>, Header, description = "Which part of it", example = "bytes=1048576-"),
        ("If-Range" = Option<String>, Header, description = "The tag that the part has to be of"),
        ("If-None-Match" = Option<String>, Header, description = "Tags that the client has"),
    ),
    responses(ExportFile, LinkNotValid, Refused),
    security(())
)]
pub async fn handle(
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let (id, link) = id
        .parse()
        .ok()
        .zip(link(&query))
        .ok_or_else(|| link_not_valid("the link is not whole"))?;
    state.files.check(id, &link).await?;
    let found = exports::file(&state.ops, id).await;
    let found = found.map_err(|error| Problem::database(&error))?;
    // There was one, or nobody would have a link to it.
    let file = found.ok_or_else(export_gone)?;
    let etag = file.tag();
    if none_match(&request, &etag) {
        return Ok(head(HttpResponse::NotModified(), &file, &etag).finish());
    }
    let part = part(&request, &etag, file.bytes)?;
    let range = part.clone().unwrap_or(0..file.bytes);
    let length = range.end - range.start;
    let mut answer = if part.is_some() {
        HttpResponse::PartialContent()
    } else {
        HttpResponse::Ok()
    };
    if part.is_some() {
        let told = format!("bytes {}-{}/{}", range.start, range.end - 1, file.bytes);
        answer.insert_header((CONTENT_RANGE, told));
    }
    let mut answer = head(answer, &file, &etag);
    if request.extensions().contains::<HeadOnly>() {
        let nothing = stream::empty::<Result<Bytes, Infallible>>();
        return Ok(answer.body(SizedStream::new(length, nothing)));
    }
    let opened = state.files.open(&file.object, part).await?;
    let Some(object) = opened else {
        tracing::error!(export.id = %id, object = file.object, "export.file_missing");
        return Err(export_gone());
    };
    metrics::counter!(DOWNLOADS, "export" => file.wanted.kind.name()).increment(1);
    let body = object.body.map_err(|error| {
        tracing::warn!(error = %error, "export.download_cut_off");
        error
    });
    Ok(answer.body(SizedStream::new(length, body)))
}

fn link(query: &Query) -> Option<SignedLink> {
    let one = |name| query.one(name).ok().flatten();
    Some(SignedLink {
        expires: one("expires")?.parse().ok()?,
        signature: one("signature")?.to_owned(),
    })
}

fn head(mut answer: HttpResponseBuilder, file: &StoredFile, etag: &str) -> HttpResponseBuilder {
    let digest = format!("sha-256=:{}:", STANDARD.encode(file.sha256));
    let name = file.wanted.file_name(file.as_of);
    answer
        .content_type(file.wanted.media_type())
        .insert_header((ETAG, etag))
        .insert_header((REPR_DIGEST, digest))
        .insert_header((CACHE_CONTROL, CACHING))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .insert_header(UNBUFFERED);
    answer
}
