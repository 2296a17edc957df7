//! What stands in front of the APIs: the OpenAPI document and its browser.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION},
    web::{self, ServiceConfig},
};
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config as UiConfig, serve};

/// The browser's files come from this program: nothing is fetched from
/// anywhere else, and the policy says so.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'";

/// Serves `document` at `/openapi.json` and browsable at `/docs/`.
pub fn documentation(config: &mut ServiceConfig, document: &OpenApi) {
    let text = document.to_json().unwrap_or_default();
    let text = web::Bytes::from(text);
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
    let ui = Arc::new(UiConfig::from("/openapi.json"));
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
