//! What stands in front of the APIs: the OpenAPI document and its browser.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_SECURITY_POLICY, LOCATION},
    web::{self, Bytes, ServiceConfig},
};
use infra::http::{DocumentedPaths, PublicFile};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config as UiConfig, serve};

/// The browser's files come from this program: nothing is fetched from
/// anywhere else, and the policy says so.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'";

/// For how many seconds the document may be kept, and the files of its browser.
const DOCUMENT_AGE: u32 = 60;
const FILE_AGE: u32 = 3_600;

/// The merged document of the APIs, written once for all threads, and the files
/// of its browser.
#[derive(Clone)]
pub struct Documentation {
    document: PublicFile,
    paths: DocumentedPaths,
    files: Files,
}

impl Documentation {
    /// Of `document`, which is not kept: as a tree it is some megabytes.
    pub fn of(document: &OpenApi) -> Self {
        let text = document.to_json().unwrap_or_default();
        Self {
            document: PublicFile::new("application/json", text, DOCUMENT_AGE),
            paths: DocumentedPaths::of(document),
            files: Files::new(),
        }
    }
}

/// Serves the document at `/openapi.json` and browsable at `/docs/`, and
/// answers other methods of its paths.
pub fn documentation(config: &mut ServiceConfig, documentation: &Documentation) {
    config.app_data(documentation.paths.clone());
    let document = documentation.document.clone();
    let json = move |request: HttpRequest| {
        let answer = document.answer(&request, &[]);
        async move { answer }
    };
    config.route("/openapi.json", web::get().to(json));
    config.route("/docs", web::get().to(to_docs));
    let files = documentation.files.clone();
    let page = move |request: HttpRequest, path: web::Path<String>| {
        let answer = files.answer(&request, &path);
        async move { answer }
    };
    config.route("/docs/{file:.*}", web::get().to(page));
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "/docs/"))
        .finish()
}

/// The browser's files, each made when it is first asked for: there are few.
#[derive(Clone)]
struct Files {
    ui: Arc<UiConfig<'static>>,
    made: Arc<Mutex<HashMap<String, PublicFile>>>,
}

impl Files {
    fn new() -> Self {
        // No badge of a validator elsewhere.
        let ui = UiConfig::from("/openapi.json").validator_url("none");
        Self {
            ui: Arc::new(ui),
            made: Arc::default(),
        }
    }

    fn answer(&self, request: &HttpRequest, path: &str) -> HttpResponse {
        match self.file(path) {
            Some(file) => file.answer(request, &[(CONTENT_SECURITY_POLICY, POLICY)]),
            None => HttpResponse::NotFound().finish(),
        }
    }

    fn file(&self, path: &str) -> Option<PublicFile> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = made.get(path) {
            return Some(file.clone());
        }
        let file = serve(path, Arc::clone(&self.ui)).ok().flatten()?;
        let content = match file.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let file = PublicFile::new(file.content_type, content, FILE_AGE);
        made.insert(path.to_owned(), file.clone());
        Some(file)
    }
}
