//! Paths that exist under another method.

use super::{Problem, problem_types::route_not_found};
use actix_web::{
    HttpRequest, HttpResponse,
    dev::ResourceDef,
    http::{StatusCode, header::ALLOW},
    web::ServiceConfig,
};
use std::sync::Arc;
use utoipa::openapi::{OpenApi, PathItem};

/// Every documented path, with its methods as `Allow` lists them.
#[derive(Clone)]
struct Documented(Arc<[(ResourceDef, String)]>);

/// Has every path of `api` that no route has taken answered 405 with `Allow`.
/// APIs register single routes rather than resources, so that several can
/// share a path; call this once, with their merged documents. The paths are
/// looked at only where nothing else claims a request.
pub fn method_not_allowed(config: &mut ServiceConfig, api: &OpenApi) {
    let paths = api.paths.paths.iter();
    let documented =
        paths.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item).join(", ")));
    config.app_data(Documented(documented.collect()));
}

/// What nothing has claimed: 405 where the path is somebody's, otherwise 404.
pub(super) async fn unclaimed(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.path();
    let documented = request.app_data::<Documented>();
    let mut paths = documented.into_iter().flat_map(|d| d.0.iter());
    match paths.find(|(pattern, _)| pattern.is_match(path)) {
        Some((_, allow)) => Err(not_allowed().header(ALLOW, allow)),
        None if request.resource_map().has_resource(path) => Err(not_allowed()),
        None => Err(route_not_found()),
    }
}

fn not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "The method is not allowed here",
    )
}

/// HEAD is answered wherever GET is.
fn methods(item: &PathItem) -> Vec<&'static str> {
    let known = [
        ("GET", item.get.is_some()),
        ("HEAD", item.get.is_some() || item.head.is_some()),
        ("POST", item.post.is_some()),
        ("PUT", item.put.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ];
    let there = known.into_iter().filter(|(_, there)| *there);
    there.map(|(method, _)| method).collect()
}
