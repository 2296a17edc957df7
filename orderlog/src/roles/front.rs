//! What stands in front of the APIs: the OpenAPI document and its browser.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION},
    web::{self, ServiceConfig},
};
use infra::http::DocumentedPaths;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config as UiConfig, serve};

/// The browser's files come from this program: nothing is fetched from
/// anywhere else, and the policy says so.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'";

/// The merged document of the APIs, written once for all threads.
#[derive(Clone)]
pub struct Documentation {
    text: web::Bytes,
    paths: DocumentedPaths,
}

impl Documentation {
    /// Of `document`, which is not kept: as a tree it is some megabytes.
    pub fn of(document: &OpenApi) -> Self {
        Self {
            text: document.to_json().unwrap_or_default().into(),
            paths: DocumentedPaths::of(document),
        }
    }
}

/// Serves the document at `/openapi.json` and browsable at `/docs/`, and
/// answers other methods of its paths.
pub fn documentation(config: &mut ServiceConfig, documentation: &Documentation) {
    config.app_data(documentation.paths.clone());
    let text = documentation.text.clone();
    let json = move || {
        let text = text.clone();
        async move {
            HttpResponse::Ok()
                .insert_header((CACHE_CONTROL, "public, max-age=60"))
                .content_type("application/json")
                .body(text)
        }
    };
    config.route("/openapi.json", web::get().to(json));
    config.route("/docs", web::get().to(to_docs));
    // No badge of a validator elsewhere.
    let ui = Arc::new(UiConfig::from("/openapi.json").validator_url("none"));
    let page = move |path: web::Path<String>| {
        let ui = Arc::clone(&ui);
        async move { file(&path, ui) }
    };
    config.route("/docs/{file:.*}", web::get().to(page));
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "/docs/"))
        .finish()
}

fn file(path: &str, ui: Arc<UiConfig<'static>>) -> HttpResponse {
    match serve(path, ui) {
        Ok(Some(file)) => HttpResponse::Ok()
            .insert_header((CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((CACHE_CONTROL, "public, max-age=3600"))
            .content_type(file.content_type)
            .body(file.bytes.into_owned()),
        Ok(None) | Err(_) => HttpResponse::NotFound().finish(),
    }
}
