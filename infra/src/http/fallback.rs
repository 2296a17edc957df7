//! Paths that exist under another method.

use super::{Problem, problem_types::route_not_found};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::ALLOW},
    web::{self, ServiceConfig},
};
use utoipa::openapi::{OpenApi, PathItem};

/// Answers 405 with `Allow` for every path of `api` that no route has taken.
/// APIs register single routes rather than resources, so that several can
/// share a path; call this once, after all of them, with their merged
/// documents.
pub fn method_not_allowed(config: &mut ServiceConfig, api: &OpenApi) {
    for (path, item) in &api.paths.paths {
        let allow = methods(item).join(", ");
        let refuse = move || {
            let problem = not_allowed().header(ALLOW, &allow);
            async move { Err::<HttpResponse, _>(problem) }
        };
        config.service(web::resource(path.as_str()).default_service(web::to(refuse)));
    }
}

/// What nothing has claimed: 405 where the path is somebody's, otherwise 404.
pub(super) async fn unclaimed(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if request.resource_map().has_resource(request.path()) {
        Err(not_allowed())
    } else {
        Err(route_not_found())
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
