//! `GET /v1/admin/cache`: how the cache is doing.

pub mod purge;

use crate::{documented::Refused, state::State};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
    redis::{FamilyFigures, ServerFigures, server_figures},
};
use serde::Serialize;
use utoipa::ToSchema;

/// How the cache is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct CacheFigures {
    /// A family of values each; of the process that answers, since it began.
    families: Vec<CacheFamily>,
    /// The server behind it, as seen from there.
    redis: CacheServer,
}

/// What became of the requests for a family of values.
#[derive(Debug, Serialize, ToSchema)]
struct CacheFamily {
    /// Its name.
    #[schema(example = "orders")]
    family: &'static str,
    /// All of them.
    requests: u64,
    /// Answered from the cache.
    hits: u64,
    /// Answered from the cache, and computed anew behind the answer.
    revalidated: u64,
    /// What the cache had was too old.
    stale: u64,
    /// The cache had nothing.
    misses: u64,
    /// The cache could not be asked.
    unavailable: u64,
    /// Part of the requests that was answered from the cache; `null` without
    /// requests.
    #[schema(example = 0.93)]
    hit_ratio: Option<f64>,
}

/// The Redis server.
#[derive(Debug, Serialize, ToSchema)]
struct CacheServer {
    /// Whether it answers; while it does not, it is asked about once a second.
    answers: bool,
    /// Bytes in use, by everybody on the server.
    used_memory_bytes: Option<u64>,
    /// Bytes that may be used; 0: as many as there are.
    max_memory_bytes: Option<u64>,
    /// Keys that were deleted to make room since the server began.
    evicted_keys: Option<u64>,
}

/// How the cache is doing
///
/// Requests by family of values and what became of them, in the process that
/// answers; `/metrics` of each process has the same as
/// `orderlog_cache_requests_total`.
#[utoipa::path(
    get,
    path = "/v1/admin/cache",
    operation_id = "get_cache",
    tag = "admin",
    responses((status = 200, description = "How it is doing", body = CacheFigures), Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let server = server_figures(&state.redis).await.ok();
    let figures = CacheFigures {
        families: state.redis.figures().into_iter().map(family).collect(),
        redis: CacheServer::of(server),
    };
    Ok(super::told(HttpResponse::Ok(), &figures))
}

fn family(figures: FamilyFigures) -> CacheFamily {
    CacheFamily {
        family: figures.family,
        requests: figures.requests(),
        hits: figures.hits,
        revalidated: figures.revalidated,
        stale: figures.stale,
        misses: figures.misses,
        unavailable: figures.unavailable,
        hit_ratio: figures.hit_ratio(),
    }
}

impl CacheServer {
    fn of(figures: Option<ServerFigures>) -> Self {
        Self {
            answers: figures.is_some(),
            used_memory_bytes: figures.map(|f| f.used_memory),
            max_memory_bytes: figures.map(|f| f.max_memory),
            evicted_keys: figures.map(|f| f.evicted_keys),
        }
    }
}
