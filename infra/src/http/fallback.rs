//! Paths that exist under another method.

use super::{Problem, problem_types::route_not_found};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::ALLOW},
};
use std::sync::Arc;
use utoipa::openapi::{OpenApi, PathItem};

/// Every documented path, with its methods as `Allow` lists them. As the
/// application's data it has every such path that no route has taken answered
/// 405 with `Allow`: APIs register single routes rather than resources, so that
/// several can share a path. The paths are looked at only where nothing else
/// claims a request. Cheap to clone: make it once for all threads.
#[derive(Debug, Clone)]
pub struct DocumentedPaths(Arc<[(String, String)]>);

impl DocumentedPaths {
    /// Those of `api`: merge the documents of all APIs that are served.
    pub fn of(api: &OpenApi) -> Self {
        let paths = api.paths.paths.iter();
        let documented = paths.map(|(path, item)| (path.clone(), methods(item).join(", ")));
        Self(documented.collect())
    }

    /// The methods of a path.
    fn allowed(&self, path: &str) -> Option<&str> {
        let mut paths = self.0.iter();
        let (_, allow) = paths.find(|(pattern, _)| is_of(path, pattern))?;
        Some(allow)
    }
}

/// Whether `path` is one of those of a template of OpenAPI, whose parameters
/// are whole segments.
fn is_of(path: &str, template: &str) -> bool {
    let (mut path, mut template) = (path.split('/'), template.split('/'));
    loop {
        match (path.next(), template.next()) {
            (None, None) => return true,
            (Some(segment), Some(wanted)) if segment == wanted => {}
            (Some(segment), Some(wanted)) if wanted.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
}

/// What nothing has claimed: 405 where the path is somebody's, otherwise 404.
pub(super) async fn unclaimed(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.path();
    let documented = request.app_data::<DocumentedPaths>();
    match documented.and_then(|documented| documented.allowed(path)) {
        Some(allow) => Err(not_allowed().header(ALLOW, allow)),
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

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn parameters_of_a_template_are_whole_segments() {
        let template = "/orders/{id}/lines";
        assert!(is_of("/orders/1/lines", template));
        for other in [
            "/orders/1",
            "/orders//lines",
            "/orders/1/lines/2",
            "/orders/1/line",
            "",
        ] {
            assert!(!is_of(other, template), "{other}");
        }
    }
}
